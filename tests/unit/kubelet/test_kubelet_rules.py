"""The kubelet's rules that need no process: quantities, paths, expansion, images, probes' numbers, CPU, back-off."""

import shutil

import pytest
import yaml

from embedded.kubelet import coverage, logs, quantities, stats
from embedded.kubelet.environment import expand, listening
from embedded.kubelet.ignored import ignored
from embedded.kubelet.images import Catalogue, ImageError
from embedded.kubelet.logs import Logs
from embedded.kubelet.probes import Numbers, outcomes
from embedded.kubelet.runtime import BACK_OFF_LAST, BackOff
from embedded.kubelet.status import ContainerStatus, phase, set_condition
from embedded.kubelet.volumes import rewriter
from embedded.state import IMAGES


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("250m", 0.25), ("64Mi", 64 * 1024**2), ("1.5G", 1.5e9), ("1Ki", 1024), (2, 2)]
)
def test_quantities(text, number):
    assert float(quantities.parse(text)) == number


@pytest.mark.parametrize("text", ["", "1X", "m", "1 Mi", "--1", "64mi"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="is not a quantity"):
        quantities.parse(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/data", "/V"),
        ("/data/x.db", "/V/x.db"),
        ("sqlite:////data/order.db", "sqlite:////V/order.db"),
        ("a=/data,b=/data/tmp", "a=/V,b=/W"),
        ("--dir=/data/tmp/x", "--dir=/W/x"),
        ("/database", "/database"),
        ("/srv/data", "/srv/data"),
        ("/data-old", "/data-old"),
        ("http://data:8080/data", "http://data:8080/data"),
        ("http://user:8080", "http://user:8080"),
    ],
)
def test_paths_below_a_mount_lead_into_the_volume(text, wanted):
    assert rewriter({"/data": "/V", "/data/tmp": "/W"})(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("$(A)", "1"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$A", "$A"), ("x$(A)$(A)", "x11")]
)
def test_expansion(text, wanted):
    assert expand(text, {"A": "1"}) == wanted


def test_the_port_of_the_container_is_the_one_that_stands_for_it():
    ports = [{"containerPort": 9090}, {"name": "http", "containerPort": 8080}]
    assert listening({"ports": ports}, {}, "127.1.2.3", {8080: 41234}) == {
        "HTTP_HOST": "127.1.2.3",
        "HTTP_PORT": "41234",
    }
    assert listening({"ports": ports}, {"HTTP_PORT": "9090"}, "ip", {})["HTTP_PORT"] == "9090"
    assert listening({}, {}, "ip", {}) == {"HTTP_HOST": "ip"}


@pytest.mark.parametrize("content", ["[", "services: {}", "images: 3\nservices: {}"])
def test_a_broken_catalogue_is_named(tmp_path, content):
    file = tmp_path / "images.yaml"
    file.write_text(content)
    with pytest.raises(ImageError, match="cannot read the image catalogue"):
        Catalogue(file).resolve("order:v1")


def test_a_digest_says_which_image_is_meant():
    """As with a registry: the tag beside it is for people; of one that nobody has, the error names those there are."""
    catalogue = Catalogue(IMAGES)
    digest = catalogue.resolve("order:v2").digest
    for reference in (f"order@{digest}", f"order:v2@{digest}", f"registry.example:5000/team/order:3f2a@{digest}"):
        assert catalogue.resolve(reference).name == "order:v2"
    with pytest.raises(ImageError, match=rf"none of order's, which has .*order:v2 \({digest}\)"):
        catalogue.resolve("order:v2@sha256:" + "0" * 64)
    with pytest.raises(ImageError, match="none of nobody's, which has no image"):
        catalogue.resolve(f"nobody@{digest}")


def test_every_image_has_a_digest_of_its_own():
    names = [f"{image['name']}:{image['tag']}" for image in yaml.safe_load(IMAGES.read_text())["images"]]
    assert len({Catalogue(IMAGES).resolve(name).digest for name in names}) == len(names)


async def take(number, answers, eager, **numbers):
    """Return what the first answers of a probe mean."""
    given = iter(answers)

    async def check():
        return next(given)

    found = []
    async for outcome in outcomes(Numbers(period=0.01, **numbers), check, eager=eager):
        found.append(outcome.success)
        if len(found) == number:
            break
    return found


async def test_thresholds_count_what_comes_in_a_row():
    bad = "bad"
    answers = [None, None, bad, None, bad, bad, bad, None, None]
    wanted = [None, True, None, None, None, False, False, None, True]
    assert await take(9, answers, False, successes=2, failures=2) == wanted


async def test_early_answers_count_only_as_successes():
    class Calls:
        number = 0

    async def check():
        Calls.number += 1
        return None if Calls.number == 4 else "not yet"

    async for outcome in outcomes(Numbers(period=3600, failures=1), check, eager=True):
        assert outcome.success is True
        break
    assert Calls.number == 4


def test_back_off_doubles_up_to_its_limit_and_begins_anew():
    pauses = BackOff()
    taken = [pauses.take() for _ in range(12)]
    assert taken[:4] == [1, 2, 4, 8]
    assert taken[-1] == BACK_OFF_LAST
    pauses.reset()
    assert pauses.take() == 1


def test_cpu_is_the_mean_over_the_window_and_survives_a_restart():
    meter = stats.CpuMeter()
    pod, web = ("shop", "web"), ("shop", "web", "web")
    meter.record(0, {web: 10.0})
    assert meter.millicores(*pod) is None
    meter.record(2, {web: 11.0})
    assert meter.millicores(*pod) == 500
    meter.record(20, {web: 20.0})
    meter.record(22, {web: 20.5})
    assert meter.millicores(*pod) == 250
    meter.record(24, {web: 0.1})
    assert meter.millicores(*pod) is None
    meter.record(26, {})
    assert meter.millicores(*pod) is None


def test_cpu_of_a_pod_is_that_of_its_containers():
    meter = stats.CpuMeter()
    web, proxy = ("shop", "web", "web"), ("shop", "web", "proxy")
    for moment in (0, 2):
        meter.record(moment, {web: moment * 0.5, proxy: moment * 0.1, ("shop", "other", "web"): moment})
    assert meter.millicores("shop", "web") == pytest.approx(600)
    assert meter.millicores("shop", "web", "proxy") == pytest.approx(100)
    assert meter.millicores("shop", "web", "none") is None


@pytest.mark.parametrize(("clock", "wanted"), [("0:01.50", 1.5), ("02:03:04", 7384), ("1-00:00:01", 86401)])
def test_times_of_ps(clock, wanted):
    assert stats.seconds(clock) == wanted


@pytest.mark.skipif(not shutil.which("ps"), reason="this machine has no ps, which only macOS needs")
async def test_ps_and_proc_agree(monkeypatch):
    import os

    group = os.getpgrp()
    here = (await stats.measure([group]))[group]
    there = stats._from_ps({group})[group]
    assert there.memory > 0
    assert here.memory > 0
    assert abs(there.memory - here.memory) < max(there.memory, here.memory)


def test_logs_keep_this_start_and_the_one_before(tmp_path):
    kept = Logs(tmp_path)
    for start in range(12):
        kept.new("shop", "web", "main", start).write_text(f"{start}\n")
    assert kept.path("shop", "web", "main", False).read_text() == "11\n"
    assert kept.path("shop", "web", "main", True).read_text() == "10\n"
    assert len(list(tmp_path.rglob("*.log"))) == 2
    kept.new("shop", "other", "main", 0)
    with pytest.raises(FileNotFoundError, match="previous terminated"):
        kept.path("shop", "other", "main", True)


def test_a_log_that_grows_too_large_keeps_its_newest_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MAX_SIZE", 1000)
    monkeypatch.setattr(logs, "KEPT", 100)
    kept = Logs(tmp_path)
    file = kept.new("shop", "web", "main", 0)
    with file.open("a") as writer:
        for number in range(200):
            print(f"line {number}", file=writer, flush=True)
        kept.bound()
        assert file.stat().st_size <= 100
        print("after", file=writer, flush=True)
    lines = file.read_text().splitlines()
    assert lines[-2:] == ["line 199", "after"]
    assert lines[0].startswith("line ")


def container(code=None, last=None):
    status = ContainerStatus("main", "x")
    if code is not None:
        status.end(code, "x")
    if last is not None:
        status.last = {"terminated": {"exitCode": last}}
    return status


@pytest.mark.parametrize(
    ("codes", "policy", "wanted"),
    [
        ([None], "Always", "Pending"),
        ([0, None], "Never", "Pending"),
        ([0, 0], "Never", "Succeeded"),
        ([0, 1], "Never", "Failed"),
        ([0, 0], "OnFailure", "Succeeded"),
        ([0, 1], "OnFailure", "Running"),
        ([0], "Always", "Running"),
    ],
)
def test_phases(codes, policy, wanted):
    assert phase([container(code) for code in codes], [], policy) == wanted


def test_a_pod_that_crashes_is_running_and_one_that_waits_for_its_init_container_pending():
    assert phase([container(last=1)], [], "Always") == "Running"
    assert phase([container()], [container(1)], "Always") == "Pending"
    assert phase([container()], [container(1)], "Never") == "Failed"


def test_the_time_of_a_condition_moves_with_its_status_only(monkeypatch):
    times = iter(["1", "2", "3"])
    monkeypatch.setattr("embedded.kubelet.status.now", lambda: next(times))
    status = {}
    for value, wanted in (("False", "1"), ("False", "1"), ("True", None)):
        set_condition(status, "Ready", value)
        moved = status["conditions"][0]["lastTransitionTime"]
        assert moved == wanted or (wanted is None and moved != "1")


def test_fields_that_ask_for_nothing_are_not_named():
    nothing = {
        "hostNetwork": False,
        "securityContext": {},
        "containers": [{"name": "a", "terminationMessagePath": "/dev/termination-log", "tty": False}],
    }
    assert ignored({"spec": nothing}) == []
    something = {"affinity": {"nodeAffinity": {}}, "containers": [{"name": "a", "resources": {"limits": {"cpu": "1"}}}]}
    assert ignored({"spec": something}) == ["spec.affinity", "containers.resources.limits.cpu"]


def test_the_coverage_is_told_in_three_words():
    assert {word for _feature, word, _remark in coverage.COVERAGE} == {"supported", "partly", "refused"}
