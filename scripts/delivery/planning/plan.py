"""The plan of a release: how small it begins, how fast it grows, and how long a step may take.

Everything has a default, so that no service needs a plan. One that wants another carries it where the release is
started (``--plan FILE``) or on its Service, as YAML in an annotation, so that it travels with the manifests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cluster.transport import Json
from delivery.errors import DeliveryError

ANNOTATION = "delivery.proving-ground/plan"

Percent = Annotated[int, Field(ge=1, le=99)]


class Plan(BaseModel):
    """How a release lets users in.

    Attributes:
        handful: requests that the new version gets between two looks of the judge at the first weight: so many users
            a version that fails them all may hurt before it can be seen.
        factor: by how much the share of the users grows from step to step, at most.
        last: the last weight, in percent; beside it the stable version still has traffic to compare with.
        weights: the weights themselves, in percent, for who wants to choose them; else they follow from the traffic.
        deadline_seconds: how long one step may take; None for what the service's objectives say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    handful: Annotated[int, Field(ge=1, le=1000)] = 4
    factor: Annotated[float, Field(gt=1, le=100)] = 2.5
    last: Percent = 50
    weights: tuple[Percent, ...] | None = Field(default=None, strict=False)
    deadline_seconds: Annotated[float, Field(gt=0)] | None = None

    @field_validator("weights")
    @classmethod
    def _grow(cls, weights: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if weights is not None and (not weights or list(weights) != sorted(set(weights))):
            raise ValueError("name growing shares, as in [5, 20, 50]")
        return weights


def plan_of(service: Json) -> Plan:
    """Return the plan that a Service carries, else the default.

    Args:
        service: the Service, as the API server has it.

    Raises:
        DeliveryError: something in it is wrong; one line for each wrong entry.
    """
    text = (service["metadata"].get("annotations") or {}).get(ANNOTATION)
    if text is None:
        return Plan()
    return _parsed(text, f"annotation {ANNOTATION} of Service {service['metadata']['name']}")


def read_plan(path: Path) -> Plan:
    """Return the plan in a file.

    Raises:
        DeliveryError: there is no such file, or something in it is wrong; one line for each wrong entry.
    """
    try:
        return _parsed(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "no text"
        raise DeliveryError(f"plan {path} cannot be read: {said.lower()}") from error


def with_weights(plan: Plan, text: str) -> Plan:
    """Return a plan with the weights of the command line, such as ``5,20,50``, instead of its own.

    Raises:
        DeliveryError: they do not grow, or are no shares.
    """
    try:
        weights = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise DeliveryError(f"--weights {text!r}: name growing shares, as in 5,20,50") from error
    return _checked({**plan.model_dump(), "weights": weights}, "--weights")


def _parsed(text: str, origin: str) -> Plan:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DeliveryError(f"{origin} is no YAML: {' '.join(str(error).split())}") from error
    return _checked({} if content is None else content, origin)


def _checked(content: Any, origin: str) -> Plan:
    try:
        return Plan.model_validate(content)
    except ValidationError as error:
        raise DeliveryError("\n".join(f"{origin}: {_said(problem)}" for problem in error.errors())) from error


def _said(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"]) or "the plan"
    said = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        said = f"there is no such entry, choose {', '.join(Plan.model_fields)}"
    return f"{place}: {said[0].lower()}{said[1:]}"
