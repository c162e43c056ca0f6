"""The import rules hold, and each of them would catch its breach."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")

BREACHES = {
    "drills use delivery, delivery uses cluster, never the other way round": ("scripts/cluster", "import delivery"),
    "only cluster imports kubernetes": ("scripts/delivery", "import kubernetes"),
    "the embedded cluster stands alone": ("scripts/embedded", "import cluster"),
    "what writes the monitoring's files knows the objectives and nothing that runs": (
        "scripts/monitoring",
        "import drills",
    ),
    "nothing imports the embedded cluster": ("scripts/drills", "import embedded"),
    "the inner loop knows the cluster, the catalogue of images, and nothing else": ("scripts/dev", "import delivery"),
    "the set-up knows the cluster and nothing else": ("scripts/provision", "import delivery"),
    "nothing imports the set-up": ("scripts/drills", "import provision"),
    "the users' view shares nothing with the analysis": ("scripts/drills/probes.py", "import delivery.analysis"),
    "services never import each other": ("services/order", "import user.domain"),
    "the chassis knows no domain and no platform": ("services/chassis", "import order.domain"),
    "services know nothing of the platform's scripts": ("services/user", "import toolchain"),
    "images are built without a cluster and without what goes into them": ("scripts/images", "import cluster"),
    "the pipeline runs drills and releases as programs, and builds upon manifests and images alone": (
        "scripts/pipeline",
        "import drills",
    ),
    "nothing imports the pipeline": ("scripts/delivery", "import pipeline"),
    "what changes the tree knows what is generated, and nothing that runs": ("scripts/scaffold", "import drills"),
}


def lint_imports(root: Path) -> tuple[int, str]:
    path = f"{root / 'services'}:{root / 'scripts'}"
    done = subprocess.run(
        [LINT, "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("services", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_import_rules_hold():
    status, output = lint_imports(ROOT)
    assert status == 0, output


@pytest.mark.parametrize("rule", BREACHES)
def test_a_breach_is_caught(rule: str, copy: Path):
    place, statement = BREACHES[rule]
    module = copy / place if place.endswith(".py") else copy / place / "breach.py"
    with module.open("a") as file:
        file.write(f"\n{statement}\n")
    status, output = lint_imports(copy)
    assert status == 1, output
    assert f"{rule} BROKEN" in " ".join(output.split())


def test_every_rule_has_a_breach_here():
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]} == set(BREACHES)
