"""The HTTP routes of a VirtualService become Envoy routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from embedded.mesh import headers, matches, retries
from embedded.mesh.destinations import Resolver
from embedded.mesh.values import duration, share

Object = dict[str, Any]

_REDIRECTS = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}
NO_TIMEOUT = "0s"


def http_routes(resolver: Resolver, applies: Callable[[Object], bool]) -> list[Object]:
    """Return the Envoy routes of a VirtualService, in its order.

    Args:
        resolver: finds the clusters of its destinations.
        applies: tells whether a match is meant for this listener (its port, gateway and source namespace).
    """
    found = []
    for index, route in enumerate(resolver.body["spec"].get("http") or ()):
        name = f"{resolver.body['metadata']['name']}.{route.get('name') or index}"
        for match in _matches(route, applies):
            found.append({"name": name, "match": match, **_action(route, match, resolver, f"spec.http[{index}]")})
            if matches.catches_all(match):
                return found
    return found


def default_route(cluster: str) -> Object:
    """Return the route to a Service that no VirtualService speaks about."""
    action = {"cluster": cluster, "timeout": NO_TIMEOUT, "retry_policy": retries.retry_policy(None)}
    return {"name": "default", "match": matches.EVERYTHING, "route": action}


def _matches(route: Object, applies: Callable[[Object], bool]) -> list[Object]:
    if not route.get("match"):
        return [matches.EVERYTHING]
    return [matches.route_match(match) for match in route["match"] if matches.usable(match) and applies(match)]


def _action(route: Object, match: Object, resolver: Resolver, path: str) -> Object:
    """Return what is done with a request, and everything about it that stands beside the match."""
    if "redirect" in route:
        return {"redirect": _redirect(route["redirect"])}
    if "directResponse" in route:
        response = route["directResponse"]
        body = (response.get("body") or {}).get("string", "")
        return {"direct_response": {"status": response["status"], "body": {"inline_string": body}}}
    if not route.get("route"):
        body = f"{path} of VirtualService {resolver.body['metadata']['name']} has no action that is supported\n"
        return {"direct_response": {"status": 501, "body": {"inline_string": body}}}
    fault = {retries.FAULT_FILTER: retries.fault(route["fault"])} if route.get("fault") else {}
    return {
        "route": _forward(route, match, resolver, path),
        **headers.mutations(route.get("headers")),
        **({"typed_per_filter_config": fault} if fault else {}),
    }


def _forward(route: Object, match: Object, resolver: Resolver, path: str) -> Object:
    policy = retries.retry_policy(route.get("retries"))
    mirrors = [_mirror(mirror, resolver, f"{path}.mirror") for mirror in _mirrors(route)]
    rewrite = route.get("rewrite") or {}
    host = rewrite.get("authority") or headers.authority(route.get("headers"))
    return {
        "weighted_clusters": {"clusters": _weighted(route["route"], resolver, path)},
        "timeout": duration(route["timeout"]) if "timeout" in route else NO_TIMEOUT,
        **({"retry_policy": policy} if policy else {}),
        **({"request_mirror_policies": mirrors} if mirrors else {}),
        **_path_rewrite(rewrite, match),
        **({"host_rewrite_literal": host} if host else {}),
    }


def _weighted(destinations: list[Object], resolver: Resolver, path: str) -> list[Object]:
    """Split over the destinations; one without weight gets nothing, unless it is the only one."""
    alone = len(destinations) == 1
    clusters = []
    for index, each in enumerate(destinations):
        weight = 100 if alone else each.get("weight", 0)
        # Resolved even without weight: a wrong reference is to be known before it carries traffic.
        name = resolver.cluster(each["destination"], f"{path}.route[{index}].destination")
        if weight:
            clusters.append({"name": name, "weight": weight, **_destination_headers(each)})
    return clusters


def _destination_headers(destination: Object) -> Object:
    host = headers.authority(destination.get("headers"))
    return {**headers.mutations(destination.get("headers")), **({"host_rewrite_literal": host} if host else {})}


def _mirrors(route: Object) -> list[Object]:
    mirrors = list(route.get("mirrors") or ())
    if "mirror" in route:
        mirrors.append({"destination": route["mirror"], "percentage": route.get("mirrorPercentage")})
    return mirrors


def _mirror(mirror: Object, resolver: Resolver, path: str) -> Object:
    cluster = resolver.cluster(mirror["destination"], path)
    return {"cluster": cluster, "runtime_fraction": {"default_value": share(mirror.get("percentage"), unsaid=100)}}


def _path_rewrite(rewrite: Object, match: Object) -> Object:
    expression = rewrite.get("uriRegexRewrite")
    if expression:
        return {
            "regex_rewrite": {
                "pattern": {"regex": expression.get("match", "")},
                "substitution": expression.get("rewrite", ""),
            }
        }
    if "uri" not in rewrite:
        return {}
    if "prefix" in match:
        return {"prefix_rewrite": rewrite["uri"]}
    return {"regex_rewrite": {"pattern": {"regex": "^.*$"}, "substitution": rewrite["uri"]}}


def _redirect(redirect: Object) -> Object:
    fields: Object = {"response_code": _REDIRECTS[redirect.get("redirectCode", 301)]}
    for ours, theirs in (("uri", "path_redirect"), ("authority", "host_redirect"), ("port", "port_redirect")):
        if ours in redirect:
            fields[theirs] = redirect[ours]
    if "scheme" in redirect:
        fields["scheme_redirect"] = redirect["scheme"]
    return fields
