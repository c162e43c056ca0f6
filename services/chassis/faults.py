"""Faults on demand: what bad releases are made with. Off unless configured; README.md documents each.

Probes, metrics and the API's description are never touched: a bad release must look healthy to Kubernetes, or the
drills would only show that probes work.
"""

from __future__ import annotations

import random
import time

import structlog
from flask import Flask, request

from chassis.config import Settings
from chassis.problems import Problem

SPARED = frozenset({"/livez", "/readyz", "/metrics", "/openapi.json"})
CRASH_EXIT_CODE = 1

_log = structlog.get_logger()


def crash_on_start(settings: Settings) -> None:
    """End the process if the configuration asks for it.

    Raises:
        SystemExit: with code 1 when FAULT_CRASH_ON_START is set.
    """
    if settings.fault_crash_on_start:
        _log.error("crashing on start, as FAULT_CRASH_ON_START asks")
        raise SystemExit(CRASH_EXIT_CODE)


def install(app: Flask, settings: Settings) -> None:
    """Add the configured faults to a service; without any, requests pay nothing."""
    delay = settings.fault_latency_ms / 1000

    def inject() -> None:
        if request.path in SPARED:
            return
        if delay and _happens(settings.fault_latency_share):
            time.sleep(delay)
        if _happens(settings.fault_error_share):
            raise Problem(500, "This error was made by FAULT_ERROR_SHARE.", kind="injected-fault")

    active = {name: value for name, value in settings.model_dump().items() if name.startswith("fault_") and value}
    if settings.fault_error_share or (delay and settings.fault_latency_share):
        app.before_request(inject)
    if active.keys() - {"fault_latency_share"}:
        _log.warning("faults are on", **active)


def _happens(share: float) -> bool:
    return random.random() < share  # noqa: S311 - a dice, not a secret
