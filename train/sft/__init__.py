"""Finetuning by TRL under Ray Train.

`plan` (what a training would do), `memory` (what it needs), `jobs` (several side by side), `job` (one, on the driver's side),
`worker` (in the process that trains), `data` (texts to rows in their order), `watch` (progress, and an end where it goes wrong),
`outputs` (what a finished one leaves). `configs` has settings for sharding.
"""
