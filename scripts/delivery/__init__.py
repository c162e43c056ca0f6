"""Releases: blue-green and canary rollouts, each step judged from what the gateway measured."""
