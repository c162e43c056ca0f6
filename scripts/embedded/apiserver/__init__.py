"""The API server: typed storage with watches, and the Kubernetes REST conventions over it."""
