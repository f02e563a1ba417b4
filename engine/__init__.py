"""Engines and what feeds them; knows no documents, operators or benchmarks.

What others use: `config` (settings), `models` (which model a name stands for), `address` (one that is served elsewhere), `adapters` (which ones can be served),
`fingerprint` (what a model is, to the bit), `pool` (`EnginePool`), `spread` (functions of tables on all cores or nodes), `errors` and `console` (what a user is told). Inside, in the
order of the data: `tasks` (what a row asks and what comes of it), `driver` (rows to engines and back), `cluster` (Ray), `worker`
(a process with its engine), `store` (results, exactly once). `bench` times it against peers; `pico` is the embedded model.
"""
