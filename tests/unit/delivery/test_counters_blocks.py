"""From increases to blocks: always of one weight, and a mix says no more than it would have at the larger one."""

import math

import pytest

from cluster.endpoints import PROPAGATION
from delivery.counters.before import Before
from delivery.counters.beside import FLUSH, Beside
from delivery.counters.blocks import LEAST, Blocks
from delivery.counters.tally import Increase, Tally
from delivery.journal.shift import Shift
from delivery.judge.evidence import Baseline, Side

BASELINE = Baseline((0.1, 0.25), (0.5, 0.4, 0.1), 1000, 20.0, allowed=(0.125, 0.25))
FIRST = Shift(100.2, 100.3, 2)
# Two scrapes of half a second before and after a change hold two weights, or may.
AFTER = 100.3 + PROPAGATION + FLUSH


def tally(requests, errors=0):
    return Tally(
        requests, errors, {0.1: requests // 2, 0.125: requests // 2 + 1, 0.25: requests - 1, math.inf: requests}
    )


def increase(since, canary=2, stable=98, errors=0, stable_errors=0, gateway="g1", seconds=0.5):
    tracks = {"canary": tally(canary, errors), "stable": tally(stable, stable_errors)}
    return Increase(gateway, since, since + seconds, tracks)


def blocks(*increases, shifts=(FIRST,), probed=0.0):
    gathered = Blocks(Beside(shifts, BASELINE, probed))
    for each in increases:
        gathered.take(each)
    return gathered.closed


def test_before_the_first_user_there_is_nothing_to_judge():
    assert blocks(increase(99.0), increase(99.6)) == []


def test_a_scrape_of_enough_requests_is_a_block():
    [block] = blocks(increase(AFTER))
    assert (block.since, block.until, block.weight) == (AFTER, AFTER + 0.5, 2)
    assert (block.candidate.requests, block.reference.requests) == (2, 98)


def test_the_canarys_classes_are_cut_where_it_may_be_slower():
    [block] = blocks(increase(AFTER, canary=20, stable=20))
    assert (block.candidate.timed, block.reference.timed) == ((11, 8, 1), (10, 9, 1))


def test_scrapes_of_few_requests_make_a_block_together():
    few = [increase(AFTER + number, canary=1, stable=9) for number in range(4)]
    [block] = blocks(*few)
    assert (block.candidate.requests, block.reference.requests) == (3, 27)
    assert block.until - block.since == 2.5
    assert block.candidate.requests + block.reference.requests >= LEAST


def test_gateways_make_blocks_together():
    few = [increase(AFTER + number / 4, canary=1, stable=14, gateway=f"g{number}") for number in range(2)]
    [block] = blocks(*few)
    assert block.reference.requests == 28


def test_the_scrape_that_the_first_shift_falls_into_is_marked_as_a_mix():
    [block] = blocks(increase(100.0, canary=2, stable=98, errors=2, stable_errors=1))
    assert (block.candidate, block.reference) == (Side(2, 2, ()), Side(98, 1, ()))
    assert (block.weight, block.mixed) == (2, True)


def test_a_mix_counts_even_without_a_request_of_the_canary():
    [block] = blocks(increase(100.0, canary=0, stable=98, stable_errors=3))
    assert (block.candidate.requests, block.reference.errors) == (0, 3)


def test_times_are_left_out_until_histograms_have_caught_up():
    timed = [bool(block.candidate.timed) for block in blocks(*[increase(100 + n / 2) for n in range(7)])]
    assert timed == [False] * 5 + [True] * 2


def test_what_is_mixed_is_never_added_to_what_is_not():
    shifts = (FIRST, Shift(110.0, 110.1, 50))
    increases = [increase(109.3, 1, 9), increase(109.8, 5, 5), increase(110.3, 5, 5), increase(AFTER + 10, 10, 10)]
    found = blocks(*increases, increase(AFTER + 10.5, 10, 10), shifts=shifts)
    assert [(each.weight, each.mixed, each.candidate.requests) for each in found] == [
        (2, False, 1),
        (50, True, 10),
        (50, False, 20),
    ]


def test_of_a_mix_the_larger_weight_is_told():
    down = (FIRST, Shift(105.0, 105.1, 50), Shift(110.0, 110.1, 5))
    [block] = blocks(increase(109.8), shifts=down)
    assert (block.weight, block.mixed) == (50, True)


def test_a_shift_that_was_done_again_mixes_nothing_new():
    shifts = (FIRST, Shift(110.0, 0.0, 5), Shift(130.0, 130.1, 5))
    found = blocks(increase(120.0), increase(129.0), increase(135.0), shifts=shifts)
    assert [(each.weight, each.mixed) for each in found] == [(5, True), (5, True), (5, False)]
    assert [len(each.candidate.timed) for each in found] == [0, 0, 3]


def test_requests_of_the_release_itself_are_left_out():
    assert blocks(increase(100.0, errors=2), probed=100.1) == []
    assert len(blocks(increase(100.0, errors=2), probed=99.9)) == 1


def once(*increases, earlier):
    pairing = Before(100.2, BASELINE, earlier)
    gathered = Blocks(pairing)
    for each in increases:
        gathered.take(each)
    return gathered.closed, pairing.spent


def whole(since, requests=50, errors=0, gateway="g1"):
    return Increase(gateway, since, since + 0.5, {"": tally(requests, errors)})


def test_a_switch_is_compared_with_as_many_scrapes_before_it():
    earlier = [whole(98.5, 40), whole(99.0, 41), whole(99.5, 42)]
    found, spent = once(whole(100.0, errors=1), whole(100.5, errors=2), earlier=earlier)
    assert [each.candidate.errors for each in found] == [1, 2]
    assert [each.reference.requests for each in found] == [42, 41]
    assert not spent


def test_each_scrape_before_a_switch_serves_once():
    found, spent = once(whole(100.0), whole(100.5), whole(101.0), earlier=[whole(99.5, 42)])
    assert [each.reference.requests for each in found] == [42]
    assert spent


def test_the_scrape_that_the_switch_falls_into_is_no_reference():
    found, _spent = once(whole(100.5), earlier=[whole(99.5, 42), whole(100.0, 7)])
    assert [each.reference.requests for each in found] == [42]


@pytest.mark.parametrize("gateway", ["g1", "g2"])
def test_a_gateway_that_came_with_the_switch_is_compared_with_another(gateway):
    [block], _spent = once(whole(100.5, gateway=gateway), earlier=[whole(99.5, 42)])
    assert block.reference.requests == 42
