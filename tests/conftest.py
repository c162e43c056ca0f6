"""Options of the whole test run."""


def pytest_addoption(parser):
    parser.addoption(
        "--cluster",
        default="embedded",
        help="what the contract tests run against: `embedded` starts a cluster of its own; `kind` is the one of"
        " `make up CLUSTER=kind`, or any context kind-*; `context` is that of KUBECONFIG and KUBECONTEXT; anything else"
        " is the path of a kubeconfig. A cluster that is neither embedded nor kind's needs CONFIRM=1.",
    )
