"""Reviews: questions about who one is and what one may do; whoever was let in may do everything."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from embedded.apiserver import representation, requests

Object = dict[str, Any]
USER = "admin"
GROUPS = ["system:masters", "system:authenticated"]
_EVERYTHING = [
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
]
# (group, plural) -> kind, as discovery lists them.
REVIEWS = {
    ("authorization.k8s.io", "selfsubjectaccessreviews"): "SelfSubjectAccessReview",
    ("authorization.k8s.io", "selfsubjectrulesreviews"): "SelfSubjectRulesReview",
    ("authentication.k8s.io", "selfsubjectreviews"): "SelfSubjectReview",
}


async def review(request: web.Request, group: str, kind: str) -> web.Response:
    """Answer POST on one of the reviews of oneself."""
    body = await requests.read_body(request) or {}
    answer = {"kind": kind, "apiVersion": f"{group}/v1", "metadata": {}, "spec": body.get("spec") or {}}
    if kind == "SelfSubjectReview":
        del answer["spec"]
    return representation.answer({**answer, "status": _status(kind)}, 201)


def _status(kind: str) -> Object:
    if kind == "SelfSubjectAccessReview":
        return {"allowed": True, "reason": "the cluster has one user, who may do everything"}
    if kind == "SelfSubjectRulesReview":
        other = [{"verbs": ["*"], "nonResourceURLs": ["*"]}]
        return {"resourceRules": _EVERYTHING, "nonResourceRules": other, "incomplete": False}
    return {"userInfo": {"username": USER, "groups": GROUPS}}
