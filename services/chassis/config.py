"""Configuration from the environment, checked before anything else happens.

A service that starts with half of a wrong configuration fails later, elsewhere and obscurely. Here a wrong value ends
the process at once with one line on stderr that names the variable, the value and what would be right.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal, NoReturn, TypeVar

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

EXIT_CODE = 2
SECRETS = {"DATABASE_URL"}
SAMPLERS = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def _check_http_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if scheme not in ("http", "https") or not separator or not rest.strip("/"):
        raise ValueError("give a URL such as http://host:8080")
    return value.rstrip("/")


def _check_database_url(value: str) -> str:
    """Accept SQLite and PostgreSQL, the latter always through psycopg 3."""
    try:
        url = make_url(value)
    except ArgumentError:
        raise ValueError("give a URL such as sqlite:///shop.db or postgresql://user:password@host/shop") from None
    backend = "postgresql" if url.drivername == "postgres" else url.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ValueError(f"give sqlite or postgresql, not {backend}")
    driver = "sqlite" if backend == "sqlite" else "postgresql+psycopg"
    return url.set(drivername=driver).render_as_string(hide_password=False)


HttpUrl = Annotated[str, AfterValidator(_check_http_url)]
DatabaseUrl = Annotated[str, AfterValidator(_check_database_url)]


class Settings(BaseSettings):
    """What every service can be told; the variables bear the same names in capitals. README.md explains each."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    app_version: Literal["v1", "v2"] = "v1"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    http_host: str = "0.0.0.0"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    http_threads: Annotated[int, Field(ge=1, le=64)] = 16
    shutdown_delay_seconds: Annotated[float, Field(ge=0, le=300, allow_inf_nan=False)] = 5.0
    shutdown_drain_seconds: Annotated[float, Field(ge=0, le=300, allow_inf_nan=False)] = 20.0

    fault_error_share: Share = 0.0
    fault_latency_ms: Annotated[float, Field(ge=0, le=60_000, allow_inf_nan=False)] = 0.0
    fault_latency_share: Share = 1.0
    fault_not_ready: bool = False
    fault_crash_on_start: bool = False

    # Read by the OpenTelemetry SDK itself; declared here so that a wrong value stops the service too.
    otel_traces_sampler: SAMPLERS = "parentbased_always_on"
    otel_traces_sampler_arg: Share = 1.0
    otel_exporter_otlp_endpoint: HttpUrl | None = None
    otel_exporter_otlp_traces_endpoint: HttpUrl | None = None
    otel_bsp_schedule_delay: Annotated[int, Field(ge=1, le=60_000)] = 5000

    @property
    def exports_traces(self) -> bool:
        """Tell whether spans have somewhere to go."""
        return bool(self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint)


class PersistentSettings(Settings):
    """What a service with a database can be told; each gives its own default."""

    database_url: DatabaseUrl


S = TypeVar("S", bound=Settings)


def load(kind: type[S]) -> S:
    """Read the environment.

    Args:
        kind: the service's own settings.

    Raises:
        SystemExit: with code 2, after one line on stderr, when a value is wrong.
    """
    try:
        settings = kind()
    except ValidationError as error:
        refuse("; ".join(_explain(item["loc"], item["msg"]) for item in error.errors()))
    _refuse_unknown_faults(kind)
    return settings


def refuse(reason: str) -> NoReturn:
    """End the process over a wrong configuration, in one line.

    Raises:
        SystemExit: always, with code 2.
    """
    sys.stderr.write(f"configuration error: {reason}\n")
    raise SystemExit(EXIT_CODE)


def _explain(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]).upper()
    value = next((value for key, value in os.environ.items() if key.upper() == name), "")
    shown = "" if name in SECRETS else f"={value!r}"
    return f"{name}{shown}: {message.removeprefix('Value error, ')}"


def _refuse_unknown_faults(kind: type[Settings]) -> None:
    """A misspelt fault would leave a bad release good, and every drill that relies on it worthless."""
    known = sorted(name.upper() for name in kind.model_fields if name.startswith("fault_"))
    for name in os.environ:
        if name.upper().startswith("FAULT_") and name.upper() not in known:
            refuse(f"{name}: no such fault; the faults are {', '.join(known)}")
