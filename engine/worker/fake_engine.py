"""A fake engine: answers from hashes, in memory, for trying the data plane. It never stands in for a measured result.

A model named `fake:FAULT=VALUE,FAULT=VALUE` misbehaves on purpose, to try what the data plane makes of it:

| fault | what happens |
|---|---|
| die=TEXT | the process ends when a prompt holds TEXT, as one that is out of memory |
| raise=TEXT | `step` raises when a prompt holds TEXT, as a vLLM engine whose core died |
| hang=PATH | the first step of the first engine takes for ever, which leaves the file PATH |
| slow=SECONDS | each step takes that long |
| seats=N | a step answers N calls at most, and N calls keep the engine busy |
| log=PATH | the key of every answered call is appended to the file PATH |
| turn=1 | answers are the last line of the prompt, begun at another word: so checks have something to do |
| full=BYTES | no file of this process can become larger, as on a disk that is full |
"""

import hashlib
import math
import os
import resource
import time
import zlib
from array import array

from engine.config import EngineConfig
from engine.errors import UserError
from engine.tasks.base import Answer, Call

FAULTS = ("die", "raise", "hang", "slow", "seats", "log", "full", "turn")


class FakeTokenizer:
    """Characters as tokens, so that the fake engine needs no files."""

    chat_template = None

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """Code points, with a 1 in front where special tokens are asked for."""
        return [1] * add_special_tokens + array("I", text.encode("utf-32-le", "surrogatepass")).tolist()

    def decode(self, ids: list[int]) -> str:
        """The text of tokens."""
        return "".join(map(chr, ids))


def faults(model: str) -> dict[str, str]:
    """The faults that a model name asks for; raises UserError where there is no such fault."""
    if not model.startswith("fake:"):
        return {}
    found = {name: value for name, _, value in (p.partition("=") for p in model.removeprefix("fake:").split(","))}
    unknown = [name for name in found if name not in FAULTS or not found[name]]
    if unknown:
        raise UserError(
            f"The fake engine has no fault {unknown[0]!r}; give FAULT=VALUE, separated by commas, from {', '.join(FAULTS)}."
        )
    return found


VALUES = [-math.log(2 + number) for number in range(97)]


def _value(adapter: int, ids: list[int], place: int, token: int) -> float:
    """The same for a token of a choice and for a next token: from its place and the two tokens before it."""
    before = ids[place - 1] + 31 * ids[place - 2] if place > 1 else 0
    return VALUES[(adapter + 7919 * place + 104729 * before + 1299709 * token) % 97]


def _digest(call: Call, weights: str) -> str:
    """16 hex digits for what a call's text depends on."""
    asked = hashlib.blake2b(array("I", call.ids).tobytes(), digest_size=8)
    asked.update(repr((call.params.get("seed"), call.adapter, weights)).encode())
    return asked.hexdigest()


def _turned(ids: list[int], digest: str) -> str:
    """The last line of a prompt that has four words, without its label, begun at another word."""
    lines = [line.split() for line in "".join(map(chr, ids)).splitlines()]
    words = next((line for line in reversed(lines) if len(line) > 3), [""])
    words = words[words[0].endswith(":") :]
    start = 1 + int(digest, 16) % max(1, len(words) - 1)
    return " ".join(words[start:] + words[:start])


class FakeEngine:
    """Answers every call in the next step; text and log-likelihoods depend on the call's tokens alone."""

    def __init__(self, model: str, config: EngineConfig):
        self.tokenizer, self.tolerance = FakeTokenizer(), 0.0
        self.max_model_len = self.longest = 1_000_000
        self.faults = faults(model)
        self.capacity = int(self.faults.get("seats", 256))
        self.weights = ""
        self.calls: list[Call] = []
        if "full" in self.faults:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(self.faults["full"]), resource.RLIM_INFINITY))

    def add(self, call: Call) -> None:
        """Queue a call."""
        self.calls.append(call)

    def step(self) -> list[Answer]:
        """Answer all queued calls, or as many as there are seats."""
        seats = self.capacity if "seats" in self.faults else len(self.calls)
        calls, self.calls = self.calls[:seats], self.calls[seats:]
        if self.faults:
            self._misbehave(calls)
        answers = []
        for call in calls:
            digest = _digest(call, self.weights)
            text = _turned(call.ids, digest) if "turn" in self.faults else f"fake {digest}"
            answer, adapter = (
                Answer(call.key, text, "stop", len(call.ids), 0, 2),
                zlib.crc32(str(call.adapter).encode()),
            )
            if call.targets is not None:
                answer.logprobs = [_value(adapter, call.ids, len(call.ids), token) for token in call.targets]
            elif call.score_from is not None:
                places = range(call.score_from, len(call.ids))
                answer.logprobs = [_value(adapter, call.ids, i, call.ids[i]) for i in places]
            answers.append(answer)
        return answers

    def _misbehave(self, calls: list[Call]) -> None:
        time.sleep(float(self.faults.get("slow", 0)))
        works = any("/" in call.key for call in calls)  # on a lease: the self-check of a start has other keys
        if works and "hang" in self.faults and not os.path.exists(self.faults["hang"]):
            with open(self.faults["hang"], "x", encoding="utf-8"):
                time.sleep(10**6)
        for fault in ("die", "raise"):
            text = self.faults.get(fault)
            if text and any(text in "".join(map(chr, call.ids)) for call in calls):
                if fault == "die":
                    os._exit(1)
                raise RuntimeError(f"the fake engine found {text!r} in a prompt")
        if "log" in self.faults:
            # one write, so that engines can share the file
            with open(self.faults["log"], "a", encoding="utf-8", buffering=1 << 20) as file:
                file.write("".join(f"{call.key}\n" for call in calls))

    def load(self, model: str) -> None:
        """Answers depend on the model's name from now on."""
        self.weights = model

    def close(self) -> None:
        """Nothing to release."""
