"""A handful of kills on a real cluster under traffic, and one at which nobody comes to end the release."""

import json

import pytest

from drills.chaos.process import Releases
from drills.kills import command
from drills.kills.campaign import Kills
from drills.kills.spread import Kill

pytestmark = pytest.mark.timeout(900)

# One in the middle of each third of a sound and of a faulty release: `python -m drills kills` has them all.
KILLS = 6


def test_releases_that_are_killed_end_on_one_sound_version_with_nothing_left(drill_cluster, tmp_path):
    status = command.carry_out(drill_cluster.system(), "order", KILLS, ["canary"], tmp_path)
    written = json.loads((tmp_path / "kills.json").read_text())
    assert [kill["complaints"] for kill in written["kills"]] == [[]] * KILLS
    assert status == 0
    transitions = {one["twin"]: one["transitions"] for one in written["passes"]}
    assert any("virtualservices" in each for each in transitions["sound"])
    assert any("virtualservices" in each for each in transitions["errors"])


def test_a_dead_release_that_nobody_resumes_is_called_wrong(drill_cluster, monkeypatch):
    """The gate bites: with nobody who ends the release, what it leaves behind is found, and so are its users."""
    process = Releases.process

    def nobody_comes(self, arguments, *others, **more):
        return process(self, arguments if arguments[0] == "release" else ["history", self.service], *others, **more)

    monkeypatch.setattr(Releases, "process", nobody_comes)
    kills = Kills(drill_cluster.system(), "order", command.OPTIONS, {}, lambda _line: None)
    moved = Kill("canary", "sound", 6, "PATCH virtualservices/order", True, "resume")
    try:
        kills.carry_out([moved])
    finally:
        monkeypatch.undo()
        kills.end()
    [result] = kills.results
    assert "Deployment order-canary was left behind" in result.complaints
    assert any("an open release" in each for each in result.complaints)
