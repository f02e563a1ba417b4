"""A data set, adapter or model on a hub, where the user asks for it: `huggingface_hub` with the token of its own login.

What goes up is a list of names, not a folder: the examples, checkpoints and logs that lie beside an adapter stay here.
"""

import json
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, NamedTuple

from engine.errors import UserError

MODEL = (
    *(
        "README.md",
        "*.safetensors",
        "*.safetensors.index.json",
        "adapter_config.json",
        "config.json",
        "generation_config.json",
    ),
    *(
        "tokenizer*",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "merges.txt",
        "*.jinja",
        "train.json",
    ),
)
"""Files of an adapter or a model, among them the loss curve that its card names."""
DATA_SET = ("README.md", "*.parquet")
HEAD = "adapter_config.json"


class Upload(NamedTuple):
    """What would go up."""

    kind: Literal["model", "dataset"]
    files: dict[str, bytes | Path]
    """Contents, or where they lie, by name."""


def found_in(folder: Path) -> Upload:
    """What a folder holds for a hub; raises UserError where it is neither an adapter, a model nor a data set with its card."""
    if not folder.is_dir():
        raise UserError(
            f"export: there is no folder {folder}; give one written by train, or hub/ of augment --formats hub."
        )
    kind: Literal["model", "dataset"] = (
        "model" if any((folder / n).exists() for n in (HEAD, "config.json")) else "dataset"
    )
    names = MODEL if kind == "model" else DATA_SET
    files: dict[str, bytes | Path] = {
        path.name: path
        for path in sorted(folder.iterdir())
        if path.is_file() and any(fnmatch(path.name, name) for name in names)
    }
    weights = [name for name in files if name.endswith((".safetensors", ".parquet"))]
    if "README.md" not in files or not weights:
        raise UserError(
            f"{folder} is not an adapter, model or data set with its card: give a folder "
            "written by train, or hub/ of augment --formats hub."
        )
    if HEAD in files:
        files[HEAD] = _without_paths(folder / HEAD)
    return Upload(kind, files)


def push(upload: Upload, name: str, public: bool) -> str:
    """Put the files into the repository `name` of the hub, in one commit; returns its address.

    The repository is made, private unless `public`, where there is none. Raises UserError without a token, without a way to the
    hub, where the hub refuses, and where the repository is public and `public` was not asked for.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, get_token
    from huggingface_hub.errors import HTTPError

    if not get_token():
        raise UserError("export --push needs a hub token: log in with `hf auth login`, or set HF_TOKEN.")
    api = HfApi()
    try:
        made = api.create_repo(name, repo_type=upload.kind, private=not public, exist_ok=True)
        seen = not public and not api.repo_info(made.repo_id, repo_type=upload.kind).private
        if not seen:
            operations = [CommitOperationAdd(file, content) for file, content in upload.files.items()]
            api.create_commit(made.repo_id, operations, commit_message="By Forethought", repo_type=upload.kind)
    except (HTTPError, OSError, ValueError) as error:  # what the client raises for the hub, the way to it, and names
        why = " ".join(str(error).split()).rstrip(".")
        raise UserError(f"The hub rejected {name}: {why[:300]}.") from error
    if seen:
        raise UserError(f"The repository {name} is public: add --public to push there anyway, or choose another one.")
    return str(made)


def told(upload: Upload, name: str, public: bool) -> str:
    """What would go where, as a phrase."""
    kind = "data set" if upload.kind == "dataset" else "model"
    return f"{'public' if public else 'private'} {kind} {name} on the hub: {', '.join(upload.files)}"


def of_files(files: Mapping[str, bytes]) -> Upload:
    """A data set that is made here."""
    return Upload("dataset", dict(files))


def _without_paths(file: Path) -> bytes:
    """An adapter's settings, in which a model's folder goes by its name: paths of this machine are nobody's business."""
    settings = json.loads(file.read_text(encoding="utf-8"))
    base = settings.get("base_model_name_or_path")
    if base and (Path(base).is_absolute() or Path(base).exists()):
        settings["base_model_name_or_path"] = Path(base).name
    return json.dumps(settings, indent=2).encode()
