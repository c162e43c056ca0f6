"""The part of Istio's objects that the mesh understands, as JSON schemas.

Whatever a schema does not name is unsupported and reported with its path; what it names must have the right form. So
the translation can trust the shape of what it reads.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def fields(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Return the schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def list_of(item: Schema, at_least: int = 0) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": item, "minItems": at_least}


def map_of(item: Schema) -> Schema:
    """Return the schema of an object with any names."""
    return {"type": "object", "additionalProperties": item}


def one_of(*values: str) -> Schema:
    """Return the schema of a choice."""
    return {"enum": list(values)}


STRING: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
STATUS: Schema = {"type": "integer", "minimum": 200, "maximum": 599}
PERCENT: Schema = {"type": "number", "minimum": 0, "maximum": 100}
PERCENTAGE = fields(value=PERCENT)
DURATION: Schema = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|h|m|s))+$"}
STRING_MATCH: Schema = {**fields(exact=STRING, prefix=STRING, regex=STRING), "maxProperties": 1}

# Fields of a match: an unknown one makes the match unusable, see `matches`.
MATCH = fields(
    name=STRING,
    uri=STRING_MATCH,
    scheme=STRING_MATCH,
    method=STRING_MATCH,
    authority=STRING_MATCH,
    headers=map_of(STRING_MATCH),
    withoutHeaders=map_of(STRING_MATCH),
    queryParams=map_of(STRING_MATCH),
    ignoreUriCase=BOOLEAN,
    port=PORT,
    gateways=list_of(STRING),
    sourceNamespace=STRING,
)
HEADER_OPERATIONS = fields(set=map_of(STRING), add=map_of(STRING), remove=list_of(STRING))
HEADERS = fields(request=HEADER_OPERATIONS, response=HEADER_OPERATIONS)
DESTINATION = fields(("host",), host=STRING, subset=STRING, port=fields(number=PORT))
HTTP_ROUTE = fields(
    name=STRING,
    match=list_of(MATCH),
    route=list_of(fields(("destination",), destination=DESTINATION, weight=COUNT, headers=HEADERS)),
    redirect=fields(uri=STRING, authority=STRING, port=PORT, scheme=STRING, redirectCode=COUNT),
    directResponse=fields(("status",), status=STATUS, body=fields(string=STRING)),
    rewrite=fields(uri=STRING, authority=STRING, uriRegexRewrite=fields(match=STRING, rewrite=STRING)),
    timeout=DURATION,
    retries=fields(attempts=COUNT, perTryTimeout=DURATION, retryOn=STRING, backoff=DURATION),
    fault=fields(
        abort=fields(("httpStatus",), httpStatus=STATUS, percentage=PERCENTAGE),
        delay=fields(("fixedDelay",), fixedDelay=DURATION, percentage=PERCENTAGE),
    ),
    mirror=DESTINATION,
    mirrorPercentage=PERCENTAGE,
    mirrors=list_of(fields(("destination",), destination=DESTINATION, percentage=PERCENTAGE)),
    headers=HEADERS,
)
VIRTUAL_SERVICE = fields(
    ("hosts",), hosts=list_of(STRING, at_least=1), gateways=list_of(STRING), http=list_of(HTTP_ROUTE)
)

LOAD_BALANCER = fields(
    simple=one_of("UNSPECIFIED", "ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN", "RANDOM"),
)
CONNECTION_POOL = fields(
    tcp=fields(
        maxConnections=COUNT,
        connectTimeout=DURATION,
        maxConnectionDuration=DURATION,
        tcpKeepalive=fields(probes=COUNT, time=DURATION, interval=DURATION),
    ),
    http=fields(
        http1MaxPendingRequests=COUNT,
        http2MaxRequests=COUNT,
        maxRequestsPerConnection=COUNT,
        maxRetries=COUNT,
        idleTimeout=DURATION,
        h2UpgradePolicy=one_of("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
    ),
)
OUTLIER_DETECTION = fields(
    consecutive5xxErrors=COUNT,
    consecutiveGatewayErrors=COUNT,
    consecutiveLocalOriginFailures=COUNT,
    splitExternalLocalOriginErrors=BOOLEAN,
    interval=DURATION,
    baseEjectionTime=DURATION,
    maxEjectionPercent=PERCENT,
    minHealthPercent=PERCENT,
)
_POLICY: dict[str, Schema] = {
    "loadBalancer": LOAD_BALANCER,
    "connectionPool": CONNECTION_POOL,
    "outlierDetection": OUTLIER_DETECTION,
}
TRAFFIC_POLICY = fields(
    (),
    **_POLICY,
    portLevelSettings=list_of(fields(("port",), port=fields(("number",), number=PORT), **_POLICY)),
)
DESTINATION_RULE = fields(
    ("host",),
    host=STRING,
    trafficPolicy=TRAFFIC_POLICY,
    subsets=list_of(fields(("name",), name=STRING, labels=map_of(STRING), trafficPolicy=TRAFFIC_POLICY)),
)

GATEWAY = fields(
    ("servers",),
    selector=map_of(STRING),
    servers=list_of(
        fields(
            ("port", "hosts"),
            name=STRING,
            port=fields(("number", "protocol"), number=PORT, protocol=STRING, name=STRING),
            hosts=list_of(STRING, at_least=1),
        )
    ),
)
