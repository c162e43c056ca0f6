"""What the kubelet and the scheduler cover of Kubernetes, for the page that says so."""

from __future__ import annotations

COVERAGE: list[tuple[str, str, str]] = [
    (
        "Pod: containers, command, args",
        "supported",
        "images of services/images.yaml only; anything else is ErrImagePull",
    ),
    ("Pod: initContainers", "supported", "in order, retried as the restart policy says"),
    (
        "Pod: sidecars (restartPolicy of an init container)",
        "refused",
        "CreateContainerConfigError: the pod never starts",
    ),
    ("Pod: ephemeralContainers, exec, attach, port-forward", "refused", "use the process id and the pod's address"),
    ("Pod: restartPolicy", "supported", "Always, OnFailure, Never; back-off from 1 s (Kubernetes: 10 s) to 5 min"),
    ("Pod: image of a running pod changed", "refused", "event Unsupported: replace the pod"),
    ("Pod: env, envFrom, valueFrom", "supported", "ConfigMap, Secret, fieldRef, resourceFieldRef; $(NAME) expanded"),
    ("Pod: enableServiceLinks", "refused", "no variables of Services but those of the API server"),
    ("Pod: service account token", "partly", "a file as in Kubernetes, paths rewritten; it is the one user's token"),
    ("Pod: probes", "partly", "httpGet, tcpSocket, exec with all numbers; grpc is CreateContainerConfigError"),
    ("Pod: lifecycle hooks", "supported", "exec, httpGet, sleep, before SIGTERM and within the grace period"),
    ("Pod: terminationGracePeriodSeconds", "supported", "counted from when the proxy has let go of the pod"),
    ("Pod: terminationMessagePolicy", "partly", "FallbackToLogsOnError; there is no termination-log file"),
    ("Pod: readinessGates", "supported", ""),
    ("Pod: resources.requests", "supported", "the scheduler counts them against the machine's cores and memory"),
    ("Pod: resources.limits.memory", "partly", "watched every 2 s, not enforced by the kernel; then OOMKilled"),
    ("Pod: resources.limits.cpu", "refused", "a process has no quota without cgroups; named in an event"),
    ("Pod: securityContext", "refused", "processes run as the user who started the cluster; named in an event"),
    ("Pod: nodeSelector", "supported", "against the labels of the one node"),
    ("Pod: affinity, priority, preemption", "refused", "named in an event"),
    ("Pod: tolerations, topologySpreadConstraints", "supported", "one node without taints satisfies them"),
    ("Pod: hostNetwork, hostPID, dnsConfig, hostAliases, workingDir", "refused", "named in an event"),
    ("Pod: logs", "supported", "running and previous start, newest 10 MiB; both outputs in one"),
    ("Pod: UDP and SCTP ports", "refused", "no address is kept free for them"),
    ("Volume: emptyDir, configMap, secret, downwardAPI, projected", "partly", "folders; paths rewritten; written once"),
    ("Volume: persistentVolumeClaim", "partly", "a folder that lives as long as the claim; size not enforced"),
    ("Volume: readOnly mounts", "refused", "named in an event"),
    ("Volume: hostPath and all others", "refused", "event FailedMount names the volume"),
    ("Node", "partly", "one, named embedded; cordoning it stops scheduling; drain works through deletion only"),
]
