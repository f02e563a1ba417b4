"""What goes to an address and what comes back: a call as the body of a request, a reply as an answer, a failure as what to do."""

import email.utils
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.address import Served, refused, without_key
from engine.tasks.base import Answer, Call

NEUTRAL: Mapping[str, Any] = {"top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""What vLLM's server otherwise takes from the model's generation_config.json, and engines of ours do not."""
CALM, KEYS, QUOTA = (429, 503, 529), (401, 403), ("insufficient_quota", "billing_hard_limit_reached")
PASSING = (408, 409, 425)


class Habits:
    """What a server has turned out not to take; every later request is spared it."""

    def __init__(self) -> None:
        self.completion_tokens = False
        """`max_completion_tokens` in place of `max_tokens`."""
        self.free = False
        """No schema of the answer: prompts ask for JSON all the same."""

    def learn(self, status: int, told: str) -> bool:
        """Whether a refusal tells of something that can be left out, and had not been."""
        before = (self.completion_tokens, self.free)
        if status in (400, 422):
            self.completion_tokens |= "max_completion_tokens" in told
            self.free |= any(word in told for word in ("response_format", "structured_outputs", "json_schema"))
        return before != (self.completion_tokens, self.free)


def body_of(call: Call, served: Served, habits: Habits) -> tuple[str, dict[str, Any]]:
    """The path and the body of a request. Sampling is named as vLLM names it, which other servers share as far as they know it."""
    asked = dict(call.asked or {})
    params = (dict(NEUTRAL) if served.owner == "vllm" else {}) | dict(call.params)
    if (wanted := params.get("structured_outputs")) and habits.free:
        del params["structured_outputs"]
    elif isinstance(wanted, dict) and "json" in wanted and served.owner != "vllm":
        del params["structured_outputs"]
        schema = {"name": "answer", "schema": wanted["json"]}
        params["response_format"] = {"type": "json_schema", "json_schema": schema}
    if habits.completion_tokens and "max_tokens" in params and "messages" in asked:
        params["max_completion_tokens"] = params.pop("max_tokens")
    path = "/chat/completions" if "messages" in asked else "/completions"
    return path, {"model": served.name, **asked, **params}


def read_reply(call: Call, content: bytes) -> Answer:
    """The answer in a reply; raises ValueError where it is none."""
    found = json.loads(content)
    choices = found.get("choices") if isinstance(found, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        told = found.get("error") if isinstance(found, dict) else None
        raise ValueError(without_key(str(told)) if told else "no choices are in it")
    choice = choices[0]
    message = choice.get("message", choice)
    if not isinstance(message, dict):
        raise ValueError("its message is none")
    text, reasoning = message.get("content", message.get("text")), message.get("reasoning_content")
    reasoning = reasoning if isinstance(reasoning, str) else message.get("reasoning")
    if not isinstance(text, str | None) or not isinstance(reasoning, str | None):
        raise ValueError("its text is none")
    refusal = message.get("refusal")
    usage = found.get("usage") if isinstance(found.get("usage"), dict) else {}
    details = usage.get("prompt_tokens_details") or {}
    answer = Answer(call.key, text or "", str(choice.get("finish_reason") or ""))
    answer.prompt_tokens, answer.output_tokens = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    answer.cached_tokens = _count(details, "cached_tokens") if isinstance(details, dict) else 0
    answer.reasoning = reasoning or None
    if refusal and not text:
        answer.error = f"the model refuses: {' '.join(str(refusal).split())[:300]}"
    return answer


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) else 0


class Failure(NamedTuple):
    """Why a request has no answer, and what follows from it."""

    text: str
    final: bool = False
    """The request cannot be answered: it ends as an error row."""
    ends: bool = False
    """None can: the job ends."""
    overloaded: bool = False
    counts: bool = True
    """Whether it may be the fault of this request rather than of the address."""
    wait: float = 0.0
    """Seconds for which the address asks to be left alone."""


def failure_of(status: int, headers: Mapping[str, str], text: str, address: str, name: str) -> Failure:
    """What an error status means."""
    told = f"{address} answers {status}: {without_key(_message(text)) or 'nothing'}"
    if status == 401:
        return Failure(refused(address), ends=True)
    if status == 402 or any(word in text for word in QUOTA):
        return Failure(f"{told}; what is finished is kept: see to the account, then run again.", ends=True)
    if status == 404:
        return Failure(f"{told}; see that the address is right and serves {name}, then run again.", ends=True)
    if status in CALM:
        return Failure(told, overloaded=True, counts=False, wait=_wait(headers))
    if status >= 500 or status in PASSING:
        return Failure(told, wait=_wait(headers))
    return Failure(told, final=True)


def _message(text: str) -> str:
    """The sentence in an error's JSON, else the text."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    error = found.get("error", found) if isinstance(found, dict) else found
    told = error.get("message", error) if isinstance(error, dict) else error
    return str(told)


def _wait(headers: Mapping[str, str]) -> float:
    """Retry-After, which is seconds or a date; 0 where there is none."""
    asked = headers.get("retry-after") or ""
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(asked).timestamp() - time.time())
    except ValueError:
        return 0.0
