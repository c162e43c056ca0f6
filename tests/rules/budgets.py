"""Data for the alerts on error budgets, from observability/slo: the code that writes the rules has no part in them."""

from dataclasses import dataclass

import yaml
from tests.rules.promtool import REPOSITORY, expects, series

SLO = REPOSITORY / "observability" / "slo"
MEASURED = {
    "availability": ("service:requests:rate1m", "service:errors:rate1m", "service:errors_per_requests"),
    "latency": ("service:timed_requests:rate1m", "service:slow_requests:rate1m", "service:slow_per_requests"),
}
UNITS = {"m": 60, "h": 3600, "d": 86400}
STEP = 15
RATE = 100.0
# When it is asked what fires: after nine minutes, at an evaluation.
END = 540


def seconds(duration):
    return int(duration[:-1]) * UNITS[duration[-1]]


def policy(folder=SLO):
    return yaml.safe_load((folder / "alerting" / "burn-rates.yaml").read_text())


def budget(service, slo, folder=SLO):
    objectives = yaml.safe_load((folder / f"{service}.yaml").read_text())["objectives"]
    return 1 - (objectives["availability"] if slo == "availability" else objectives["latency"]["share"])


@dataclass(frozen=True)
class Case:
    """One alert that has to exist: of a service, an objective, and a pair of windows."""

    service: str
    slo: str
    severity: str
    factor: float
    long: str
    short: str

    def __str__(self):
        return f"{self.service}-{self.slo}-{self.severity}-{self.long}"

    @property
    def labels(self):
        return {"service": self.service, "slo": self.slo, "window": self.long, "severity": self.severity}

    @property
    def threshold(self):
        return self.factor * budget(self.service, self.slo)

    def phases(self, *phases, rate=RATE):
        """Return series in which a share of the requests is bad for some seconds, then another share, and so on."""
        counted, bad, _ratio = MEASURED[self.slo]
        steps = [(share, round(span / STEP)) for share, span in phases]
        values = {
            counted: " ".join(f"{rate}x{count - 1}" for _share, count in steps),
            bad: " ".join(f"{share * rate:.9f}x{count - 1}" for share, count in steps),
        }
        return [series(name, text, namespace="shop", service=self.service) for name, text in values.items()]

    def test(self, name, inputs, *moments):
        return {"name": f"{self}: {name}", "interval": f"{STEP}s", "input_series": inputs, "promql_expr_test": moments}

    def fires(self, at):
        wanted = ",".join(f'{key}="{value}"' for key, value in self.labels.items())
        return expects(f'count(ALERTS{{{wanted},alertstate="firing",namespace="shop"}})', f"{at}s", ("{}", 1))

    def silent(self, at):
        return {**self.fires(at), "exp_samples": []}

    def still_above(self, at):
        """Return that the long window alone would fire."""
        ratio = f'{MEASURED[self.slo][2]}:ratio_rate{self.long}{{service="{self.service}"}}'
        return expects(f"count({ratio} > {self.threshold})", f"{at}s", ("{}", 1))


def services(folder=SLO):
    return sorted(path.stem for path in folder.glob("*.yaml"))


def cases():
    """Return every alert that the objectives ask for."""
    rates = policy()["burn_rates"]
    every = [Case(service, slo, **rate) for service in services() for slo in MEASURED for rate in rates]
    return [case for case in every if case.threshold < 1]


def burns(case):
    """A little too much, for ten minutes."""
    share = min(1.0, 1.1 * case.threshold)
    return case.test("burns", case.phases((share, 600)), case.fires(END))


def lasts(case):
    """A little less than too much."""
    return case.test("lasts", case.phases((0.9 * case.threshold, 600)), case.silent(END))


def ended(case):
    """Much too much, and then nothing for as long as the short window: the long one still remembers."""
    after = seconds(case.short) + 60
    before = max(300, 1.3 * after * case.threshold / (1 - case.threshold))
    before = STEP * 4 * round(before / STEP / 4 + 1)
    assert before + after < seconds(case.long)
    inputs, end = case.phases((1.0, before), (0.0, after + 60)), before + after
    return case.test("ended", inputs, case.fires(before - 60), case.still_above(end), case.silent(end))


def few(case):
    """Nothing but bad requests, and of these one less than it takes."""
    enough = policy()["least_bad_requests"] / (END / STEP + 1) / STEP
    return [
        case.test(name, case.phases((1.0, 600), rate=enough * share), moment)
        for name, share, moment in (("few", 0.95, case.silent(END)), ("just enough", 1.05, case.fires(END)))
    ]
