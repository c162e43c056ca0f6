"""Options of the whole test run."""


def pytest_addoption(parser):
    parser.addoption(
        "--cluster",
        default="embedded",
        help="what the contract tests run against: `embedded` starts a cluster of its own; anything else is the path"
        " of a kubeconfig",
    )
