"""The mesh: Services and Istio's routing objects become the configuration of one Envoy.

Everything but `mesh`, `delivery` of files and `admin` is a pure translation: objects in, Envoy's objects out. One Envoy
plays all proxies of the node: the ingress gateway and the sidecars (one outbound listener for each namespace).
"""
