"""Reading and writing that is tried again where the storage stumbles: no reason to give up an engine or a job."""

import errno
import time
from collections.abc import Callable
from typing import TypeVar

from engine.errors import UserError

DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before each further try."""
FINAL = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL),
}
"""What no other try would mend: a full disk, a folder that is not ours, a path that is none."""
T = TypeVar("T")


def patiently(act: Callable[[], T]) -> T:
    """What `act` returns; it is tried again, later and later, as long as its error may pass."""
    for delay in DELAYS:
        try:
            return act()
        except (OSError, UserError) as error:
            if not _may_pass(error):
                raise
        time.sleep(delay)
    return act()


def _may_pass(error: BaseException) -> bool:
    """A user's error may where storage caused it (see `places.told`)."""
    cause = error.__cause__ if isinstance(error, UserError) else error
    number = getattr(cause, "errno", None)
    if cause is None or isinstance(cause, ImportError | PermissionError):
        return False
    # on a disk a missing file may only be late; an object store, which gives no number, has no such bucket
    return number not in FINAL and (number is not None or not isinstance(cause, FileNotFoundError))
