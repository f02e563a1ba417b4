"""`slow://MS/PATH`: this machine's files, each call as late as one to an object store. For `bench plane`."""

import time
from typing import Any

from fsspec.implementations.local import LocalFileSystem


class SlowStore(LocalFileSystem):
    """Local files whose every call, such as a GET, a PUT or a listing, takes MS milliseconds more."""

    protocol = "slow"

    def __init__(self, ms: float = 0.0, **kwargs: Any):
        super().__init__(auto_mkdir=True, **kwargs)
        self.seconds = ms / 1000

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path if path.startswith("/") else "/" + path.removeprefix("slow://").partition("/")[2].rstrip("/")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, float]:
        return {"ms": float(path.removeprefix("slow://").partition("/")[0])}

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        """A GET."""
        time.sleep(self.seconds)
        with open(path, "rb") as file:
            file.seek(start or 0)
            return file.read(-1 if end is None else end - (start or 0))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        """A PUT."""
        time.sleep(self.seconds)
        self.makedirs(self._parent(path), exist_ok=True)
        with open(path, "xb" if mode == "create" else "wb") as file:
            file.write(value)

    def ls(self, path: str, detail: bool = False, **kwargs: Any) -> Any:
        """A listing."""
        time.sleep(self.seconds)
        return super().ls(path, detail=detail, **kwargs)

    def exists(self, path: str, **kwargs: Any) -> bool:
        """A HEAD."""
        time.sleep(self.seconds)
        return bool(super().exists(path, **kwargs))

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        """A deletion of up to 1,000 objects."""
        time.sleep(self.seconds)
        super().rm(path, recursive=recursive, maxdepth=maxdepth)
