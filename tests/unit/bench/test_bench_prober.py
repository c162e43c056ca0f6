"""The bench of the prober: the shop that it asks is right, and what cannot be counted is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import prober, servers
from bench.load import LoadError
from bench.prober import Probed, Wrk

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
WRK = """Running 3s test @ http://127.0.0.1:1/users/1
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   707.10us  181.40us   4.62ms   88.04%
  30000 requests in 3.10s, 4.61MB read
Requests/sec:  10000.50
Transfer/sec:      1.54MB
"""
FOUND = {"rate": 250, "due": 500, "sent": 500, "lag_p99_ms": 3.0, "failed": 0, "cpu_us": 400.0}


def test_shop_answers_all_that_the_prober_asks_and_counts_each_request(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(SCRIPTS))
    port, log = servers.free_port(), tmp_path / "shop.log"
    with servers.running([sys.executable, "-m", "bench.shopkeeper", str(port)], {}, log):
        servers.wait(port, log)
        command = [sys.executable, "-m", "bench.probing", f"http://{servers.HOST}:{port}", "100", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ, timeout=60)
    found = json.loads(done.stderr)
    samples = [json.loads(line) for line in done.stdout.splitlines()][1:]
    assert found["sent"] == len(samples) > 0
    assert found["failed"] == 0, [sample["error"] for sample in samples if sample["error"]]
    assert {(sample["method"], sample["service"]) for sample in samples} >= {("GET", "order"), ("POST", "order")}
    assert found["cpu_us"] > 0


@pytest.mark.parametrize("change", [{"sent": 490}, {"failed": 1}, {"lag_p99_ms": 51.0}])
def test_rate_that_is_not_kept_is_not_clean(change):
    assert Probed.of(FOUND).clean
    assert not Probed.of(FOUND | change).clean


def test_climb_ends_with_the_first_rate_that_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(prober, "_probe", lambda _port, rate, _samples: Probed(rate, rate < 750, 400.0, 3.0))
    assert [each.rate for each in prober._climb(1, tmp_path)] == [250, 500, 750]


def test_wrk_is_read():
    assert prober.read_wrk(WRK, 0.3) == Wrk(10000.5, 10.0)


@pytest.mark.parametrize("trouble", ["Non-2xx or 3xx responses: 3", "Socket errors: connect 0, read 3"])
def test_wrk_with_errors_is_no_comparison(trouble):
    with pytest.raises(LoadError, match="no clean answers"):
        prober.read_wrk(f"{WRK}  {trouble}\n", 0.3)
