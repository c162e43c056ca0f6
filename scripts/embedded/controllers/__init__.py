"""The controllers: each turns one kind of declared object into others, as kube-controller-manager does."""
