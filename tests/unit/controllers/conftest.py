from __future__ import annotations

import pytest
from tests.unit.controllers.lab import NAMESPACE, Lab

from embedded.apiserver.resources import NAMESPACES


@pytest.fixture
def lab():
    lab = Lab()
    lab.store.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    lab.settle()
    return lab
