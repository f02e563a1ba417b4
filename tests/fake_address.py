"""A fake OpenAI-compatible server on localhost: answers by a hash of the prompt, and misbehaves as a test says. It stands in for no model."""

import contextlib
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], bytes]


class FakeAddress(ThreadingHTTPServer):
    """Serves `models`; `fault(number, body)` may give a reply of its own to the request of that number, or None for an answer."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int = 0, models: tuple[str, ...] = ("fake-teacher",), owner: str = "fake") -> None:
        self.models, self.owner = models, owner
        self.key: str | None = None
        self.slow = 0.0
        self.fault: Callable[[int, dict[str, Any]], Reply | None] = lambda number, body: None
        self.say: Callable[[dict[str, Any]], dict[str, Any]] = by_hash
        self.bodies = list[dict[str, Any]]()
        self.answered = Counter[str]()
        self.flying = self.most = self.number = 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeAddress

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        rows = [{"id": name, "object": "model", "owned_by": self.server.owner} for name in self.server.models]
        self.reply(*(self.wrong_key() or as_json({"object": "list", "data": rows})))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server = self.server
        with server.lock:
            server.number += 1
            number = server.number
            server.flying += 1
            server.most = max(server.most, server.flying)
        try:
            found = self.wrong_key() or server.fault(number, body)
            if found is None:
                time.sleep(server.slow)
                with server.lock:
                    server.bodies.append(body)
                    server.answered[prompt_of(body)] += 1
                found = as_json(server.say(body))
        finally:
            with server.lock:
                server.flying -= 1
        self.reply(*found)

    def wrong_key(self) -> Reply | None:
        sent = self.headers.get("authorization", "")
        if self.server.key is None or sent == f"Bearer {self.server.key}":
            return None
        return error(401, f"Incorrect API key provided: {sent.removeprefix('Bearer ')}.")  # as some servers repeat it

    def reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
        with contextlib.suppress(OSError):  # the other side is gone
            self.send_response(status)
            for name, value in (
                {"content-type": "application/json", "content-length": str(len(content))} | headers
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)


def as_json(value: dict[str, Any]) -> Reply:
    return 200, {}, json.dumps(value).encode()


def error(status: int, message: str, **headers: str) -> Reply:
    content = json.dumps({"error": {"message": message, "code": status}}).encode()
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, content


def prompt_of(body: dict[str, Any]) -> str:
    return body["messages"][-1]["content"] if "messages" in body else body["prompt"]


def text_of(prompt: str) -> str:
    return f"said {hashlib.sha256(prompt.encode()).hexdigest()[:12]}"


def by_hash(body: dict[str, Any]) -> dict[str, Any]:
    said = text_of(prompt_of(body))
    choice = {"message": {"role": "assistant", "content": said}} if "messages" in body else {"text": said}
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
    return {"choices": [{"index": 0, "finish_reason": "stop", **choice}], "usage": usage}


@contextlib.contextmanager
def serving(**options: Any) -> Iterator[FakeAddress]:
    """The server, running."""
    server = FakeAddress(**options)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        vanish(server)


def vanish(server: FakeAddress) -> None:
    """The port answers nobody any more."""
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    import sys

    fake = FakeAddress(int(sys.argv[1]))
    fake.slow = float(sys.argv[2])
    fake.serve_forever(0.02)
