"""Options of the whole test run."""

import signal


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
