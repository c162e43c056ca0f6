"""The mesh: turns Services and Istio objects into the files that Envoy watches."""
