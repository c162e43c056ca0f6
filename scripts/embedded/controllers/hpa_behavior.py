"""How fast the autoscaler may follow: stabilisation windows and scaling policies of ``spec.behavior``.

What it remembers is lost with the process, as in Kubernetes: the first recommendation after a start is the present
number, so a restart never scales down at once.
"""

from __future__ import annotations

import copy
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
_DEFAULTS: dict[str, Object] = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ],
    },
    "scaleDown": {
        "stabilizationWindowSeconds": 300,
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    },
}
# (type, status, reason, message) of a condition.
Condition = tuple[str, str, str, str]
_IN_RANGE: Condition = (
    "ScalingLimited",
    "False",
    "DesiredWithinRange",
    "the desired count is within the acceptable range",
)


def rules_of(autoscaler: Object, direction: str) -> Object:
    """Return the rules for ``scaleUp`` or ``scaleDown``, with Kubernetes' defaults where nothing is said."""
    given = (autoscaler["spec"].get("behavior") or {}).get(direction) or {}
    said = {name: value for name, value in given.items() if value is not None and value != []}
    return {**copy.deepcopy(_DEFAULTS[direction]), **said}


@dataclass
class Memory:
    """What was recommended and done before, with the time of each."""

    recommendations: deque[tuple[float, int]] = field(default_factory=deque)
    changes: deque[tuple[float, int]] = field(default_factory=deque)

    def remember_change(self, now: float, change: int, longest: float) -> None:
        """Note by how much the number was changed, and forget what is older than any policy looks back."""
        self.changes.append((now, change))
        while self.changes[0][0] < now - longest:
            self.changes.popleft()

    def added_since(self, moment: float) -> int:
        """Return by how much the number has grown since a time; negative if it has shrunk."""
        return sum(change for at, change in self.changes if at > moment)


def stabilize(memory: Memory, autoscaler: Object, current: int, desired: int, now: float) -> int:
    """Return the number nearest to the present one that all recommendations of the windows agree upon."""
    if not memory.recommendations:
        memory.recommendations.append((now, current))
    windows = {name: float(rules_of(autoscaler, name)["stabilizationWindowSeconds"]) for name in _DEFAULTS}
    memory.recommendations.append((now, desired))
    while memory.recommendations[0][0] < now - max(windows.values()):
        memory.recommendations.popleft()
    lowest = min([desired, *_since(memory, now - windows["scaleUp"])])
    highest = max([desired, *_since(memory, now - windows["scaleDown"])])
    return min(max(current, lowest), highest)


def _since(memory: Memory, moment: float) -> list[int]:
    return [replicas for at, replicas in memory.recommendations if at > moment]


def limit(memory: Memory, autoscaler: Object, current: int, desired: int, now: float) -> tuple[int, Condition]:
    """Return the number that policies and bounds allow now, and the condition ScalingLimited."""
    least, most = bounds(autoscaler)
    if desired > current:
        fastest = max(_limit_up(memory, rules_of(autoscaler, "scaleUp"), current, now), current)
        if desired > min(most, fastest):
            return min(most, fastest), _too_many(most <= fastest)
    elif desired < current:
        fastest = min(_limit_down(memory, rules_of(autoscaler, "scaleDown"), current, now), current)
        if desired < max(least, fastest):
            return max(least, fastest), _too_few(least >= fastest)
    elif desired >= most:
        return most, _IN_RANGE if desired == most else _too_many(True)
    return max(desired, least), _IN_RANGE if desired >= least else _too_few(True)


def bounds(autoscaler: Object) -> tuple[int, int]:
    """Return the declared minimum and maximum."""
    spec = autoscaler["spec"]
    return int(spec.get("minReplicas") or 1), int(spec["maxReplicas"])


def longest_period(autoscaler: Object) -> float:
    """Return how far back any policy looks, in seconds."""
    policies = [policy for name in _DEFAULTS for policy in rules_of(autoscaler, name)["policies"]]
    return float(max(policy["periodSeconds"] for policy in policies))


def _limit_up(memory: Memory, rules: Object, current: int, now: float) -> int:
    def proposal(policy: Object) -> int:
        start = current - memory.added_since(now - policy["periodSeconds"])
        if policy["type"] == "Pods":
            return int(start + policy["value"])
        return math.ceil(start * (100 + int(policy["value"])) / 100)

    if rules["selectPolicy"] == "Disabled":
        return current
    proposals = [proposal(policy) for policy in rules["policies"]]
    return min(proposals) if rules["selectPolicy"] == "Min" else max(proposals)


def _limit_down(memory: Memory, rules: Object, current: int, now: float) -> int:
    def proposal(policy: Object) -> int:
        start = current - memory.added_since(now - policy["periodSeconds"])
        if policy["type"] == "Pods":
            return int(start - policy["value"])
        return int(start * (100 - policy["value"]) / 100)

    if rules["selectPolicy"] == "Disabled":
        return current
    proposals = [proposal(policy) for policy in rules["policies"]]
    return max(proposals) if rules["selectPolicy"] == "Min" else min(proposals)


def _too_many(by_bound: bool) -> Condition:
    if by_bound:
        return (
            "ScalingLimited",
            "True",
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        )
    message = "the desired replica count is increasing faster than the maximum scale rate"
    return "ScalingLimited", "True", "ScaleUpLimit", message


def _too_few(by_bound: bool) -> Condition:
    if by_bound:
        return (
            "ScalingLimited",
            "True",
            "TooFewReplicas",
            "the desired replica count is less than the minimum replica count",
        )
    message = "the desired replica count is decreasing faster than the maximum scale rate"
    return "ScalingLimited", "True", "ScaleDownLimit", message
