"""A canary from start to end: what is made, in which order things change, and that the way back is complete."""

import pytest
from tests.unit.delivery.shop import DEPLOYMENTS, VIRTUAL_SERVICES

from cluster.errors import ClusterError
from cluster.journals import Journals
from delivery.errors import DeliveryError, Rejected, UnderWay
from delivery.journal.release import MARK
from delivery.judgement import Outcome, Verdict
from delivery.rollout import Rollout

WEIGHTS = f"PATCH {VIRTUAL_SERVICES.rsplit('/', 1)[-1]}/order"
DELETE = "DELETE deployments/order-canary"


@pytest.fixture
def shop(canary_shop):
    return canary_shop[0]


@pytest.fixture
def cluster(canary_shop):
    return canary_shop[1]


@pytest.fixture
def steps():
    return []


@pytest.fixture
def rollout(cluster, steps):
    return Rollout(cluster, "order", on_step=steps.append)


def test_the_canary_is_a_copy_with_its_own_labels_and_image(shop, rollout):
    rollout.start("order:v2-errors")
    made = shop.object(DEPLOYMENTS, "order-canary")
    labels = {"app": "order", "track": "canary", "version": "v2"}
    assert labels.items() <= made["metadata"]["labels"].items()
    assert made["metadata"]["labels"]["app.kubernetes.io/part-of"] == "proving-ground"
    assert made["spec"]["selector"]["matchLabels"] == made["spec"]["template"]["metadata"]["labels"] == labels
    spec = made["spec"]["template"]["spec"]
    assert [c["image"] for c in spec["initContainers"] + spec["containers"]] == ["order:v2-errors"] * 2 + ["agent:7"]
    assert made["spec"]["replicas"] == 2
    assert set(made["metadata"]["annotations"]) == {"team", MARK}
    assert "ownerReferences" not in made["metadata"]
    assert shop.weights() == {"stable": 100, "canary": 0}


def test_what_was_there_is_written_down_before_any_user_moves(shop, rollout):
    rollout.start("order:v2")
    current, _history = shop.journal()
    note = current["release"]
    assert note["weights"] == {"stable": 100, "canary": 0}
    assert note["selector"] == {"app": "order"}
    assert (note["stable"], note["copy"], note["version"]) == ("order", "order-canary", "v2")
    assert WEIGHTS not in shop.writes()


def test_promotion_keeps_users_where_pods_are_ready(shop, rollout):
    seen = []
    react = shop.api.react

    def watch(api, method, path):
        react(api, method, path)
        if "release-order" not in path:
            seen.append(
                (shop.weights()["canary"], shop.object(DEPLOYMENTS, "order")["metadata"]["labels"].get("version"))
            )

    rollout.start("order:v2")
    rollout.shift(canary=25)
    shop.api.react = watch
    assert rollout.promote() is Outcome.PROMOTED
    order = list(dict.fromkeys(seen))
    assert order[:3] == [(100, "v1"), (100, "v2"), (0, "v2")]
    writes = shop.writes()
    assert writes.index(DELETE) > max(n for n, write in enumerate(writes) if write == WEIGHTS)
    assert shop.names() == ["order"]
    assert shop.leftovers() == []
    assert shop.object(DEPLOYMENTS, "order")["spec"]["template"]["metadata"]["labels"]["version"] == "v2"


def test_abort_brings_users_back_before_it_deletes_anything(shop, rollout):
    before = shop.state()
    rollout.start("order:v2")
    rollout.shift(canary=50)
    shop.api.calls.clear()
    assert rollout.abort("why not") is Outcome.ROLLED_BACK
    writes = shop.writes()
    assert writes[0] == WEIGHTS
    assert writes.index(WEIGHTS) < writes.index(DELETE)
    assert shop.state() == before
    assert shop.leftovers() == []


