"""Sets up a real Kubernetes with Istio and the shop on it: kind on this machine, or what a kubeconfig names.

Every step looks first at what is there, so a second run changes nothing and an interrupted one can be run again.
"""
