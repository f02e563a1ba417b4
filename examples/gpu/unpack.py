"""Takes one part that `pack.py` made, on the machine that it was carried to, and installs what has become whole.

    python3 examples/gpu/unpack.py .gpu/00 [--home ~/gpu-day]

Each call brings one part, in any order; the same part twice does no harm. Parts and packages lie in `--home`, outside the
working tree, which is renewed with every call. Prints one JSON line; ends with status 1, and names the part or the file, where
something arrived damaged.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

HOME = Path.home() / "gpu-day"


def take(folder: Path, home: Path) -> dict[str, Any]:
    """Keep the part in `folder`, install the files that are whole now; returns what is there and what is missing.

    Raises SystemExit where the part, or a file made of several, is not what was packed.
    """
    manifest = json.loads((folder / "manifest.json").read_text())
    known = {part["name"]: part for part in manifest["parts"]}
    part = known.get(folder.name)
    if part is None:
        raise SystemExit(f"unpack: {folder.name} is no part of this manifest, which has {', '.join(known)}")
    # another packing has other parts: what is left of an earlier one does not count
    place = home / "parts" / hashlib.sha256(json.dumps(manifest).encode()).hexdigest()[:12]
    place.mkdir(parents=True, exist_ok=True)
    content = (folder / "part").read_bytes()
    if hashlib.sha256(content).hexdigest() != part["sha256"]:
        raise SystemExit(f"unpack: part {folder.name} is damaged: {len(content)} bytes came of {part['bytes']}")
    write(place / folder.name, content)
    fresh = install(whole(manifest, place, home), home)
    here = {path.name for path in place.iterdir()}
    done = installed(home)
    left = [file for file in manifest["files"] if file["sha256"] not in done]
    return {
        "parts": sorted(here),
        "missing": [name for name in known if name not in here],
        "installed": fresh,
        "stages": [stage for stage in manifest["stages"] if stage not in {file["stage"] for file in left}],
        "site": str(home / "site"),
    }


def whole(manifest: dict[str, Any], place: Path, home: Path) -> list[tuple[Path, str]]:
    """Write the files all of whose parts are here and that are not installed; their paths and hashes."""
    (home / "wheels").mkdir(exist_ok=True)
    done, found, begin = installed(home), list[tuple[Path, str]](), 0
    for file in manifest["files"]:
        end = begin + file["bytes"]
        pieces, offset = list[bytes](), 0
        for part in manifest["parts"]:
            first, last = max(begin, offset), min(end, offset + part["bytes"])
            if first < last and file["sha256"] not in done and (place / part["name"]).exists():
                with (place / part["name"]).open("rb") as opened:
                    opened.seek(first - offset)
                    pieces.append(opened.read(last - first))
            offset += part["bytes"]
        begin = end
        if sum(map(len, pieces)) != file["bytes"] or file["sha256"] in done:
            continue
        content = b"".join(pieces)
        if hashlib.sha256(content).hexdigest() != file["sha256"]:
            raise SystemExit(f"unpack: {file['name']} is damaged, though its parts are whole: pack again")
        write(home / "wheels" / file["name"], content)
        found.append((home / "wheels" / file["name"], file["sha256"]))
    came = done | {digest for _, digest in found}
    if any(file["sha256"] not in came for file in manifest["files"] if file["name"].endswith(".whl")):
        return [
            one for one in found if one[0].suffix == ".whl"
        ]  # pip would clear away what an archive laid over a package
    return found


def install(files: list[tuple[Path, str]], home: Path) -> list[str]:
    """Install wheels with pip and lay other archives over them; returns the names."""
    site = home / "site"
    site.mkdir(exist_ok=True)
    wheels = [str(path) for path, _ in files if path.suffix == ".whl"]
    if wheels:
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-compile"]
        command += ["--no-cache-dir", "--disable-pip-version-check", "--upgrade", "--target", str(site), *wheels]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"unpack: pip ended with status {done.returncode}: {done.stderr.strip()[-1500:]}")
    if wheels:  # with all cores: the first import would do it with one
        subprocess.run(
            [sys.executable, "-m", "compileall", "-q", "-j", "0", str(site)], capture_output=True, check=False
        )
    for path, _ in files:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                archive.extractall(site)
    write(home / "installed.json", json.dumps(sorted(installed(home) | {digest for _, digest in files})).encode())
    for path, _ in files:
        path.unlink()
    return [path.name for path, _ in files]


def installed(home: Path) -> set[str]:
    """Hashes of the files that have been installed."""
    path = home / "installed.json"
    return set(json.loads(path.read_text())) if path.exists() else set()


def write(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", type=Path, help="folder with a part and the manifest")
    parser.add_argument("--home", type=Path, default=HOME)
    args = parser.parse_args()
    began = time.monotonic()
    found = take(args.part, args.home.absolute())
    print(json.dumps(found | {"seconds": round(time.monotonic() - began, 1)}), flush=True)


if __name__ == "__main__":
    main()
