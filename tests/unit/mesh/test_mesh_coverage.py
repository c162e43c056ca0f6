"""The page that says what is covered must not promise what the schemas do not take."""

from __future__ import annotations

import pytest

from embedded.mesh import schemas
from embedded.mesh.coverage import COVERAGE


def test_each_feature_stands_once_with_a_known_state() -> None:
    assert {state for _feature, state, _remark in COVERAGE} == {"supported", "partly", "refused"}
    assert len({feature for feature, _state, _remark in COVERAGE}) == len(COVERAGE)


@pytest.mark.parametrize("field", sorted(schemas.HTTP_ROUTE["properties"].keys() - {"name"}))
def test_every_field_of_a_route_is_on_the_page(field: str) -> None:
    assert any(field in feature for feature, state, _remark in COVERAGE if state == "supported")


@pytest.mark.parametrize("field", ["corsPolicy", "delegate", "tcp", "tls", "exportTo"])
def test_what_is_refused_is_not_in_the_schemas(field: str) -> None:
    assert field not in schemas.HTTP_ROUTE["properties"]
    assert field not in schemas.VIRTUAL_SERVICE["properties"]
    assert any(field in feature for feature, state, _remark in COVERAGE if state == "refused")
