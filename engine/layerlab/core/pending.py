"""What must come before anyone uses values of variables: the protocol between loading data and training.

While a batch is loaded, steps may be due on those before it, or the thread that loads may have to wait for
its turn. Code that loads may ask a model for something: it must find the weights that it would find if
nothing had been put off. So whoever puts work off leaves it here while he loads, and `Variable`, and whoever
makes a source of data, finish it first.
"""

from __future__ import annotations

import threading
from typing import Protocol

__all__ = ["PendingWork", "PutOff", "finish_pending", "pending"]


class PendingWork(Protocol):
    """Work that was put off."""

    def finish(self) -> None:
        """Do it now. Called at most once for each `PutOff`."""


class _Pending(threading.local):
    def __init__(self) -> None:
        self.works: list[PendingWork] = []  # what was put off in this thread, outermost first
        self.acts_for: int | None = None  # the thread that waits for this one, and lets it act in its place


pending = _Pending()


def finish_pending() -> None:
    """Finish what was put off in this thread. To be called before values of variables are used."""
    works = pending.works
    while works:
        works.pop().finish()


class PutOff:
    """A `with` block in which some work is put off.

    A class, not a generator: one is opened for each batch.

    Args:
        work: what is to be finished first, if values of variables are used inside.
    """

    __slots__ = ("_depth", "_work")

    def __init__(self, work: PendingWork) -> None:
        self._work = work

    def __enter__(self) -> None:
        self._depth = len(pending.works)
        pending.works.append(self._work)

    def __exit__(self, *exception: object) -> None:
        del pending.works[self._depth :]
