"""What goes to a hub, and what does not: the real client against a small hub on this machine."""

import base64
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from forethought.cli import run

TOKEN = "hf_" + "x" * 30


class Hub(BaseHTTPRequestHandler):
    """The part of a hub's API that an upload takes; what is put there is in `server.stored`."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        if self.server.refuses:
            return self.answer({"error": "You don't have the rights to create a model under this namespace"}, 403)
        if self.path == "/api/repos/create":
            told = json.loads(body)
            self.server.made = told
            name = f"{told.get('organization') or 'me'}/{told['name']}"
            kind = "datasets/" if told.get("type") == "dataset" else ""
            return self.answer({"url": f"{self.server.address}/{kind}{name}", "name": name, "id": "1"})
        if "/preupload/" in self.path:
            files = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in json.loads(body)["files"]
            ]
            return self.answer({"files": files})
        if "/commit/" in self.path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.server.stored[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            place = self.path.split("/commit/")[0].replace("/api/models", "").replace("/api", "")
            url = f"{self.server.address}{place}/commit/1"
            return self.answer({"commitUrl": url, "commitOid": "1", "success": True})
        return self.answer({"errors": [], "warnings": []})  # /api/validate-yaml

    def do_GET(self):
        self.answer({"id": "me/it", "private": self.server.private, "sha": "0", "siblings": [], "tags": []})

    def answer(self, told, status=200):
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.address = f"http://127.0.0.1:{server.server_port}"
    server.seen, server.stored, server.made, server.private, server.refuses = [], {}, None, True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def adapter(tmp_path):
    """A folder as `train` leaves it, with what is nobody's business."""
    folder = tmp_path / "adapter"
    (folder / "checkpoints").mkdir(parents=True)
    base = str(tmp_path / "models" / "Small")
    (folder / "adapter_config.json").write_text(json.dumps({"r": 8, "base_model_name_or_path": base}))
    for name in ("adapter_model.safetensors", "examples.parquet", "log.txt", "training.json", "tokenizer.json"):
        (folder / name).write_text("bytes")
    (folder / "README.md").write_text("---\nbase_model: Small\n---\n# adapter\n")
    return folder


def called(*words, hub=None, token=TOKEN, offline=False, cwd=None):
    """The command line in a process of its own: the client reads its environment once."""
    environment = {
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0",
        "HF_HUB_OFFLINE": "1" if offline else "0",
        "PATH": "",
        "HOME": str(cwd),
    }
    environment |= {"HF_ENDPOINT": hub.address} if hub else {}
    environment |= {"HF_TOKEN": token} if token else {}
    done = subprocess.run(
        [sys.executable, "-m", "forethought", "export", *map(str, words)],
        env=environment, cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert TOKEN not in done.stdout + done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.slow
def test_an_adapter_goes_up_without_what_lies_beside_it(adapter, hub, tmp_path):
    status, told = called(adapter, "--push", "me/it", hub=hub, cwd=tmp_path)
    assert status == 0, told
    assert "pushed the private model me/it on the hub: README.md, adapter_config.json" in told
    assert set(hub.stored) == {"README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json"}
    assert json.loads(hub.stored["adapter_config.json"])["base_model_name_or_path"] == "Small"
    assert str(tmp_path).encode() not in b"".join(hub.stored.values())
    assert hub.made["visibility"] == "private"
    assert hub.made["organization"] == "me"
    assert {authorised for _, authorised in hub.seen} == {f"Bearer {TOKEN}"}


@pytest.mark.slow
def test_a_data_set_goes_up_where_asked(hub, tmp_path):
    status, told = called(
        *"--benchmark reversals --benchmark.facts 3 --benchmark.articles 2 --to hub --out set --push it --public".split(),
        hub=hub, cwd=tmp_path,
    )  # fmt: skip
    assert status == 0, told
    assert "pushed the public data set it on the hub" in told
    assert hub.made["type"] == "dataset"
    assert hub.made["visibility"] == "public"
    assert set(hub.stored) == {path.name for path in (tmp_path / "set").iterdir()}


@pytest.mark.slow
def test_what_keeps_it_from_going_up_is_said_in_a_sentence(adapter, hub, tmp_path):
    words = [adapter, "--push", "me/it"]
    status, told = called(*words, hub=hub, token=None, cwd=tmp_path)
    assert (status, "needs a hub token: log in with" in told) == (2, True), told
    status, told = called(*words, hub=hub, offline=True, cwd=tmp_path)
    assert (status, "The hub rejected me/it:" in told) == (2, True), told
    hub.private = False
    status, told = called(*words, hub=hub, cwd=tmp_path)
    assert (status, "The repository me/it is public: add --public" in told) == (2, True), told
    hub.private, hub.refuses = True, True
    status, told = called(*words, hub=hub, cwd=tmp_path)
    assert (status, "You don't have the rights" in told) == (2, True), told
    hub.shutdown()
    hub.server_close()
    status, told = called(*words, hub=hub, cwd=tmp_path)
    assert (status, "The hub rejected me/it:" in told) == (2, True), told
    assert "Traceback" not in told
    assert hub.stored == {}


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ("export adapter --push me/it --dry-run", 0, "would push the private model me/it on the hub: README.md"),
        (
            "export hub --push me/it --public --dry-run",
            0,
            "would push the public data set me/it on the hub: README.md, x.parquet",
        ),
        ("export adapter", 2, "give the repository for adapter: --push ORG/NAME"),
        ("export nowhere --push me/it", 2, "there is no folder nowhere"),
        ("export empty --push me/it", 2, "empty is not an adapter, model or data set with its card"),
        ("export --push me/it", 2, "--push needs --to hub"),
    ],
)
def test_dry_runs_and_mistakes(words, status, told, adapter, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for folder in ("hub", "empty"):
        (tmp_path / folder).mkdir()
    (tmp_path / "hub/README.md").write_text("# set\n")
    pl.DataFrame({"text": ["x"]}).write_parquet(tmp_path / "hub/x.parquet")
    assert run(words.split()) == status
    shown = capsys.readouterr()
    assert told in " ".join((shown.out + shown.err).split())
