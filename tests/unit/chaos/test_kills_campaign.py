"""The campaign of kills: how they are spread, what it does with each, and that everything wrong is called wrong."""

import contextlib
import json
import signal

import pytest
from tests.unit.drills.fakes import FakeProber, Shop, sample

from delivery.slo import load_slo
from drills.chaos.process import Ended, Releases
from drills.chaos.rules import Event, Request
from drills.experiment import DrillError, System
from drills.kills import command
from drills.kills.campaign import Kills
from drills.kills.outcome import Result, Seen, outcome_of, summary
from drills.kills.spread import DryPass, Kill, spread

CANARY = DryPass("canary", "sound", ("POST deployments", "PATCH virtualservices/order", "DELETE deployments/order"))
BLUE = DryPass("blue-green", "errors", ("POST deployments", "PATCH services/order"))
KILL = Kill("canary", "sound", 2, "PATCH virtualservices/order", True, "resume")
DEAD = Ended(-signal.SIGKILL)


def test_kills_are_spread_over_every_transition():
    kills = spread([CANARY, BLUE], 20)
    assert [(kill.strategy, kill.transition) for kill in kills] == [
        *[("canary", number) for number in (1, 2, 3) for _ in range(4)],
        *[("blue-green", number) for number in (1, 2) for _ in range(4)],
    ]
    first = [(kill.after, kill.ending) for kill in kills[:4]]
    assert set(first) == {(after, ending) for after in (False, True) for ending in ("resume", "abort")}


def test_a_short_campaign_takes_a_bit_of_everything():
    kills = spread([CANARY, BLUE], 4)
    assert {kill.strategy for kill in kills} == {"canary", "blue-green"}
    assert {kill.after for kill in kills} == {True, False}
    assert {kill.ending for kill in kills} == {"resume", "abort"}


def test_without_transitions_there_is_nothing_to_kill():
    assert spread([DryPass("canary", "sound", ())], 10) == []


@pytest.mark.parametrize(
    ("ended", "outcome", "trouble"),
    [
        (Ended(0, ["Promoted: within the margins"]), "Promoted", False),
        (Ended(1, ["RolledBack: too many errors"]), "RolledBack", False),
        (Ended(0, ["RolledBack"]), "RolledBack", False),
        (Ended(2, [], ["error: no release of order is under way in namespace shop"]), "", False),
        (Ended(2, [], ["error: the cluster does not answer"]), "", True),
        (DEAD, "", True),
    ],
)
def test_an_outcome_is_what_the_process_says_last(ended, outcome, trouble):
    assert (outcome_of(ended)[0], bool(outcome_of(ended)[1])) == (outcome, trouble)


def result(kill=KILL, last=("v2",), **changed):
    seen = Seen(100, changed.pop("failed", 0), changed.pop("blamed", 0), frozenset(last), changed.pop("failed_last", 0))
    return Result(kill, **{"died": KILL.what, "outcome": "Promoted", "seen": seen, "old": "v1", "new": "v2", **changed})


FAULTY = Kill("canary", "errors", 2, "PATCH virtualservices/order", False, "resume")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (result(died=""), "before it could be killed"),
        (result(trouble="error: no"), "error: no"),
        (result(last=("v1", "v2")), "users end on v1, v2"),
        (result(last=()), "users end on nothing"),
        (result(last=("nobody",)), "users end on nobody"),
        (result(failed_last=3), "3 requests fail at the end"),
        (result(left=["Deployment order-canary"]), "Deployment order-canary was left behind"),
        (result(FAULTY, last=("v1",)), "a faulty release was promoted"),
        (result(FAULTY, last=("v2",), outcome="RolledBack"), "users end on v2"),
    ],
)
def test_whatever_is_wrong_is_called_wrong(wrong, said):
    assert said in "; ".join(wrong.complaints)
    assert "WRONG" in str(wrong)


@pytest.mark.parametrize("right", [result(), result(last=("v1",)), result(FAULTY, last=("v1",), outcome="RolledBack")])
def test_one_sound_version_with_nothing_left_is_right(right):
    assert right.complaints == []
    assert "WRONG" not in str(right)


def test_a_sound_release_that_is_rolled_back_is_told_with_its_reason():
    doubted = result(last=("v1",), outcome="RolledBack", reason="RolledBack: too little was seen")
    assert doubted.complaints == []
    assert any("sound and rolled back" in line and "too little was seen" in line for line in summary([doubted], 1, []))
    aborted = result(Kill("canary", "sound", 1, "POST jobs", True, "abort"), last=("v1",), outcome="RolledBack")
    assert not any("sound and rolled back" in line for line in summary([aborted], 1, []))


def test_a_release_that_died_at_another_request_than_in_the_dry_pass_says_so():
    assert "(it was DELETE jobs/order-migrate-v2)" in str(result(died="DELETE jobs/order-migrate-v2"))
    assert "(it was" not in str(result())


def test_what_the_faulty_release_answered_is_no_lost_request():
    during = [sample(version="v2", status=500), sample(version=None, status=None), sample(), sample(version="v2")]
    seen = Seen.of(during, during[2:], "order", "v2")
    assert (seen.requests, seen.failed, seen.blamed) == (4, 2, 1)
    assert seen.last == {"v1", "v2"}
    assert result(failed=2, blamed=1).lost == 1
    assert Seen.of(during, [], "order", "").blamed == 0