def test_abort_in_another_process_finds_the_release(shop, cluster, rollout):
    before = shop.state()
    rollout.start("order:v2")
    rollout.shift(canary=50)
    rollout.let_go()
    assert Rollout.resume(cluster, "order").abort() is Outcome.ROLLED_BACK
    assert shop.state() == before
    with pytest.raises(DeliveryError, match="no release of order is under way"):
        Rollout.resume(cluster, "order")


def test_abort_works_from_the_journal_alone(shop, cluster, rollout):
    rollout.start("order:v2")
    rollout.shift(canary=50)
    rollout.let_go()
    shop.api.remove(f"{DEPLOYMENTS}/order-canary")
    Rollout.resume(cluster, "order").abort()
    assert shop.weights() == {"stable": 100, "canary": 0}


def test_aborting_twice_does_no_harm(shop, rollout):
    rollout.start("order:v2")
    rollout.abort("once")
    shop.api.calls.clear()
    assert rollout.abort("twice") is Outcome.ROLLED_BACK
    assert shop.api.calls == []


def test_a_release_that_did_not_begin_aborts_nobody_elses(shop, cluster, rollout):
    rollout.start("order:v2")
    other = Rollout(cluster, "order")
    with pytest.raises(UnderWay, match="to order:v2 is under way"):
        other.start("order:v3")
    other.abort("could not begin")
    assert shop.names() == ["order", "order-canary"]


def test_two_that_begin_at_once_cannot_both(shop, cluster, rollout):
    def refuse(method, path):
        if method == "POST":
            shop.api.refuse = lambda method, path: None
            rollout.start("order:v2")

    shop.api.refuse = refuse
    with pytest.raises(UnderWay, match="to order:v2 is under way"):
        Rollout(cluster, "order").start("order:v3")
    assert shop.object(DEPLOYMENTS, "order-canary")["spec"]["template"]["spec"]["containers"][0]["image"] == "order:v2"


def test_a_release_that_staging_has_cleared_stops_nobody(shop, cluster, rollout):
    rollout.start("order:v2")
    shop.api.remove(f"{DEPLOYMENTS}/order-canary")
    Journals(cluster).clear()
    Rollout(cluster, "order").start("order:v3")
    assert shop.names() == ["order", "order-canary"]


def test_a_release_that_crashes_is_rejected_and_gone(shop, rollout, steps):
    before = shop.state()
    shop.unready["order-canary"] = "CrashLoopBackOff"
    with pytest.raises(Rejected) as error:
        rollout.start("order:v2-crash")
    assert "CrashLoopBackOff" in error.value.reason
    assert shop.state() == before
    assert [step.name for step in steps] == ["plan", "abort", "start"]
    assert rollout.abort("again") is Outcome.ROLLED_BACK


def test_a_release_that_the_gateway_does_not_lead_to_is_rejected(shop, rollout):
    shop.lost.add(f"{DEPLOYMENTS}/order-canary")
    with pytest.raises(Rejected, match="x-track: canary: status 503"):
        rollout.start("order:v2")
    assert shop.names() == ["order"]


def test_a_stable_deployment_that_does_not_roll_is_rolled_back(shop, rollout):
    before = shop.state()
    rollout.start("order:v2")
    shop.unready["order"] = "CrashLoopBackOff"
    assert rollout.promote() is Outcome.ROLLED_BACK
    assert shop.state() == before
    assert shop.names() == ["order"]


def test_after_the_promotion_there_is_no_way_back(rollout):
    rollout.start("order:v2")
    rollout.promote()
    with pytest.raises(DeliveryError, match="was promoted"):
        rollout.abort()
    rollout.restore()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_step_goes_back_first(shop, rollout, interruption, traffic):
    before = shop.state()
    rollout.start("order:v2")
    rollout.shift(canary=50)

    def interrupt(query):
        raise interruption

    shop.api.ask_prometheus = traffic
    rollout._analysis._judge = type("Interrupted", (), {"examine": lambda self, evidence: interrupt(evidence)})()
    with pytest.raises(type(interruption)):
        rollout.analysis(deadline=20)
    assert shop.state() == before


