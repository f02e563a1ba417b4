"""Packs what a GPU machine without a network needs, in parts that are carried one by one; `unpack.py` joins them there.

    python examples/gpu/pack.py --out .gpu            # .gpu/00, .gpu/01, ...: each a part and the manifest
    python examples/gpu/pack.py --out .gpu --stages engine peers

The code itself is not packed: it travels as the working tree, whose size the parts leave room for.

The machine has Python 3.12 with torch 2.11.0+cu130, transformers, accelerate, peft, pyarrow, pandas, numba, rich and their
needs; WHEELS is what is missing there, found by importing (`docs/howto-gpu.md`). Wheels are compressed again (LZMA, which
`pip` reads), without what a Hopper card does not need, and laid end to end in the order of the steps: parts are slices of that.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

WHEELS: dict[str, tuple[str, ...]] = {
    "engine": (
        *("vllm==0.25.1", "xgrammar==0.2.3", "apache-tvm-ffi==0.1.9", "llguidance==1.7.6", "openai==3.57.0"),
        *("openai-harmony==0.0.8", "jiter==0.19.0", "httpx2==2.16.2", "httpcore2==2.16.2", "truststore==0.10.5"),
        *("fastapi==0.136.3", "starlette==1.10.0", "pydantic==2.14.4", "pydantic-core==2.50.5"),
        *("pydantic-settings==2.16.3", "typing-inspection==0.4.5", "annotated-types==0.8.0", "python-dotenv==1.2.4"),
        *("pyzmq==27.3.0", "msgspec==0.22.0", "cbor2==6.3.0", "pybase64==1.5.1", "cachetools==8.0.2"),
        *("partial-json-parser==0.2.1.1.post7", "sniffio==1.3.1", "tzdata==2026.6"),
        *("polars==2.1.0", "polars-runtime-32==2.1.0", "tyro==1.0.17", "docstring-parser==0.18.0", "typeguard==4.6.1"),
    ),
    "peers": (
        *("lm-eval==0.4.13", "evaluate==0.4.6", "datasets==5.2.0", "dill==0.4.1", "multiprocess==0.70.19"),
        *("more-itertools==11.2.1", "pytablewriter==1.2.1"),
    ),
    "train": (
        *("trl==1.16.0", "ray==2.60.0", "jsonschema==4.26.0", "jsonschema-specifications==2025.9.1"),
        *("referencing==0.37.0", "rpds-py==2026.9.1", "bm25s==0.3.16", "datasketch==2.0.0", "chardet==6.0.0.post1"),
        *("py3langid==0.4.0", "sentencex==1.0.32"),
    ),
}
"""What each stage adds, stages in the order in which steps need them."""

DROPPED = {
    "vllm": (
        *(
            "vllm/vllm-rs",
            "vllm/_moe_C_stable_libtorch",
            "vllm/_flashmla",
            "vllm/_qutlass",
            "vllm/third_party/deep_gemm/",
        ),
        *("vllm/third_party/fmha_sm100/", "vllm/vllm_flash_attn/_vllm_fa2_C"),
    ),
    "xgrammar": ("xgrammar/lib/", "xgrammar/include/"),
    "lm-eval": ("lm_eval/tasks/[^/]+/",),
    "ray": ("ray/jars/", "ray/rllib/", "ray/dashboard/client/"),
}
"""Regular expressions: how the paths begin that are left out. Other cards' kernels, mixtures of experts, static libraries, Java."""

SPARE = {"vllm": ("vllm/vllm_flash_attn/_vllm_fa2_C",)}
"""Left out above but kept at hand as the last stage, `spare`: FlashAttention 2, should something ask for it."""

PLATFORMS = [f"manylinux_2_{n}_x86_64" for n in (35, 34, 31, 28, 27, 26, 24, 17, 12, 5)]
PLATFORMS += [f"manylinux{year}_x86_64" for year in (2014, 2010, 1)]
CARRIED = 64 << 20
"""Bytes that one call carries, the working tree included."""
ROOM = 2 << 20
"""Bytes of that left free: names, the manifest, what is not committed yet."""
LARGEST = 60_000_000


def download(pins: tuple[str, ...], folder: Path) -> None:
    """Fetch the wheels of `pins` that `folder` lacks, built for Python 3.12 on Linux."""
    missing = [pin for pin in pins if not wheel_of(pin, folder)]
    if not missing:
        return
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder)]
    command += ["--python-version", "3.12", "--implementation", "cp"]
    command += [word for name in PLATFORMS for word in ("--platform", name)]
    subprocess.run([*command, *missing], check=True)
    if lacking := [pin for pin in pins if not wheel_of(pin, folder)]:
        raise SystemExit(f"pack: pip brought no wheel for {', '.join(lacking)}")


def wheel_of(pin: str, folder: Path) -> Path | None:
    """The wheel of name==version in a folder."""
    name, version = pin.split("==")
    start = f"{name.replace('-', '_')}-{version}-".lower()
    return next((path for path in sorted(folder.glob("*.whl")) if path.name.lower().startswith(start)), None)


