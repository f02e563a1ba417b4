"""Where files lie: a local path, or an fsspec URL such as s3://bucket/folder (which needs s3fs)."""

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fsspec

from engine.errors import UserError
from engine.store.retries import patiently

Place = Path | str
"""A local path, or the URL of an object store as text: no `Path`, which halves its slashes."""


def place(where: Place) -> Place:
    """A local path made absolute, or a URL; one that went through `Path` gets its second slash back."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", str(where))
    if not found:
        return Path(where).absolute()
    scheme, rest = found.groups()
    return Path("/" + rest) if scheme == "file" else f"{scheme}://{rest}".rstrip("/")


def join(folder: Place, *names: str) -> Place:
    """A place below a folder."""
    return folder.joinpath(*names) if isinstance(folder, Path) else "/".join((folder, *names))


@contextlib.contextmanager
def told(doing: str, where: Place, remedy: str) -> Iterator[None]:
    """Turn what the storage raises into one sentence with the path, the reason and the remedy."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # every object store has errors of its own, and so have polars and pyarrow
        number = re.search(r"\b(?:os error|errno) (\d+)", str(error))
        if not (isinstance(error, OSError) or number or isinstance(where, str)):
            raise
        plain = " ".join(str(error).split())
        reason = os.strerror(int(number[1])) if number else getattr(error, "strerror", None) or plain
        raise UserError(f"Cannot {doing} {where}: {reason}; {remedy}.") from error


def filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL and the path in it; raises UserError where its package is missing."""
    try:
        return fsspec.core.url_to_fs(url)
    except ImportError as error:  # fsspec's message names the package
        raise UserError(f"{url} cannot be used: {error}.") from error
    except ValueError as error:
        raise UserError(f"{url} cannot be used: {error}; give a local path or a URL that fsspec knows.") from error


def write_whole(where: Place, content: bytes) -> None:
    """Write a file so that it is either absent or complete, and stays after a power cut; tried again where storage stumbles."""
    patiently(partial(_write, where, content))


def _write(where: Place, content: bytes) -> None:
    with told("write", where, "make room or choose another folder, then run again: what is finished is kept"):
        if not isinstance(where, Path):
            files, path = filesystem(where)
            files.pipe_file(path, content)  # an object appears whole
            return
        where.parent.mkdir(parents=True, exist_ok=True)
        temporary = where.with_name(f".{where.name}.{secrets.token_hex(4)}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(where)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def check_writable(folder: Place) -> None:
    """Raise UserError where a folder could not be made or written in, as far as can be seen without writing."""
    if not isinstance(folder, Path):
        filesystem(folder)
        return
    with told("write", folder, "choose another folder"):
        for near in (folder, *folder.parents):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                fault = 0 if stat.S_ISDIR(near.stat().st_mode) else errno.ENOTDIR
                if not fault and not os.access(near, os.W_OK | os.X_OK):
                    fault = errno.EROFS if os.statvfs(near).f_flag & os.ST_RDONLY else errno.EACCES
                if fault:
                    raise UserError(f"Cannot write {folder}: {near}: {os.strerror(fault)}; choose another folder.")
                return


def create(where: Place, content: bytes) -> bool:
    """Write a file that nobody has yet; False where it is there. Of several that try only one succeeds.

    In an object store this is a conditional put; of a file system that has none only a look before.
    """
    with told("write", where, "make room or choose another folder, then run again: what is finished is kept"):
        if not isinstance(where, Path):
            files, path = filesystem(where)
            try:
                files.pipe_file(path, content, mode="create")
            except (FileExistsError, TypeError, NotImplementedError) as error:
                if isinstance(error, FileExistsError) or files.exists(path):
                    return False
                files.pipe_file(path, content)
            except Exception as error:  # each object store says in its own way that the condition does not hold
                if (
                    "PreconditionFailed" in f"{error!r}"
                    or "412" in str(error)
                    or "ConditionalRequestConflict" in str(error)
                ):
                    return False
                raise
            return True
        where.parent.mkdir(parents=True, exist_ok=True)
        temporary = where.with_name(f".{where.name}.{secrets.token_hex(4)}.tmp")
        try:
            temporary.write_bytes(content)
            os.link(temporary, where)  # atomic on NFS too
        except (FileExistsError, FileNotFoundError):  # an owner that ends takes the folder away
            return False
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
                raise
            return _created_in_place(where, content)  # a file system without links
        finally:
            temporary.unlink(missing_ok=True)
        return True


def _created_in_place(where: Path, content: bytes) -> bool:
    try:
        with where.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def read_bytes(where: Place) -> bytes:
    """A file's content."""
    if isinstance(where, Path):
        return where.read_bytes()
    files, path = filesystem(where)
    return files.cat_file(path)


def exists(where: Place) -> bool:
    """Whether a file is there, asked by its name, which no late listing hides."""
    if isinstance(where, Path):
        return where.exists()
    files, path = filesystem(where)
    files.invalidate_cache(files._parent(path))
    return bool(files.exists(path))


def names(folder: Place) -> set[str]:
    """Names of the files in a folder; none where there is no folder."""
    with told("list", folder, "check the address and the access to it"), contextlib.suppress(FileNotFoundError):
        if isinstance(folder, Path):
            return set(os.listdir(folder)) if folder.is_dir() else set()
        files, path = filesystem(folder)
        files.invalidate_cache(path)
        return {found.rsplit("/", 1)[-1] for found in files.ls(path, detail=False)}
    return set()


def remove(where: Place) -> None:
    """Remove a file or a folder with all that is in it, if it is there."""
    if isinstance(where, Path):
        with told("remove", where, "allow writing there, then run again"):
            if where.is_dir():
                shutil.rmtree(where, ignore_errors=True)
            else:
                where.unlink(missing_ok=True)
        return
    files, path = filesystem(where)
    with contextlib.suppress(FileNotFoundError):
        files.rm(path, recursive=True)