def test_a_shift_that_is_refused_changes_nothing(shop, rollout):
    rollout.start("order:v2")
    with pytest.raises(ClusterError, match="add up to 100"):
        rollout.shift(canary=130)
    assert shop.weights() == {"stable": 100, "canary": 0}


def test_prometheus_is_not_needed_to_move_users(shop, rollout):
    rollout.start("order:v2")
    shop.api.ask_prometheus = lambda query: {"resultType": "string", "result": []}
    rollout.shift(canary=10)
    assert shop.weights() == {"stable": 90, "canary": 10}
    judgement = rollout.analysis(deadline=0.1)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert not judgement.successful


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_judge_has_the_last_word(shop, cluster, always, traffic, verdict):
    rollout = Rollout(cluster, "order", judge=always(verdict))
    shop.statuses["order:v2-errors"] = 500
    rollout.start("order:v2-errors")
    assert rollout.verify().verdict is verdict
    rollout.shift(canary=10)
    shop.api.ask_prometheus = traffic
    judgement = rollout.analysis(deadline=0.5)
    assert (judgement.verdict, judgement.reason, judgement.step) == (verdict, "made up", "canary at 10 %")


def test_smoke_requests_meet_the_canary(shop, rollout):
    rollout.start("order:v2")
    judgement = rollout.verify()
    assert judgement.successful
    assert {answer["version"] for answer in judgement.samples} == {"v2"}
    shop.says["order:v2"] = "v1"
    assert "version v1 answered instead of v2" in rollout.verify().reason


@pytest.mark.parametrize(
    ("image", "said"),
    [("order", "has no tag"), ("user:v2", "is none of Deployment order's"), ("order:_x", "is no value for a label")],
)
def test_images_that_make_no_sense_are_refused(shop, rollout, image, said):
    shop.api.calls.clear()
    with pytest.raises(DeliveryError, match=said):
        rollout.start(image)
    assert shop.api.calls == []


def test_a_stage_that_is_not_set_is_refused(shop, cluster, rollout):
    rollout_of_split = Rollout(cluster, "order")
    rollout.start("order:v2")
    rollout.shift(canary=10)
    shop.api.remove(f"{DEPLOYMENTS}/order-canary")
    Journals(cluster).clear()
    with pytest.raises(DeliveryError, match="not all traffic of order is on stable"):
        rollout_of_split.start("order:v3")


def test_verbs_before_a_start_and_of_the_other_strategy_are_refused(rollout):
    for verb in (rollout.verify, rollout.analysis, rollout.promote, lambda: rollout.shift(canary=1)):
        with pytest.raises(DeliveryError, match="no release of order has been started"):
            verb()
    rollout.start("order:v2")
    with pytest.raises(DeliveryError, match="canary moves users step by step: shift"):
        rollout.switch()


def test_a_judgement_before_any_user_was_moved_is_refused(rollout):
    rollout.start("order:v2")
    with pytest.raises(DeliveryError, match="no user of order has been moved yet"):
        rollout.analysis()


def test_an_unknown_strategy_and_an_unknown_service_are_refused(cluster):
    with pytest.raises(DeliveryError, match="no strategy big-bang"):
        Rollout(cluster, "order", "big-bang")
    with pytest.raises(DeliveryError, match="service nobody has no objectives"):
        Rollout(cluster, "nobody")


def test_steps_are_told_with_times_and_troubles(rollout, steps, shop):
    rollout.start("order:v2")
    rollout.shift(canary=10)
    with pytest.raises(ClusterError):
        rollout.shift(canary=101)
    assert [step.name for step in steps] == ["plan", "start", "shift", "shift"]
    assert all(step.started <= step.ended for step in steps)
    assert steps[1].details == {"image": "order:v2", "version": "v2", "deployment": "order-canary"}
    assert "add up to 100" in steps[3].details["error"]
