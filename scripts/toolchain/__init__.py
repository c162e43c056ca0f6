"""Installs what the platform needs inside the checkout: a virtual environment and Prometheus.

It runs before anything is installed, so it uses the standard library only, and it never changes the machine outside the
checkout.
"""
