import pytest
from tests.unit.provision.fakes import Fakes

VARIABLES = ("KUBECONFIG", "KUBECONTEXT", "NAMESPACE", "CONFIRM", "IMAGE_REGISTRY", "GATEWAY_PORT", "INSTALL_ISTIO")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fakes(tmp_path, monkeypatch) -> Fakes:
    """A PATH on which there is nothing but what a test puts there."""
    made = Fakes(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(made.folder))
    return made
