"""The drills in which more goes wrong than the release, by name."""

from __future__ import annotations

from drills.chaos.api_trouble import ApiTrouble
from drills.chaos.hpa_scaling import HpaScaling
from drills.chaos.pods import NodeLost, OldColourLost, PodsKilled
from drills.chaos.prometheus import (
    PrometheusEmptied,
    PrometheusFrozen,
    PrometheusGone,
    PrometheusLate,
    PrometheusMad,
)
from drills.chaos.release_killed import ReleaseKilled
from drills.chaos.release_killed_abort import ReleaseKilledAbort
from drills.chaos.stable_sick import StableSick
from drills.chaos.two_releases import TwoReleases
from drills.experiment import Drill

ON_THE_WORLD: tuple[Drill, ...] = (
    PrometheusGone(),
    PrometheusFrozen(),
    PrometheusMad(),
    PrometheusLate(),
    PrometheusEmptied(),
    PodsKilled(),
    NodeLost(),
    OldColourLost(),
    StableSick(),
    HpaScaling(),
)
ON_THE_RELEASE: tuple[Drill, ...] = (ReleaseKilled(), ReleaseKilledAbort(), ApiTrouble(), TwoReleases())
CHAOS: dict[str, Drill] = {drill.name: drill for drill in (*ON_THE_RELEASE, *ON_THE_WORLD)}
# Each trouble is tried with a release that is to survive it and with one that it must not hide.
CHAOS_TWINS = ("sound", "errors")
