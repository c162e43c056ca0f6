"""Options of the whole test run, and what may run beside what."""

import signal

import pytest

# Drills count users on a cluster of their own and wait most of the time; so do the other folders that need a cluster.
# Two lanes, each in its order: within a lane nothing runs beside anything else.
LANES = {
    "drills": "drills",
    "labs": "platform",
    "contract": "platform",
    "signals": "platform",
    "browser": "platform",
    "dev": "platform",
}


def pytest_configure(config):
    # What is started in the background ignores Ctrl-C, and so would every program that a test starts and interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--cluster",
        default="embedded",
        help="what the contract tests run against: `embedded` starts a cluster of its own; `kind` is the one of"
        " `make up CLUSTER=kind`, or any context kind-*; `context` is that of KUBECONFIG and KUBECONTEXT; anything else"
        " is the path of a kubeconfig. A cluster that is neither embedded nor kind's needs CONFIRM=1.",
    )


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    root = config.rootpath / "tests"
    for item in items:
        if lane := LANES.get(item.path.relative_to(root).parts[0]):
            item.add_marker(pytest.mark.xdist_group(lane))
