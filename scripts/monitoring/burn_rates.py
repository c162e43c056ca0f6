"""When somebody is told that an error budget burns: observability/slo/alerting/burn-rates.yaml, for every service."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from monitoring.errors import MonitoringError

FILE = Path("observability") / "slo" / "alerting" / "burn-rates.yaml"
_DURATION = re.compile(r"([1-9][0-9]*)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> int:
    """Return the seconds of a duration as Prometheus writes it, such as ``5m``.

    Raises:
        ValueError: it is none.
    """
    found = _DURATION.fullmatch(duration)
    if not found:
        raise ValueError(f"{duration} is no duration, such as 5m, 6h or 3d")
    return int(found[1]) * _SECONDS[found[2]]


def _checked(duration: str) -> str:
    seconds(duration)
    return duration


Duration = Annotated[str, AfterValidator(_checked)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BurnRate(_Part):
    """One pair of windows: who is told when the budget burns this many times too fast in both."""

    severity: Literal["page", "ticket"]
    factor: Annotated[float, Field(gt=0)]
    long: Duration
    short: Duration


class Policy(_Part):
    """How budgets are watched, whatever the service."""

    budget_days: Annotated[int, Field(ge=1)]
    evaluation_seconds: Annotated[int, Field(ge=1, le=30)]
    least_bad_requests: Annotated[int, Field(ge=1)]
    burn_rates: Annotated[tuple[BurnRate, ...], Field(min_length=1)]

    @property
    def windows(self) -> list[str]:
        """Return every window once, the shortest first."""
        return sorted({window for each in self.burn_rates for window in (each.long, each.short)}, key=seconds)


def load_policy(root: Path) -> Policy:
    """Read the burn rates of a checkout.

    Raises:
        MonitoringError: there is no such file, or something in it is wrong.
    """
    path = root / FILE
    try:
        policy = Policy.model_validate(yaml.safe_load(path.read_text()))
    except FileNotFoundError as error:
        raise MonitoringError(f"{path} is missing: it says when a burning error budget alerts somebody") from error
    except yaml.YAMLError as error:
        raise MonitoringError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise MonitoringError(f"{path}: {place}: {problem['msg']}") from error
    for each in policy.burn_rates:
        if seconds(each.short) >= seconds(each.long):
            raise MonitoringError(f"{path}: the short window {each.short} is not shorter than {each.long}")
    return policy
