"""Threads that work ahead of the reader: bounded, in order, and gone when closed."""

from __future__ import annotations

import contextvars
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

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
        self._futures: deque[Future[Any]] = deque()
        self._threads = [
            threading.Thread(
                # The context carries np.errstate and the like; each thread needs a copy of its own.
                target=contextvars.copy_context().run,
                args=(_work, self._todo, load),
                name=f"layerlab-data-{number}",
                daemon=True,  # a thread that hangs in a user's code must not keep the process alive
            )
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()
        self._dismiss = weakref.finalize(self, _dismiss, self._todo, threads)  # also if it is never closed
        self._is_closed = False
        self._schedule()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._futures:
            raise StopIteration
        future = self._futures[0]
        _wait(future)
        self._futures.popleft()
        self._schedule()
        return future.result()

    def close(self) -> None:
        """Stop the threads. One that is in the midst of a load ends after it; it is waited for briefly."""
        if self._is_closed:
            return
        self._is_closed = True
        self._tasks = iter(())
        while self._futures:
            self._futures.popleft().cancel()
        self._dismiss()
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


def _dismiss(todo: queue.SimpleQueue[Any], threads: int) -> None:
    """Let each thread end once it has done what is before this in the queue."""
    for _ in range(threads):
        todo.put(None)


def _work(todo: queue.SimpleQueue[Any], load: Callable[[Any], Any]) -> None:
    # Holds no reference to the Ahead, so that one that is forgotten can be collected.
    while (item := todo.get()) is not None:
        task, future = item
        if future.set_running_or_notify_cancel():
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
