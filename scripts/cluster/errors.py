"""What can go wrong between these scripts and a cluster, each in one line that a person can act on."""

# ruff: noqa: N818 - the names are Kubernetes' own words

from __future__ import annotations

import json
from typing import Any


class ClusterError(Exception):
    """Something about the cluster stands in the way; the message is one line that says what, and what to do."""


class Unreachable(ClusterError):
    """The API server does not answer; it may do so a moment later."""


class Busy(ClusterError):
    """The API server has too much to do, or is ill; it may not be a moment later.

    Args:
        message: one line.
        retry_after: seconds that it asks to be left alone.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Forbidden(ClusterError):
    """The API server knows who asks and says no, or does not know who asks."""


class NotFound(ClusterError):
    """There is no such object."""


class Conflict(ClusterError):
    """Somebody else changed the object meanwhile, or took the name."""


class Invalid(ClusterError):
    """The API server refuses what an object says, or that it is to say something else now."""


class Expired(ClusterError):
    """A watch asked for changes that the API server no longer remembers."""


class PrometheusError(ClusterError):
    """Prometheus cannot be asked, or cannot answer."""


class BackendError(ClusterError):
    """A tool that keeps traces, logs or dashboards cannot be asked, or answers nonsense."""


class Absent(BackendError):
    """This cluster has no such tool."""


# Reasons that mean: the image is not where the node looks for it.
_IMAGE_REASONS = frozenset({"ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff"})
_IMAGE_HINT = "; the shop's own images are built by `make images`, and kind gets them by `make up CLUSTER=kind`"


class Unready(ClusterError):
    """Something did not become ready.

    Args:
        what: the object, such as ``Deployment order-canary``.
        reason: Kubernetes' own word, such as ``CrashLoopBackOff``.
        detail: what Kubernetes says about it.
    """

    def __init__(self, what: str, reason: str, detail: str = "") -> None:
        hint = _IMAGE_HINT if reason in _IMAGE_REASONS else ""
        super().__init__(f"{what} is not ready: {reason}" + (f" ({detail})" if detail else "") + hint)
        self.what = what
        self.reason = reason
        self.detail = detail


_BY_CODE: dict[int, type[ClusterError]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
    422: Invalid,
    429: Busy,
    500: Busy,
    502: Busy,
    503: Busy,
    504: Busy,
}


def refusal(cluster: str, request: str, code: int, body: bytes | str) -> ClusterError:
    """Return the error for an answer that is no success.

    Args:
        cluster: name of the cluster that answered.
        request: what was asked, such as ``GET /api/v1/pods``.
        code: HTTP status code.
        body: what came with it: a ``v1.Status`` object, or any text.
    """
    kind = _BY_CODE.get(code, ClusterError)
    said = " ".join(_message(body).split()) or "no reason given"
    if code == 401:
        said = f"the credentials in the kubeconfig are not accepted ({said})"
    return kind(f"cluster {cluster}: {said} [{code} to {request}]")


def _message(body: bytes | str) -> str:
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    try:
        status: Any = json.loads(text)
    except ValueError:
        return text[:200]
    return str(status.get("message") or status.get("error") or "") if isinstance(status, dict) else text[:200]