class World:
    """A shop whose releases, when they are killed, leave users where they are; whoever ends them puts that right."""

    def __init__(self):
        self.shop = Shop()
        self.ran = []
        self.probers = []
        self.left = []
        self.forgets = False

    def system(self):
        return System(
            "fake",
            self.shop.stage,
            rollout=None,
            prober=self.prober,
            processes=lambda *what: FakeReleases(self, *what),
            leftovers=lambda service: lambda outcome: list(self.left),
        )

    def prober(self, service):
        self.probers.append(FakeProber(self.shop))
        return self.probers[-1]


class FakeReleases(Releases):
    """Runs no process, and moves the users of a world as one would have."""

    def __init__(self, world, service, strategy, options, environment):
        super().__init__(None, "fake", "shop", service, strategy, options)
        object.__setattr__(self, "world", world)

    @contextlib.contextmanager
    def process(self, arguments, rules=(), hear=None, on_event=lambda event: None):
        yield FakeProcess(self.world, arguments, rules, on_event)


class FakeProcess:
    def __init__(self, world, arguments, rules, on_event):
        self.world, self.arguments, self.rules, self.on_event = world, arguments, rules, on_event

    def wait(self):
        verb = self.arguments[0]
        self.world.ran.append(verb)
        if verb == "release":
            self.world.tag = self.arguments[self.arguments.index("--image") + 1].partition(":")[2]
        if self.rules:
            self.world.shop.share = 0.5
            request = Request("PATCH", "/apis/x/v1/namespaces/shop/virtualservices/order", 2)
            self.on_event(Event(0.0, request, self.rules[0].action))
            return DEAD
        return self.ended(verb)

    def ended(self, verb):
        shop, tag = self.world.shop, self.world.tag
        if self.world.forgets:
            return Ended(2, [], ["error: no release of order is under way"])
        shop.share = 0.0
        if verb == "abort" or "-" in tag:
            return Ended(1, ["RolledBack: it was bad"])
        shop.stable = tag
        return Ended(0, ["Promoted: it was good"])


@pytest.fixture(autouse=True)
def users_are_watched_for_a_moment(monkeypatch):
    monkeypatch.setattr("drills.kills.campaign.WATCH_SECONDS", 0.05)


def campaign(world, kills):
    lines = []
    carried = Kills(world.system(), "order", (), {}, lines.append)
    carried.carry_out(kills)
    carried.end()
    return carried, lines


def test_each_kill_is_ended_as_planned_and_checked():
    world = World()
    kills = [KILL, Kill("canary", "sound", 1, "POST deployments", False, "abort")]
    carried, lines = campaign(world, kills)
    assert [each.outcome for each in carried.results] == ["Promoted", "RolledBack"]
    assert not any(each.complaints for each in carried.results)
    assert world.ran == ["release", "resume", "release", "abort"]
    assert len(lines) == 2
    assert not world.probers[0].alive
    assert carried.schedules


def test_the_stage_is_set_only_where_the_next_release_needs_it():
    world = World()
    again = [KILL] * 2 + [FAULTY] * 2
    carried, _ = campaign(world, again)
    assert [each.kill.twin for each in carried.results] == ["sound", "sound", "errors", "errors"]
    assert world.shop.staged == ["", ""]  # at the beginning and at the end
    assert not any(each.complaints for each in carried.results)


def test_a_release_that_nobody_can_go_on_with_is_wrong_and_harms_not_the_next():
    world = World()
    world.forgets = True
    carried, _ = campaign(world, [KILL])
    [only] = carried.results
    assert "users end on v1, v2" in only.complaints
    assert carried._stage is None


def test_what_is_left_behind_is_wrong():
    world = World()
    world.left = ["Job order-migrate-v2"]
    carried, _ = campaign(world, [KILL])
    assert carried.results[0].complaints == ["Job order-migrate-v2 was left behind"]


def test_the_command_reports_and_says_whether_all_went_well(tmp_path, monkeypatch, capsys):
    world = World()
    monkeypatch.setattr(Kills, "dry_pass", lambda self, strategy, twin: DryPass(strategy, twin, CANARY.transitions))
    assert command.carry_out(world.system(), "order", 4, ["canary"], tmp_path) == 0
    written = json.loads((tmp_path / "kills.json").read_text())
    assert written["summary"][0].startswith("4 of 4 releases that were killed ended on one sound version")
    assert [each["complaints"] for each in written["kills"]] == [[]] * 4
    assert "4 of 4" in capsys.readouterr().out
    world.left = ["Job order-migrate-v2"]
    assert command.carry_out(world.system(), "order", 1, ["canary"], tmp_path) == 1
    assert "0 of 1" in capsys.readouterr().out


def test_a_dry_pass_that_ends_otherwise_is_no_ground_for_kills():
    world = World()
    world.forgets = True
    with pytest.raises(DrillError, match="without a kill"):
        Kills(world.system(), "order", (), {}, lambda line: None).dry_pass("canary", "sound")


def test_the_campaign_proves_easier_margins_and_leaves_the_rest_of_the_objectives(tmp_path):
    command.ease("order", tmp_path)
    eased, usual = load_slo("order", tmp_path), load_slo("order")
    assert eased.analysis.margins == command.MARGINS
    assert eased.model_copy(update={"analysis": usual.analysis}) == usual
