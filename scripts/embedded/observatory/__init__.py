"""The observatory: traces, logs and annotations of the embedded cluster, in one small process beside Prometheus.

It speaks subsets of the APIs that a real cluster's tools have: OTLP over HTTP, Jaeger's query API, Elasticsearch's
search and Grafana's annotations. What it does not speak it refuses with 501 and the name of the gap.
"""
