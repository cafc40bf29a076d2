"""Whether somebody still writes a log: a lock that the system takes away from a process that dies.

A lock on the file itself: it needs no second file, a killed kernel leaves none behind, and other containers
that share the folder see it, which is not so for the number of a process.
"""

from __future__ import annotations

import contextlib
import os
import time

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["hold", "is_held"]

_RECENTLY = 3600.0  # seconds; where there are no locks, a log that was written so lately may be live


def hold(descriptor: int) -> None:
    """Mark an open file as being written, until it is closed or this process ends."""
    if fcntl is None:
        return
    for _ in range(5):  # another kernel may be asking at this moment, for microseconds
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:  # a file system without locks
            return


def is_held(descriptor: int) -> bool:
    """Whether a living process, this one included, writes the file that is open here for reading."""
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass  # a file system without locks
        else:
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            return False
    return time.time() - os.fstat(descriptor).st_mtime < _RECENTLY
