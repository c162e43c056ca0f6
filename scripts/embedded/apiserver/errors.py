"""The API server's refusals, as Kubernetes words them: a Status object with a code, a reason and a message."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request that the API server refuses; carries everything of its Status object.

    Args:
        code: HTTP status code.
        reason: machine-readable reason in Kubernetes' words, such as ``NotFound``.
        message: one line for people.
        details: the ``details`` member of the Status object, if there is any.
    """

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}

    def status(self) -> dict[str, Any]:
        """Return the ``v1.Status`` object that goes over the wire."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }


def bad_request(message: str) -> ApiError:
    """Return the refusal of a request that cannot be read."""
    return ApiError(400, "BadRequest", message)


def not_found(plural: str, name: str) -> ApiError:
    """Return the refusal for an object that does not exist."""
    return ApiError(404, "NotFound", f'{plural} "{name}" not found', {"kind": plural, "name": name})


def already_exists(plural: str, name: str) -> ApiError:
    """Return the refusal to create an object a second time."""
    return ApiError(409, "AlreadyExists", f'{plural} "{name}" already exists', {"kind": plural, "name": name})


def conflict(plural: str, name: str, why: str) -> ApiError:
    """Return the refusal of a write that was based on an old version of the object."""
    message = f'Operation cannot be fulfilled on {plural} "{name}": {why}'
    return ApiError(409, "Conflict", message, {"kind": plural, "name": name})


def forbidden(plural: str, name: str, why: str) -> ApiError:
    """Return the refusal of something that the state of the cluster does not allow."""
    return ApiError(403, "Forbidden", f'{plural} "{name}" is forbidden: {why}', {"kind": plural, "name": name})


def gone(message: str) -> ApiError:
    """Return the refusal of a watch that starts too far in the past."""
    return ApiError(410, "Expired", message)


def invalid(kind: str, name: str, problems: list[tuple[str, str]]) -> ApiError:
    """Return the refusal of an object with wrong fields.

    Args:
        kind: kind of the object.
        name: its name.
        problems: pairs of field path and what is wrong there.
    """
    causes = [{"reason": _cause(problem), "field": field, "message": problem} for field, problem in problems]
    text = ", ".join(f"{field}: {problem}" for field, problem in problems)
    text = f"[{text}]" if len(problems) > 1 else text
    details = {"kind": kind, "name": name, "causes": causes}
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def not_implemented(gap: str) -> ApiError:
    """Return the refusal of something that Kubernetes does and this cluster does not.

    Args:
        gap: what is missing, in Kubernetes' own words.
    """
    return ApiError(
        501, "NotImplemented", f"the embedded cluster does not implement {gap}", {"kind": "gap", "name": gap}
    )


def _cause(problem: str) -> str:
    kind = problem.partition(":")[0]
    return {
        "Required value": "FieldValueRequired",
        "Unsupported value": "FieldValueNotSupported",
        "Forbidden": "FieldValueForbidden",
        "Duplicate value": "FieldValueDuplicate",
    }.get(kind, "FieldValueInvalid")
