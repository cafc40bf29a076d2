"""A fit in a background thread is shown in its own cell, whichever cell runs meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from layerlab_jupyter.cells import cell_of_this_thread, running_cell, shown_in
from layerlab_jupyter.protocol import RUN_MIME
from tests.kernel_ext.kernel import Asker, running_kernel_process
from tests.kernel_ext.test_busy_kernel import BUSY_CELL

# `fit` as the engine calls it, from a thread that waits until another cell lets it go on.
SETUP = (
    BUSY_CELL
    + """
import threading
from concurrent.futures import ThreadPoolExecutor
from layerlab.training.control import RunControl
from layerlab_jupyter import LiveFit
from tests.kernel_ext.runs import events_of_run

may_begin = threading.Event()
pool = ThreadPoolExecutor(1)

def fit(live=None):
    may_begin.wait(60)
    if live is None:
        return pretend_to_fit(0.05)
    listener = live.watch_run("run-1", Model(), RunControl())
    for event in events_of_run(epochs=1, steps=3):
        listener(event)

def start(*args):
    may_begin.clear()
    thread = threading.Thread(target=fit, args=args)
    thread.start()
    return thread
"""
)


@pytest.fixture(scope="module")
def kernel() -> Iterator[Asker]:
    with running_kernel_process() as asker:
        asker.outputs(asker.execute(SETUP))
        yield asker


def cells_that_show(kernel: Asker, last_cell: str) -> list[str]:
    """The cells to which runs went, one for each."""
    published = kernel.published(until_end_of=last_cell)
    assert not [o for outputs in published.values() for o in outputs if o["type"] in ("error", "stream")]
    return [
        cell
        for cell, outputs in published.items()
        for output in outputs
        if output["type"] == "display_data" and RUN_MIME in output["data"]
    ]


def test_a_run_of_a_thread_is_shown_in_the_cell_that_started_the_thread(kernel: Asker) -> None:
    started = kernel.execute("thread = start()")
    kernel.outputs(started)
    kernel.outputs(kernel.execute("'something else'"))
    later = kernel.execute("may_begin.set(); thread.join()")
    assert cells_that_show(kernel, later) == [started]


def test_a_run_of_a_thread_is_shown_where_its_live_fit_was_made(kernel: Asker) -> None:
    made = kernel.execute("live = LiveFit(log=False)")
    kernel.outputs(made)
    started = kernel.execute("thread = start(live)")
    kernel.outputs(started)
    later = kernel.execute("may_begin.set(); thread.join()")
    assert cells_that_show(kernel, later) == [made]


def test_a_thread_of_a_pool_that_is_used_again_shows_by_the_live_fit(kernel: Asker) -> None:
    kernel.outputs(kernel.execute("pool.submit(int).result()"))
    asked = kernel.execute("may_begin.clear(); done = pool.submit(fit, LiveFit(log=False))")
    kernel.outputs(asked)
    later = kernel.execute("may_begin.set(); done.result()")
    assert cells_that_show(kernel, later) == [asked]


def test_a_live_fit_made_before_shows_in_the_cell_that_calls_fit(kernel: Asker) -> None:
    kernel.outputs(kernel.execute("live = LiveFit(log=False)"))
    fitting = kernel.execute("may_begin.set(); fit(live)")
    assert cells_that_show(kernel, fitting) == [fitting]


def test_a_thread_that_inherited_its_context_needs_no_help(kernel: Asker) -> None:
    code = "import asyncio; may_begin.set(); await asyncio.to_thread(fit)"
    fitting = kernel.execute(code)
    assert cells_that_show(kernel, fitting) == [fitting]


def test_outside_a_kernel_there_are_no_cells() -> None:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(cell_of_this_thread()))
    thread.start()
    thread.join()
    assert (running_cell(), seen, asyncio.run(asyncio.to_thread(cell_of_this_thread))) == (None, [None], None)
    with shown_in({"msg_id": "1"}):
        pass
