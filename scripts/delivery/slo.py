"""The thresholds of a service, from its file in observability/slo: there are no others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cluster.settings import REPOSITORY
from delivery.errors import DeliveryError

FOLDER = REPOSITORY / "observability" / "slo"
# Names another folder of objectives: for services that are not this repository's.
ELSEWHERE = "SLO_FOLDER"

Share = Annotated[float, Field(gt=0, lt=1)]
Margin = Annotated[float, Field(ge=0, lt=1)]
Seconds = Annotated[float, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Latency(_Part):
    """How fast most requests are answered."""

    threshold_seconds: Seconds
    share: Share


class Objectives(_Part):
    """What users are promised."""

    availability: Share
    latency: Latency


class Margins(_Part):
    """By how much the new version's shares of bad requests may exceed the stable one's."""

    errors: Margin
    slow: Margin
    typical: Margin
    tail: Margin


class Tolerance(_Part):
    """By how much the new version may be slower without being worse; both are allowed at once, the larger counts."""

    share: Margin
    seconds: Annotated[float, Field(ge=0)]


class Analysis(_Part):
    """How a new version is compared with the stable one."""

    alpha: Annotated[float, Field(gt=0, lt=0.5)]
    beta: Annotated[float, Field(gt=0, lt=0.5)]
    margins: Margins
    tolerance: Tolerance
    deadline_seconds: Seconds
    stale_seconds: Seconds
    blind_seconds: Seconds
    baseline_seconds: Seconds


class Slo(_Part):
    """The objectives of one service, and how its releases are judged by them."""

    service: str
    objectives: Objectives
    analysis: Analysis

    @property
    def error_budget(self) -> float:
        """Return the share of requests that may fail."""
        return round(1 - self.objectives.availability, 9)

    @property
    def slow_budget(self) -> float:
        """Return the share of requests that may be slower than the threshold."""
        return round(1 - self.objectives.latency.share, 9)


def load_slo(service: str, folder: Path | None = None) -> Slo:
    """Read the thresholds of a service.

    Args:
        service: its name, and that of the file.
        folder: where; None for SLO_FOLDER, else observability/slo.

    Raises:
        DeliveryError: there is no such file, or something in it is wrong.
    """
    path = (folder or Path(os.environ.get(ELSEWHERE) or FOLDER)) / f"{service}.yaml"
    try:
        slo = Slo.model_validate(yaml.safe_load(path.read_text()))
    except FileNotFoundError as error:
        raise DeliveryError(f"service {service} has no objectives: write them down in {path}") from error
    except yaml.YAMLError as error:
        raise DeliveryError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise DeliveryError(f"{path}: {_first(error)}") from error
    if slo.service != service:
        raise DeliveryError(f"{path}: service is {slo.service}, and the file is called {service}.yaml")
    return slo


def _first(error: ValidationError) -> str:
    """Return the first thing that is wrong, by its place in the file."""
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"]) or "the file"
    return f"{place}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
