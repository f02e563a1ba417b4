"""A model at an OpenAI-compatible address as a backend: requests go out from a thread with an event loop of its own.

Each request is tried until it is answered or proven to be at fault. What may pass (no connection, 429, 5xx, a time-out, a reply that
is no JSON) is tried again, later and later. A request whose tries the address could answer, and did not, for `ROW_SECONDS` ends as an
error row, and an address that has answered nothing for `GONE_SECONDS` ends the job, which goes on from there when it is called again.
"""

import asyncio
import contextlib
import queue
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from rich.markup import escape

from engine.address import checked_address, client, served, without_key
from engine.config import EngineConfig
from engine.console import say
from engine.errors import UserError
from engine.tasks.base import Answer, Call
from engine.worker.exchange import Failure, Habits, body_of, failure_of, read_reply
from engine.worker.pace import START, Pace

MOST = 512
"""Requests in flight at most."""
QUEUEING = ("vllm", "sglang")
"""Servers that queue what they cannot do at once: they get all from the start, and work in full batches."""
REQUEST_SECONDS = 600.0
"""How long an answer may take."""
CONNECT_SECONDS = 20.0
TRIES, ROW_SECONDS = 6, 300.0
"""A request ends as an error row after so many tries at least, over that long at least."""
LONE = 8
"""So many requests may fail while nothing is answered and still be at fault themselves: the last ones of a job."""
GONE_SECONDS = 300.0
"""How long an address may answer nothing at all."""
DELAYS = (0.5, 10.0)
"""Seconds before the second try, doubled each time, and at most; each is drawn from half to one and a half times of it."""
LONGEST_WAIT = 900.0
"""For longer no job waits that is asked to come back later."""
TOLD_SECONDS = 30.0
UNREACHED = ("ConnectError", "ConnectTimeout", "PoolTimeout")
"""Names of the transport's errors that come before a request has reached anybody."""


class AddressGone(RuntimeError):
    """The address answers nothing any more."""


@dataclass
class Request:
    """A call on its way."""

    call: Call
    tries: int = 0
    """Tries that may have failed through its own fault."""
    failures: int = 0
    since: float = field(default=0.0)
    """When the first try failed."""


