"""Finetuning by TRL under Ray Train.

`plan` (what a training would do), `memory` (what it needs), `device` (where it runs), `jobs` (several side by side), `job` (one,
on the driver's side), `folder` (what its folder holds, and from which settings), `rendezvous` (how workers meet), `worker` (in
the process that trains), `tokens` (texts and chats to token ids), `data` (rows in their order), `distil` (the loss where examples have
contexts), `network` (the model and its adapters), `watch` (progress, and an end where it goes wrong), `outputs` (what a finished one leaves). `configs` has settings
for sharding.
"""
