"""A small Kubernetes for one machine: an API server over plain processes and a real Envoy.

It is to Kubernetes what SQLite is to a database server. Its parts bear the names of what they stand for; what it does
not do it refuses with 501 and the name of the gap, or says in an Event. Nothing outside this package imports it:
whoever uses the cluster uses its kubeconfig.
"""
