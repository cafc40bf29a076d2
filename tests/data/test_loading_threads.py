"""Threads that load ahead of the reader."""

from __future__ import annotations

import gc
import itertools
import threading
from typing import Any

import pytest

from layerlab.data.loading_threads import Ahead

SECONDS = 20  # of waiting for what comes at once


def test_results_come_in_order_whichever_thread_is_first() -> None:
    later = threading.Event()

    def load(task: int) -> int:
        if task == 0:  # is done only when others have been
            assert later.wait(SECONDS)
        if task == 2:
            later.set()
        return task

    assert list(Ahead(load, range(9), threads=3, depth=4)) == list(range(9))


def test_no_more_is_loaded_than_the_depth_ahead_of_the_reader() -> None:
    taken: list[int] = []
    tasks = (taken.append(n) or n for n in itertools.count())  # type: ignore[func-returns-value]
    ahead = Ahead(lambda task: task, tasks, threads=2, depth=3)
    assert taken == [0, 1, 2]
    assert [next(ahead), next(ahead)] == [0, 1]
    assert taken == [0, 1, 2, 3, 4]
    ahead.close()


def test_an_exception_comes_where_its_result_would_with_its_own_traceback() -> None:
    class Broken(Exception):
        pass

    def load(task: int) -> int:
        if task == 2:
            raise Broken("two")
        return task

    ahead = Ahead(load, range(5), threads=2, depth=5)
    assert [next(ahead), next(ahead)] == [0, 1]
    with pytest.raises(Broken, match="two") as caught:
        next(ahead)
    assert "load" in [entry.name for entry in caught.traceback]
    ahead.close()


def test_close_ends_the_threads_and_may_be_called_again() -> None:
    before = set(threading.enumerate())  # those of other tests may be ending
    ahead = Ahead(lambda task: task, itertools.count(), threads=3, depth=6)
    assert next(ahead) == 0
    ahead.close()
    ahead.close()
    assert set(threading.enumerate()) <= before
    assert not ahead.is_running
    assert list(ahead) == []


def test_a_thread_that_hangs_is_left_behind_and_loads_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerlab.data.loading_threads._JOIN_SECONDS", 0.01)
    begun, go_on, loaded = threading.Event(), threading.Event(), []

    def load(task: int) -> Any:
        loaded.append(task)
        begun.set()
        go_on.wait(SECONDS)

    ahead = Ahead(load, range(5), threads=1, depth=5)
    [thread] = ahead._threads
    assert begun.wait(SECONDS)
    ahead.close()
    assert ahead.is_running
    assert thread.daemon  # it cannot keep the process from ending
    go_on.set()
    thread.join(SECONDS)
    assert loaded == [0]


def test_threads_end_with_the_tasks_and_with_a_reader_that_is_forgotten() -> None:
    read, forgotten = (Ahead(lambda task: task, tasks, 2, 3) for tasks in (range(5), itertools.count()))
    threads = [*read._threads, *forgotten._threads]
    assert list(read) == [0, 1, 2, 3, 4]
    assert next(forgotten) == 0
    del forgotten
    for thread in threads:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in threads)


def test_threads_end_if_an_interrupt_comes_between_their_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def interrupted(self: threading.Thread) -> None:
        if started:
            raise KeyboardInterrupt
        start(self)
        started.append(self)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Ahead(lambda task: task, range(3), threads=2, depth=2)
    gc.collect()
    started[0].join(5)
    assert not started[0].is_alive()
