"""Prefetch: batches that are slow to come are loaded in a thread, while the step before them runs.

The first batches are loaded in the training thread. Data that use a layer stay there for good: while a step
runs, the weights it replaces are not to be read.
"""

from __future__ import annotations

import itertools
import threading
import time
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from layerlab.core.layer import Layer
from layerlab.data.ahead import Ahead

__all__ = ["Prefetcher", "note_engine_use", "uses_layers"]

# A hand-over between threads costs some 0.03 ms, and two threads of Python share one lock: below this a
# thread gains little.
SLOW_SECONDS = 0.002


class Prefetcher:
    """Reads the epochs of one source, in a thread from the first slow batch on.

    Args:
        depth: batches ahead, at most; 0 never starts a thread.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._is_slow = False
        self._ahead: Ahead | None = None

    def read(self, pull: Callable[[], Any], limit: int | None) -> Iterator[Any]:
        """What `pull()` returns, up to `limit` times, or until it raises StopIteration.

        Never pulls more than `limit` times, nor again after an exception.
        """
        left = itertools.repeat(None) if limit is None else itertools.repeat(None, limit)
        for _ in left:
            if self._is_slow and self._depth:
                # This turn is the thread's first.
                yield from self._read_ahead(pull, itertools.chain([None], left))
                return
            try:
                item = self.pull(pull)
            except StopIteration:
                return
            yield item

    def pull(self, pull: Callable[[], Any]) -> Any:
        """`pull()` in this thread, with an eye on how long it takes and what it uses."""
        start = time.perf_counter()
        with _noting_engine_use() as uses:
            item = pull()
        if uses:
            self.stay_here()
        self._is_slow = self._is_slow or time.perf_counter() - start > SLOW_SECONDS
        return item

    def stay_here(self) -> None:
        """Start no thread from now on."""
        self._depth = 0

    def close(self) -> bool:
        """Stop the thread; True if it still runs, in the midst of a user's code."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return False
        ahead.close()
        return ahead.is_running

    def _read_ahead(self, pull: Callable[[], Any], turns: Iterable[Any]) -> Iterator[Any]:
        has_ended = False

        def pull_unless_ended(_: Any) -> Any:
            nonlocal has_ended
            if has_ended:
                raise StopIteration
            try:
                return pull()
            except BaseException:
                has_ended = True
                raise

        ahead = self._ahead = Ahead(pull_unless_ended, turns, threads=1, depth=self._depth)
        try:
            yield from ahead
        finally:
            ahead.close()


def uses_layers(*sources: Any) -> bool:
    """True if a generator, a function or an object holds or names a layer or model, one step deep."""
    named = [value for source in sources for value in _named_by(source)]
    inner = (value for holder in named for value in _attributes(holder))
    return any(_is_of_layer(value) for value in itertools.chain(named, inner))


def _named_by(source: Any) -> Iterable[Any]:
    frame = getattr(source, "gi_frame", None)
    if frame is not None:
        local, code, outer = frame.f_locals, frame.f_code, frame.f_globals
    elif isinstance(source, types.FunctionType):
        code, outer = source.__code__, source.__globals__
        cells = zip(code.co_freevars, source.__closure__ or (), strict=True)
        local = {name: _content(cell) for name, cell in cells}
    else:
        return _attributes(source)
    return [*local.values(), *(outer[name] for name in code.co_names if name in outer)]


def _attributes(holder: Any) -> Iterable[Any]:
    is_plain = not isinstance(holder, types.ModuleType | type)
    return list(getattr(holder, "__dict__", {}).values()) if is_plain else []


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet assigned
        return None


def _is_of_layer(value: Any) -> bool:
    return isinstance(value, Layer) or isinstance(getattr(value, "__self__", None), Layer)


class _Here(threading.local):
    def __init__(self) -> None:
        self.uses: list[str] | None = None


_here = _Here()


@contextmanager
def _noting_engine_use() -> Iterator[list[str]]:
    """A list that is not empty after data were given to a model inside, in this thread."""
    previous, _here.uses = _here.uses, []
    try:
        yield _here.uses
    finally:
        _here.uses = previous


def note_engine_use() -> None:
    """Say that a model is about to be used; if a batch is being loaded in this thread, it is for that."""
    if _here.uses is not None:
        _here.uses.append("used")
