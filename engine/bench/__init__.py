"""Throughput against peers: `throughput` (the command), `generate`, `score` and `plane` (the works), `texts` (what they ask), `slow_store` (files that answer late),
`compare` (our pool and each peer on it), `peers` (each in a process of its own), `result` (the figures)."""
