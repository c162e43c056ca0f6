"""From the counters of the gateways to evidence: raw points in, what both versions did between two scrapes out."""
