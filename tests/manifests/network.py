"""What NetworkPolicies let through, as a network plugin that enforces them would."""

from tests.manifests.rendered import of_kind


class Network:
    """The NetworkPolicies of the namespace.

    Args:
        objects: of an overlay.
    """

    def __init__(self, objects):
        self._policies = [body["spec"] for body in of_kind(objects, "NetworkPolicy")]

    def lets(self, source, target, port, protocol="TCP"):
        """Tell whether a pod may connect to another; each is its labels, or (namespace, labels) if it is elsewhere."""
        leaves = isinstance(source, tuple) or self._opens("egress", "to", source, target, port, protocol)
        return leaves and (isinstance(target, tuple) or self._opens("ingress", "from", target, source, port, protocol))

    def _opens(self, rules, peers, pod, other, port, protocol):
        found = [
            spec
            for spec in self._policies
            if rules.capitalize() in spec["policyTypes"] and selects(spec["podSelector"], pod)
        ]
        return not found or any(
            (peers not in rule or any(_is_peer(peer, other) for peer in rule[peers]))
            and any((each["port"], each.get("protocol", "TCP")) == (port, protocol) for each in rule["ports"])
            for spec in found
            for rule in spec.get(rules, [])
        )


def _is_peer(peer, pod):
    namespace, labels = pod if isinstance(pod, tuple) else (None, pod)
    if peer.get("namespaceSelector") == {}:
        there = True
    elif "namespaceSelector" in peer:
        there = namespace is not None and selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace})
    else:
        there = namespace is None
    return there and "ipBlock" not in peer and selects(peer.get("podSelector", {}), labels)


def selects(selector, labels):
    """Tell whether a selector of Kubernetes selects labels; of expressions it knows `In`."""
    exact = selector.get("matchLabels", {}).items() <= labels.items()
    expressions = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in expressions)
    return exact and all(labels.get(each["key"]) in each["values"] for each in expressions)
