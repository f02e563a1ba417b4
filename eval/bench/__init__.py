"""Benches that need a benchmark's corpus: `train` (against plain TRL, packed and not), `arms` (side by side against one after
another), `augment` (documents to examples with the fake engine), `process` (a part of them in a process of its own)."""
