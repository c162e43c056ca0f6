"""One step of a release on simulated gateways, and judges that have made up their minds."""

from tests.unit.delivery.simulation import SimulatedPrometheus, Simulation

from delivery.analysis import Analysis, Window
from delivery.journal.shift import Shift
from delivery.judge.evidence import Demand
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Finding, Verdict
from delivery.slo import load_slo

SLO = load_slo("order")
DEMAND = Demand(**SLO.analysis.margins.model_dump())


def begin(simulation, judge=None):
    return Analysis(
        SimulatedPrometheus(simulation), judge or SequentialJudge(SLO), SLO, "shop", simulation.clock, simulation.sleep
    )


def window(simulation, weight=10, deadline=60.0, **options):
    """Return the step that begins now: between two scrapes."""
    asked = simulation.now() + 0.2
    options.setdefault("shifts", (Shift(asked, asked + 0.01, weight),))
    step = {"step": f"canary at {weight} %", "at_once": False, "demand": DEMAND, "deadline": deadline}
    return Window(**{**step, **options})


def analyse(simulation, judge=None, **options):
    return begin(simulation, judge).run(window(simulation, **options))


def canary(errors=0.0, slow=0.0, rate=20, **options):
    simulation = Simulation(stable=(200, 0.0, 0.0), **options)
    simulation.traffic = {"stable": (180, 0.0, 0.0), "canary": (rate, errors, slow)}
    return simulation


def switched(errors=0.0, slow=0.0):
    simulation = Simulation(**{"": (200, 0.0, 0.0)})
    simulation.traffic[""] = (200, errors, slow)
    return simulation


class Patient:
    """A judge that wants to see more, and keeps what it was shown."""

    def __init__(self):
        self.shown = []

    def examine(self, evidence):
        self.shown.append(evidence)
        return Finding(Verdict.INCONCLUSIVE, "more")


class Constant:
    def __init__(self, verdict):
        self.verdict = verdict

    def examine(self, evidence):
        return Finding(self.verdict, "made up")
