"""Whatever happens during a rolling update, its two promises hold, and it ends where it should.

The promises are about what the controllers do: a pod may fail by itself, but none that is needed is taken away.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.controllers.lab import NAMESPACE, Lab, deployment, is_ready, rolling

from embedded.apiserver.resources import DEPLOYMENTS, NAMESPACES, PODS
from embedded.controllers.deployment_rolling import Bounds, Member, next_sizes, proportional_sizes
from embedded.controllers.intstr import scaled

BOUND = st.one_of(st.integers(0, 4), st.sampled_from(["0%", "10%", "25%", "50%", "100%"]))
ZERO = (0, "0%")
# Two zeros are refused; of two percentages that round to zero the controller makes one.
BOUNDS = st.tuples(BOUND, BOUND).filter(lambda pair: not (pair[0] in ZERO and pair[1] in ZERO))
IMAGES = ["order:v1", "order:v2", "order:v3"]
ACTION = st.one_of(
    st.tuples(st.just("ready"), st.integers(0, 50)),
    st.tuples(st.just("fail"), st.integers(0, 50)),
    st.tuples(st.just("evict"), st.integers(0, 50)),
    st.tuples(st.just("end"), st.integers(0, 50)),
    st.tuples(st.just("image"), st.integers(0, 2)),
)
SCALE = st.tuples(st.just("scale"), st.integers(0, 7))


class Watched:
    """A laboratory in which every deletion and every creation of a pod is held against the promises."""

    def __init__(self, replicas: int, surge, unavailable, seed: int):
        self.lab = Lab(seed=seed)
        self.lab.store.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        strategy = rolling(surge, unavailable)
        self.lab.store.create(DEPLOYMENTS, deployment(replicas=replicas, strategy=strategy))
        self.surge, self.unavailable = surge, unavailable
        self.lab.run_pods()
        self.delete, self.create = self.lab.store.delete, self.lab.store.create
        self.lab.store.delete, self.lab.store.create = self.check_delete, self.check_create

    def bounds(self):
        desired = self.lab.deployment()["spec"]["replicas"]
        surge = scaled(self.surge, desired, round_up=True)
        unavailable = scaled(self.unavailable, desired, round_up=False)
        return desired, surge, max(unavailable, 0 if surge else 1)

    def check_delete(self, resource, namespace, name, **options):
        victim = self.lab.store.get(resource, namespace, name)
        answer = self.delete(resource, namespace, name, **options)
        if resource == PODS and is_ready(victim) and not victim["metadata"].get("deletionTimestamp"):
            desired, _surge, unavailable = self.bounds()
            left = sum(map(is_ready, self.lab.pods()))
            assert left >= desired - unavailable, f"{left} of {desired} available, {unavailable} may be missing"
        return answer

    def check_create(self, resource, body):
        answer = self.create(resource, body)
        if resource == PODS:
            desired, surge, _unavailable = self.bounds()
            assert len(self.lab.pods()) <= desired + surge, f"{len(self.lab.pods())} pods of {desired}+{surge}"
        return answer

    def act(self, kind: str, number: int) -> None:
        """Let something happen, then let the controllers answer it."""
        pods = self.lab.store.list(PODS, NAMESPACE)
        alive = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        if kind == "image":
            self.lab.set_image(IMAGES[number])
        elif kind == "scale":
            self.lab.scale(number)
        elif kind == "end":
            leaving = [pod for pod in pods if pod["metadata"].get("deletionTimestamp")]
            if leaving:
                self.delete(PODS, NAMESPACE, leaving[number % len(leaving)]["metadata"]["name"], grace=0)
        elif alive:
            pod = alive[number % len(alive)]
            if kind == "evict":
                self.delete(PODS, NAMESPACE, pod["metadata"]["name"])
            else:
                self.lab.set_ready(pod, kind == "ready")
        self.lab.settle()

    def finish(self) -> None:
        """Let every pod get ready."""
        self.lab.run_pods()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    replicas=st.integers(0, 6),
    bounds=BOUNDS,
    actions=st.lists(ACTION, max_size=25),
    seed=st.integers(0, 1000),
)
def test_both_promises_hold_at_every_step_and_it_ends_as_desired(replicas, bounds, actions, seed):
    watched = Watched(replicas, *bounds, seed)
    for kind, number in actions:
        watched.act(kind, number)
    watched.finish()
    _as_desired(watched.lab)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    replicas=st.integers(0, 6),
    bounds=BOUNDS,
    actions=st.lists(st.one_of(ACTION, SCALE), max_size=25),
    seed=st.integers(0, 1000),
)
def test_scaled_at_any_moment_no_needed_pod_goes_and_it_ends_as_desired(replicas, bounds, actions, seed):
    watched = Watched(replicas, *bounds, seed)
    for kind, number in actions:
        watched.act(kind, number)
    watched.finish()
    _as_desired(watched.lab)


def _as_desired(lab):
    body = lab.deployment()
    image = body["spec"]["template"]["spec"]["containers"][0]["image"]
    assert [pod["spec"]["containers"][0]["image"] for pod in lab.pods()] == [image] * body["spec"]["replicas"]
    assert all(map(is_ready, lab.pods()))
    assert sum(item["spec"]["replicas"] for item in lab.replica_sets()) == body["spec"]["replicas"]
    assert body["status"].get("updatedReplicas", 0) == body["spec"]["replicas"]


@st.composite
def _mixtures(draw):
    """Any ReplicaSets at all, more pods than allowed among them; pods lag behind what their ReplicaSet was told."""
    desired = draw(st.integers(0, 12))
    surge, unavailable = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    bounds = Bounds(desired, surge, min(max(unavailable, 0 if surge else 1), desired))
    members = []
    for index in range(draw(st.integers(1, 4))):
        replicas, existing = draw(st.integers(0, 10)), draw(st.integers(0, 10))
        members.append(Member(f"rs-{index}", replicas, existing, draw(st.integers(0, existing))))
    return bounds, members


def _after(members, sizes):
    return [Member(item.name, sizes.get(item.name, item.replicas), item.existing, item.available) for item in members]


@settings(max_examples=400, deadline=None)
@given(_mixtures())
def test_one_step_from_any_mixture_takes_no_needed_pod_and_adds_none_too_many(mixture):
    bounds, members = mixture
    *old, new = members
    _check_step(bounds, members, next_sizes(bounds, new, old))


@settings(max_examples=400, deadline=None)
@given(_mixtures())
def test_one_scaling_step_from_any_mixture_takes_no_needed_pod_and_adds_none_too_many(mixture):
    bounds, members = mixture
    active = [member for member in members if member.replicas]
    if len(active) < 2:
        return
    sizes = proportional_sizes(bounds, active)
    _check_step(bounds, active, sizes)
    if all(member.existing <= member.replicas for member in active):
        assert sum(sizes.values()) == bounds.most


def _check_step(bounds, members, sizes):
    later = _after(members, sizes)
    promised, before = (sum(member.promised for member in some) for some in (later, members))
    assert promised >= min(before, bounds.least)
    total, total_before = (sum(member.total for member in some) for some in (later, members))
    assert total <= max(total_before, bounds.desired + bounds.surge)
    assert all(size >= 0 for size in sizes.values())


@settings(max_examples=200, deadline=None)
@given(_mixtures())
def test_steps_lead_from_any_mixture_to_the_desired_state(mixture):
    bounds, members = mixture
    for _ in range(200):
        *old, new = members
        sizes = next_sizes(bounds, new, old)
        done = [Member(item.name, size := sizes.get(item.name, item.replicas), size, size) for item in members]
        if done == members:
            break
        members = done
    assert [member.replicas for member in members] == [0] * (len(members) - 1) + [bounds.desired]
