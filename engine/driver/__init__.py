"""The driver's side of a job: `resume` (what a folder was computed from), `rows` (what is left, in an order that shares
context), `schedule` (rows to shards, and which engine gets which), `fleet` (the engines, started and replaced), `drive` (the
loop: hands out, commits, survives deaths), `here` (the same for an engine in this process), `books` (what both
enter), `failures` (why an engine died), `progress` (for people), `metrics` (for Prometheus)."""
