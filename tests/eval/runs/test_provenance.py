"""Where a result is from: revision and hashes of hub models, hashes of local ones and of adapters."""

import hashlib

from engine.config import PICO
from eval.runs import provenance
from eval.runs.provenance import file_hash, model_facts

REVISION = "0f3c9a1d" * 5


def test_a_local_model_has_the_hashes_of_config_and_weights(tmp_path):
    facts = model_facts("pico")
    assert facts["name"] == "pico"
    assert facts["model.safetensors"] == hashlib.sha256((PICO / "model.safetensors").read_bytes()).hexdigest()[:16]
    assert facts["config.json"] == file_hash(PICO / "config.json")


def test_a_hub_model_has_its_revision_and_hashes(tmp_path, monkeypatch):
    home = tmp_path / "models--org--name"
    snapshot, blobs = home / "snapshots" / REVISION, home / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    (home / "refs").mkdir()
    (home / "refs/main").write_text(REVISION)
    for name, content in {"config.json": b"{}", "model.safetensors": b"weights"}.items():
        blob = blobs / hashlib.sha256(content).hexdigest()
        blob.write_bytes(content)
        (snapshot / name).symlink_to(blob)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(provenance, "resolve_model", lambda model: model)  # which would ask the hub
    assert model_facts("org/name") == {
        "name": "org/name",
        "revision": REVISION,
        "config.json": hashlib.sha256(b"{}").hexdigest()[:16],
        "model.safetensors": hashlib.sha256(b"weights").hexdigest()[:16],
    }


def test_an_adapter_has_its_hashes(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"x")
    found = provenance.provenance("pico", [], (0,), tmp_path)["adapter"]
    assert found["name"] == tmp_path.name
    assert found["adapter_model.safetensors"] == hashlib.sha256(b"x").hexdigest()[:16]
    assert "adapter" not in provenance.provenance("pico", [], (0,))
