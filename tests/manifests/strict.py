"""Reading objects as strictly as an API server does with fieldValidation=Strict: no field that the kind has not."""

import kubernetes.client
from jsonschema import Draft202012Validator

from embedded.mesh.validation import check as check_routing

STRING, STRINGS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}


def fields(**properties):
    return {"type": "object", "properties": properties, "additionalProperties": False}


def list_of(item):
    return {"type": "array", "items": item}


LABELS = {"type": "object", "additionalProperties": STRING}
SELECTOR = fields(matchLabels=LABELS)
SOURCE = fields(
    principals=STRINGS,
    namespaces=STRINGS,
    serviceAccounts=STRINGS,
    requestPrincipals=STRINGS,
    notRequestPrincipals=STRINGS,
)
PORT = fields(number={"type": "integer", "minimum": 1, "maximum": 65535}, name=STRING, protocol=STRING)
# The part of Istio's kinds that the platform uses and the embedded mesh does not check.
SPECS = {
    "Gateway": fields(
        selector=LABELS,
        servers=list_of(
            fields(
                port=PORT,
                hosts=STRINGS,
                tls=fields(
                    mode={"enum": ["PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL"]},
                    credentialName=STRING,
                    httpsRedirect={"type": "boolean"},
                ),
            )
        ),
    ),
    "ServiceEntry": fields(
        hosts=STRINGS,
        addresses=STRINGS,
        ports=list_of(PORT),
        location={"enum": ["MESH_EXTERNAL", "MESH_INTERNAL"]},
        resolution={"enum": ["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN"]},
    ),
    "EnvoyFilter": fields(
        workloadSelector=fields(labels=LABELS),
        configPatches=list_of(
            fields(
                applyTo={
                    "enum": ["LISTENER", "NETWORK_FILTER", "HTTP_FILTER", "HTTP_ROUTE", "VIRTUAL_HOST", "CLUSTER"]
                },
                match=fields(
                    context={"enum": ["ANY", "GATEWAY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND"]},
                    listener={"type": "object"},
                ),
                patch=fields(
                    operation={"enum": ["MERGE", "ADD", "REMOVE", "REPLACE", "INSERT_BEFORE", "INSERT_AFTER"]},
                    # Envoy's own, and checked by Envoy: see test_rate_limit.py.
                    value={"type": "object"},
                ),
            )
        ),
    ),
    "PeerAuthentication": fields(
        selector=SELECTOR, mtls=fields(mode={"enum": ["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]})
    ),
    "RequestAuthentication": fields(
        selector=SELECTOR,
        jwtRules=list_of(
            fields(issuer=STRING, jwksUri=STRING, audiences=STRINGS, forwardOriginalToken={"type": "boolean"})
        ),
    ),
    "AuthorizationPolicy": fields(
        selector=SELECTOR,
        action={"enum": ["ALLOW", "DENY", "AUDIT", "CUSTOM"]},
        rules=list_of(
            fields(
                **{"from": list_of(fields(source=SOURCE))},
                to=list_of(fields(operation=fields(paths=STRINGS, methods=STRINGS, ports=STRINGS))),
            )
        ),
    ),
    "Telemetry": fields(
        selector=fields(matchLabels=LABELS),
        accessLogging=list_of(fields(providers=list_of(fields(name=STRING)), disabled={"type": "boolean"})),
        tracing=list_of(
            fields(
                providers=list_of(fields(name=STRING)),
                randomSamplingPercentage={"type": "number", "minimum": 0, "maximum": 100},
            )
        ),
    ),
}
ISTIO_KINDS = {
    "networking.istio.io/v1": {"Gateway", "VirtualService", "DestinationRule", "ServiceEntry"},
    "networking.istio.io/v1alpha3": {"EnvoyFilter"},
    "security.istio.io/v1": {"PeerAuthentication", "AuthorizationPolicy", "RequestAuthentication"},
    "telemetry.istio.io/v1": {"Telemetry"},
}


def problems(body):
    """Return what an API server would refuse in an object."""
    version, kind = body["apiVersion"], body["kind"]
    if ".istio.io/" not in version:
        return _kubernetes_problems(version, kind, body)
    if kind not in ISTIO_KINDS.get(version, ()):
        return [f"there is no {kind} in {version}"]
    if kind in SPECS:
        return [error.message for error in Draft202012Validator(SPECS[kind]).iter_errors(body["spec"])]
    return [message for _reason, message in check_routing(kind, body)]


def _kubernetes_problems(version, kind, body):
    # Named by version and kind without the group: V1Deployment, V2HorizontalPodAutoscaler.
    model = getattr(kubernetes.client, f"{version.rpartition('/')[2].capitalize()}{kind}", None)
    if model is None:
        return [f"there is no {kind} in {version}"]
    try:
        model.model_validate(body)
    except ValueError as error:
        return [" ".join(str(error).split())]
    return []
