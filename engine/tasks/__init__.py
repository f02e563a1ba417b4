"""Kinds of work, without Ray or vLLM: `base` (the contract), `encoding` (text to token ids), `choices` (contexts
with their choices to token ids), `reasoning` (what of a text is thought and what is answer), `generate` and `score` (a lease of rows to calls, answers to results), `registry` (the kinds by name)."""
