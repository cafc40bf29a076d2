"""Threads that work ahead of the reader: bounded, in order, and gone when closed.

A load that touches values of variables waits there until the reader waits for that very load: the reader may
be in a step that replaces those values.
"""

from __future__ import annotations

import contextvars
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from layerlab.core.pending import PutOff, pending

__all__ = ["Ahead"]

_END = object()
_LOOK_SECONDS = 0.5  # a wait without an end cannot be interrupted on Windows
_JOIN_SECONDS = 1.0


class Ahead:
    """Iterates over `load(task)` for each of the tasks, in their order, computed ahead by daemon threads.

    Tasks are taken from the iterable in the reader's thread, at most `depth` ahead of what was read, so that
    nothing is loaded that the reader would not ask for. What `load` raises is raised where its result would
    have come, the same object; a StopIteration ends the iteration.
    """

    def __init__(self, load: Callable[[Any], Any], tasks: Iterable[Any], threads: int, depth: int) -> None:
        self._tasks = iter(tasks)
        self._depth = depth
        self._todo: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._turns = _Turns()
        self._futures: deque[Future[Any]] = deque()
        self._threads = [
            threading.Thread(
                # The context carries np.errstate and the like; each thread needs a copy of its own.
                target=contextvars.copy_context().run,
                args=(_work, self._todo, load, self._turns),
                name=f"layerlab-data-{number}",
                daemon=True,  # a thread that hangs in a user's code must not keep the process alive
            )
            for number in range(threads)
        ]
        # Also if it is never closed, or an interrupt comes between two starts.
        self._dismiss = weakref.finalize(self, _dismiss, self._todo, threads)
        self._free = weakref.finalize(self, self._turns.end)
        for thread in self._threads:
            thread.start()
        self._is_closed = False
        self._schedule()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._futures:
            raise StopIteration
        future = self._futures[0]
        if not future.done():
            with self._turns.given_to(future):
                _wait(future)
        self._futures.popleft()
        self._schedule()
        return future.result()

    @property
    def is_ready(self) -> bool:
        """Whether the next result, or the end, is there."""
        return not self._futures or self._futures[0].done()

    def close(self) -> None:
        """Stop the threads. One that is in the midst of a load ends after it; it is waited for briefly."""
        if self._is_closed:
            return
        self._is_closed = True
        self._tasks = iter(())
        while self._futures:
            self._futures.popleft().cancel()
        self._dismiss()
        self._free()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
        self._threads = [thread for thread in self._threads if thread.is_alive()]

    @property
    def is_running(self) -> bool:
        """Whether a thread has outlived `close`."""
        return any(thread.is_alive() for thread in self._threads)

    def _schedule(self) -> None:
        while len(self._futures) < self._depth:
            task = next(self._tasks, _END)
            if task is _END:
                self._dismiss()
                return
            future: Future[Any] = Future()
            self._futures.append(future)
            self._todo.put((task, future))


class _Turns:
    """Who may touch what the reader's steps replace: the load that it waits for, at the end all."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._awaited: Future[Any] | None = None
        self._reader: int | None = None
        self._has_ended = False

    @contextmanager
    def given_to(self, future: Future[Any]) -> Iterator[None]:
        """It is the turn of this load as long as the reader, the thread that calls, is inside."""
        self._change(future, threading.get_ident())
        try:
            yield
        finally:
            self._change(None, None)

    def end(self) -> None:
        """The reader takes no further steps."""
        self._has_ended = True
        self._change(None, None)

    def wait_for(self, future: Future[Any]) -> None:
        """Until it is the turn of this load; from then on its thread acts for the reader."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_ended or self._awaited is future)
            pending.acts_for = self._reader

    def _change(self, awaited: Future[Any] | None, reader: int | None) -> None:
        with self._changed:
            self._awaited, self._reader = awaited, reader
            self._changed.notify_all()


class _Turn:
    """A load that waits for its turn before it goes on."""

    def __init__(self, turns: _Turns, future: Future[Any]) -> None:
        self._turns, self._future = turns, future

    def finish(self) -> None:
        """Wait for it."""
        self._turns.wait_for(self._future)


def _dismiss(todo: queue.SimpleQueue[Any], threads: int) -> None:
    """Let each thread end once it has done what is before this in the queue."""
    for _ in range(threads):
        todo.put(None)


def _work(todo: queue.SimpleQueue[Any], load: Callable[[Any], Any], turns: _Turns) -> None:
    # Holds no reference to the Ahead, so that one that is forgotten can be collected.
    while (item := todo.get()) is not None:
        task, future = item
        if future.set_running_or_notify_cancel():
            pending.acts_for = None
            with PutOff(_Turn(turns, future)):
                try:
                    future.set_result(load(task))
                except BaseException as error:
                    future.set_exception(error)
        del item, task, future  # the batch may be large, and the next one long in coming


def _wait(future: Future[Any]) -> None:
    while not future.done():
        try:
            future.exception(timeout=_LOOK_SECONDS)
        except TimeoutError:
            continue
