"""Logs Docker in to the registry, with a password that only goes through a pipe."""

from __future__ import annotations

import os
import subprocess

from pipeline.errors import NotCheckedError
from pipeline.programs import foreign, last_line

USER, PASSWORD, REGISTRY = "REGISTRY_USER", "REGISTRY_PASSWORD", "IMAGE_REGISTRY"


def log_in() -> str:
    """Log in to the host of IMAGE_REGISTRY, and return its name.

    Raises:
        NotCheckedError: a setting is missing, or the registry refuses.
    """
    missing = [name for name in (REGISTRY, USER, PASSWORD) if not os.environ.get(name)]
    if missing:
        raise NotCheckedError(f"{', '.join(missing)} must be set to log in to a registry: docs/pipeline.md says where")
    host = os.environ[REGISTRY].partition("/")[0]
    docker = foreign("docker", "install it; the registry is reached by it")
    command = [docker, "login", "--username", os.environ[USER], "--password-stdin", host]
    done = subprocess.run(command, input=os.environ[PASSWORD], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotCheckedError(f"{host} refuses the log-in: {last_line(done)}")
    return host
