"""What the API server covers of Kubernetes, for the page that says so; kinds and subresources are read off the code."""

from __future__ import annotations

COVERAGE: list[tuple[str, str, str]] = [
    ("get, list, create, update, patch, delete, deletecollection", "supported", "dryRun=All, generateName, limit"),
    (
        "watch",
        "supported",
        "bookmarks, 410 for old versions, sendInitialEvents, selections that objects enter and leave",
    ),
    ("continue", "partly", "later pages show the objects as they are then, not as of the first page"),
    ("labelSelector, fieldSelector", "partly", "the fields of Kubernetes; no > and < in label selectors"),
    ("JSON patch, merge patch, strategic merge patch", "supported", "the latter for built-in kinds, as in Kubernetes"),
    ("server-side apply", "supported", "managers, conflicts, force, removal; writes of controllers have no manager"),
    ("fieldValidation", "supported", "Strict, Warn, Ignore; repeated fields are not noticed"),
    ("defaults and validation", "partly", "of the fields that the cluster's manifests use; no CEL"),
    ("Table", "supported", "kubectl's columns, additionalPrinterColumns"),
    ("protobuf", "partly", "bodies of what kubectl create, autoscale and drain send; answers are JSON"),
    ("discovery, OpenAPI v3", "supported", "plain and aggregated; OpenAPI v2 is empty"),
    ("CustomResourceDefinition", "partly", "one version (the stored one), structural schemas; no conversion, no CEL"),
    ("CustomResourceDefinition: deletion", "partly", "removes its objects at once, whatever their finalizers"),
    ("resourceVersion of get and list", "partly", "any version is answered with the newest"),
    ("autoscaling/v1", "partly", "create only, for kubectl autoscale"),
    ("authentication", "partly", "one bearer token, one user"),
    ("authorization, admission webhooks, quotas, priority", "refused", "the one user may do everything"),
    ("pods/log", "partly", "sinceSeconds and timestamps are ignored: lines have no times but their own"),
    ("pods/eviction", "supported", "asks the disruption budgets"),
    ("Service: nodePort", "partly", "kept as given, never allocated"),
]
