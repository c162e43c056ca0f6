"""The ways of bringing a new version to users; `strategy.Strategy` is their common shape."""
