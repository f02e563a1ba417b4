"""The process around one engine: `actor` (shards in, parts out), `backend` (what an engine must do), `vllm_engine` with
`vllm_logprobs` (the real one), `address_engine` with `exchange` and `pace` (a model at an
address: what is said and how much at once), `fake_engine` (answers by hashes), `self_check` (whether its log-likelihoods can be trusted);
`logs` says why a core died, `watchdog` ends what a killed actor leaves."""