class AddressEngine:
    """`add` hands calls to the thread, `step` collects what has come back."""

    tokenizer = None
    max_model_len = longest = sys.maxsize  # the address knows, and refuses what is too long
    capacity = MOST
    tolerance = 0.0

    def __init__(self, model: str, config: EngineConfig):
        self.address = checked_address(config.base_url)
        self.served = served(self.address, model)
        self.habits = Habits()
        self.pace = Pace(MOST, MOST if self.served.owner in QUEUEING else START)
        self.done: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()
        self.fault: Exception | None = None
        self.open = 0
        self.heard = time.monotonic()
        self.answered = False
        self.failing = set[str]()
        """Calls that have failed since the last answer."""
        self.flights = dict[str, float]()
        """When each call in flight went out, the first one first."""
        self.trouble, self.told = "", 0.0
        self.loop = asyncio.new_event_loop()
        self.waiting: asyncio.Queue[Request] = asyncio.Queue()
        self.changed, self.over = asyncio.Event(), asyncio.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._main(),), daemon=True)
        self.thread.start()

    def add(self, call: Call) -> None:
        """Send a call as soon as there is room; raises ValueError for what an address cannot do."""
        if call.asked is None or call.score_from is not None or call.targets is not None or call.adapter:
            raise ValueError("an address writes answers to text; it serves no adapters and gives no log-likelihoods")
        if not self.open:
            self.heard = time.monotonic()  # what was silent before was asked nothing
        self.open += 1
        self.loop.call_soon_threadsafe(self.waiting.put_nowait, Request(call))

    def step(self) -> list[Answer]:
        """What has come back, after a moment's wait; raises UserError or AddressGone where nothing more will."""
        if self.fault:
            raise self.fault
        found = list[Answer | Exception]()
        try:
            found.append(self.done.get(timeout=0.2))
            while True:
                found.append(self.done.get_nowait())
        except queue.Empty:
            pass
        self.fault = next((one for one in found if isinstance(one, Exception)), None)
        answers = [one for one in found if isinstance(one, Answer)]
        self.open -= len(answers)
        if self.fault and not answers:
            raise self.fault
        if self.trouble and time.monotonic() - self.told > TOLD_SECONDS:
            self.told = time.monotonic()
            say(
                f"[yellow]note[/]: {escape(self.trouble)}: asked again, at most {int(self.pace.limit)} requests at once"
            )
            self.trouble = ""
        return answers

    def load(self, model: str) -> None:
        """An address keeps its weights; raises UserError."""
        raise UserError(f"{self.address} serves {self.served.name} and cannot be given the weights of {model}.")

    def close(self) -> None:
        """Give up what is in flight and end the thread."""
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.over.set)
            self.thread.join(timeout=10)

    async def _main(self) -> None:
        tasks = set[asyncio.Task[None]]()
        timeout = {"timeout": REQUEST_SECONDS}
        async with client(self.address, "AsyncOpenAI", **timeout, http_client=_transport()) as asking:
            sender = self.loop.create_task(self._send(asking, tasks))
            await asyncio.wait(
                {sender, ending := self.loop.create_task(self.over.wait())}, return_when="FIRST_COMPLETED"
            )
            if sender.done() and (error := sender.exception()):
                self.done.put(RuntimeError(f"asking {self.address} failed: {error}"))
                await self.over.wait()
            for task in (sender, ending, *tasks):
                task.cancel()
            await asyncio.gather(sender, ending, *tasks, return_exceptions=True)

    async def _send(self, asking: Any, tasks: set[asyncio.Task[None]]) -> None:
        """Send what waits, as fast as the pace allows."""
        while True:
            request = await self.waiting.get()
            while pause := self.pace.pause(time.monotonic()):
                self.changed.clear()
                # not wait_for: on Python 3.11 it loses a cancellation that comes together with the change
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(pause, 60.0)):
                        await self.changed.wait()
            self.pace.sent()
            self.flights[request.call.key] = time.monotonic()
            task = self.loop.create_task(self._ask(asking, request))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            self.done.put(
                RuntimeError(f"asking {self.address} failed: {type(error).__name__}: {without_key(str(error))}")
            )

    async def _ask(self, asking: Any, request: Request) -> None:
        """One try."""
        import openai

        call, sent = request.call, self.flights[request.call.key]
        path, body = body_of(call, self.served, self.habits)
        answer: Answer | None = None
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                answer = read_reply(call, await asking.post(path, body=body, cast_to=bytes))
        except openai.APIStatusError as error:
            text, headers = error.response.text, error.response.headers
            failure = failure_of(error.status_code, headers, text, self.address, self.served.name)
            if failure.final and self.habits.learn(error.status_code, text):
                failure = failure._replace(final=False, counts=False)
            elif error.status_code == 403 and not self.answered:
                failure = failure._replace(ends=True)
        except (TimeoutError, openai.APITimeoutError):
            told = f"{self.address} has not answered within {REQUEST_SECONDS:g} seconds"
            failure = Failure(told, overloaded=True)
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            reached = type(cause).__name__ not in UNREACHED
            told = f"the connection to {self.address} failed ({type(cause).__name__}: {without_key(str(cause))})"
            failure = Failure(told, counts=reached)
        except ValueError as error:
            failure = Failure(f"{self.address} sends no answer that can be read ({error})")
        now = time.monotonic()
        del self.flights[call.key]
        if answer:
            self.pace.answered()
            self.heard, self.answered = now, True
            self.failing.clear()
            self.done.put(answer)
        else:
            self.pace.failed(now, sent, failure.overloaded, failure.wait)
            self._failed(request, failure, now)
        self.changed.set()

    def _failed(self, request: Request, failure: Failure, now: float) -> None:
        """Decide what becomes of a request without an answer, and of the job."""
        call, text = request.call, failure.text
        if failure.ends:
            self.done.put(UserError(text))
            return
        if failure.wait > LONGEST_WAIT:
            minutes = failure.wait / 60
            self.done.put(AddressGone(f"{text}; it asks to come back in {minutes:.0f} minutes"))
            return
        self.failing.add(call.key)
        request.since = request.since or now
        request.failures += 1
        request.tries += failure.counts
        self.trouble = text
        proven = request.tries >= TRIES and now - request.since >= ROW_SECONDS
        if failure.final or (proven and (self.heard > request.since or len(self.failing) <= LONE)):
            self.done.put(Answer(call.key, error=text))
            return
        oldest = next(iter(self.flights.values()), now)
        silent = now - max(self.heard, self.pace.closed_until)
        # what has been on its way for long may still be answered, but no longer than a request may take
        patience = 0.0 if now - oldest < GONE_SECONDS / 10 else REQUEST_SECONDS
        if silent > GONE_SECONDS + patience:
            self.done.put(AddressGone(f"{text}; it has answered nothing for {silent:.0f} seconds"))
            return
        delay = min(DELAYS[1], DELAYS[0] * 2.0 ** min(30, request.failures - 1)) * random.uniform(0.5, 1.5)
        self.loop.call_later(delay, self.waiting.put_nowait, request)


def _transport() -> Any:
    """As many connections as there may be requests, kept open."""
    import httpx2
    import openai

    return openai.DefaultAsyncHttpx2Client(limits=httpx2.Limits(max_connections=MOST, max_keepalive_connections=MOST))