def repack(source: Path, target: Path, keep: Any) -> None:
    """Write the files of a wheel for which `keep(path)` is true, compressed as small as Python's zip can."""
    fresh = target.with_suffix(".new")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(fresh, "w") as new:
        for entry in old.infolist():
            if entry.is_dir() or not keep(entry.filename):
                continue
            content = old.read(entry)
            if entry.filename.endswith(".dist-info/RECORD"):  # pip asks for every file named there
                lines = content.decode().splitlines(keepends=True)
                content = "".join(line for line in lines if keep(line.split(",")[0].strip('"'))).encode()
            new.writestr(entry, content, zipfile.ZIP_LZMA if len(content) > 4096 else zipfile.ZIP_DEFLATED)
    fresh.replace(target)


def packed(stages: list[str], wheels: Path) -> list[dict[str, Any]]:
    """Download and repack what the stages need; the files in order, each with name, stage, path, bytes and sha256."""
    found = []
    for stage in (name for name in WHEELS if name in stages):
        download(WHEELS[stage], wheels)
        for pin in WHEELS[stage]:
            source, name = wheel_of(pin, wheels), pin.split("==")[0]
            assert source
            dropped = DROPPED.get(name, ())
            target = place(wheels, dropped) / source.name
            if not target.exists():
                repack(source, target, lambda path, dropped=dropped: not begins(path, dropped))
            found.append(described(target, stage))
    if "spare" in stages:
        for name, kept in SPARE.items():
            pin = next(pin for pins in WHEELS.values() for pin in pins if pin.startswith(f"{name}=="))
            download((pin,), wheels)
            target = place(wheels, kept) / f"{name}-spare.zip"
            if not target.exists():
                repack(wheel_of(pin, wheels), target, lambda path, kept=kept: begins(path, kept))
            found.append(described(target, "spare"))
    return found


def place(wheels: Path, patterns: tuple[str, ...]) -> Path:
    """Where what was repacked with these patterns is kept: compressing takes minutes."""
    folder = wheels / "packed" / sha256(repr(patterns).encode())[:8]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def begins(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path begins as one of the patterns says."""
    return any(re.match(pattern, path) for pattern in patterns)


def described(path: Path, stage: str) -> dict[str, Any]:
    """An entry of the manifest."""
    content = path.read_bytes()
    return {"name": path.name, "stage": stage, "path": path, "bytes": len(content), "sha256": sha256(content)}


def sha256(content: bytes) -> str:
    """As in the manifest."""
    return hashlib.sha256(content).hexdigest()


def split(files: list[dict[str, Any]], out: Path, largest: int) -> dict[str, Any]:
    """Write the files end to end as parts OUT/NN/part of at most `largest` bytes; returns the manifest, written beside each.

    `stages` names, for each stage, the number of the part that completes it.
    """
    total = sum(file["bytes"] for file in files)
    count = max(1, -(-total // largest))
    size = -(-total // count)  # equal parts
    whole = b"".join(file["path"].read_bytes() for file in files)
    parts, stages, end = list[dict[str, Any]](), dict[str, int](), 0
    for number in range(count):
        content = whole[number * size : (number + 1) * size]
        folder = out / f"{number:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "part").write_bytes(content)
        parts.append({"name": folder.name, "bytes": len(content), "sha256": sha256(content)})
    for file in files:
        end += file["bytes"]
        stages[file["stage"]] = max(0, end - 1) // size
    entries = [{key: file[key] for key in ("name", "stage", "bytes", "sha256")} for file in files]
    manifest = {"parts": parts, "files": entries, "stages": stages}
    for part in parts:
        (out / part["name"] / "manifest.json").write_text(json.dumps(manifest))
    return manifest


def tree_bytes() -> int:
    """Bytes of the working tree that travel with every call: tracked files and those that git does not ignore."""
    root = Path(__file__).resolve().parents[2]
    listed = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    return sum((root / name).stat().st_size for name in set(names) if name and (root / name).is_file())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(".gpu"), help="folder of the parts; keep it out of git")
    parser.add_argument("--wheels", type=Path, help="where downloads are kept (by default OUT.wheels)")
    parser.add_argument("--stages", nargs="+", default=[*WHEELS, "spare"], choices=[*WHEELS, "spare"])
    parser.add_argument("--part", type=int, help="bytes of a part; by default what the working tree leaves of 64 MiB")
    args = parser.parse_args()
    tree = tree_bytes()
    largest = args.part or min(LARGEST, CARRIED - ROOM - tree)
    if largest < 1 << 20:
        raise SystemExit(f"pack: the working tree has {tree / 1e6:.1f} MB: nothing is left of what a call carries")
    wheels = args.wheels or args.out.absolute().with_name(args.out.name + ".wheels")
    manifest = split(packed(args.stages, wheels), args.out, largest)
    sizes = dict.fromkeys(manifest["stages"], 0)
    for file in manifest["files"]:
        sizes[file["stage"]] += file["bytes"]
    report = {"tree": tree, "parts": [part["bytes"] for part in manifest["parts"]]}
    report |= {"stages": {s: {"bytes": sizes[s], "complete_with_part": n} for s, n in manifest["stages"].items()}}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
