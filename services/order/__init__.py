"""The order service: what users order."""
