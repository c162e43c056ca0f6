"""What the controllers cover of Kubernetes, for the page that says so."""

from __future__ import annotations

COVERAGE: list[tuple[str, str, str]] = [
    ("Deployment: RollingUpdate", "supported", "maxSurge and maxUnavailable, minReadySeconds, progressDeadlineSeconds"),
    ("Deployment: Recreate", "supported", "old pods have ended before the first new one is made"),
    (
        "Deployment: pause, resume, undo, history",
        "supported",
        "revisions and change-cause as annotations of ReplicaSets",
    ),
    (
        "Deployment: scaled in the middle of a rollout",
        "supported",
        "in proportion, but a needed available pod never goes",
    ),
    ("Deployment: collisionCount", "refused", "a ReplicaSet's name that is taken is tried again until it is free"),
    ("ReplicaSet", "supported", "adoption, release, Kubernetes' order of deletion with pod-deletion-cost"),
    (
        "Job: completions, parallelism, backoffLimit, activeDeadlineSeconds, suspend, ttlSecondsAfterFinished",
        "supported",
        "each pod is counted once; back-off between pods from 1 s (Kubernetes: 10 s) to 6 min",
    ),
    ("Job: podFailurePolicy", "partly", "FailJob and Count on exit codes; other rules are 501"),
    (
        "Job: Indexed, successPolicy, backoffLimitPerIndex, manualSelector, managedBy",
        "refused",
        "501 names the field; so does podReplacementPolicy Failed",
    ),
    ("Job: template changed while suspended", "refused", "the template is immutable always"),
    ("StatefulSet, DaemonSet, CronJob", "refused", "these kinds are not served"),
    ("EndpointSlice", "partly", "IPv4 only; trafficDistribution and dual stack are named in an event"),
    ("Endpoints (v1)", "refused", "this kind is not served: read EndpointSlices"),
    (
        "HorizontalPodAutoscaler: CPU",
        "supported",
        "of pods and of one container: averageUtilization, averageValue; behavior with policies and tolerance",
    ),
    ("HorizontalPodAutoscaler: other metrics", "refused", "named in an event; never scales down without them"),
    ("HorizontalPodAutoscaler: other targets than Deployment and ReplicaSet", "refused", "event FailedGetScale"),
    ("Garbage collection", "supported", "background, foreground (blockOwnerDeletion), orphan; also after a restart"),
    ("Namespace", "supported", "emptied before it goes; a default ServiceAccount in each; no kube-root-ca.crt"),
    (
        "PersistentVolumeClaim",
        "partly",
        "bound at once to a folder; classes, selectors and sources are named in an event",
    ),
    ("PersistentVolume, StorageClass", "refused", "these kinds are not served"),
    ("Event", "supported", "forgotten an hour after it was last seen"),
    ("PodDisruptionBudget", "supported", "its status holds evictions back; unhealthyPodEvictionPolicy is named"),
    ("NetworkPolicy", "refused", "accepted, and named in an event: processes of one machine share one network"),
]
