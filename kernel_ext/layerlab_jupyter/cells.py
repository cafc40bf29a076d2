"""Which cell a thread belongs to, and how to show something there though another cell runs.

ipykernel knows the cell of a thread that runs one; what any other thread shows goes to the cell that happens
to run then. So the threads that a cell leaves behind are noted at its end.
"""

from __future__ import annotations

import contextvars
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from layerlab_jupyter.kernels import running_kernel

__all__ = ["Cell", "cell_of_this_thread", "install_thread_notes", "running_cell", "shown_in"]

Cell = dict[str, Any]
"""The header of the message that asked for a cell's execution."""

_cells: weakref.WeakKeyDictionary[threading.Thread, Cell] = weakref.WeakKeyDictionary()
_OF_A_CELL = "parent_header"  # the context variables by which ipykernel knows the cell of a thread or a task


def running_cell() -> Cell | None:
    """The cell that runs in this thread, or else the one that ran last in the notebook; None outside."""
    kernel: Any = running_kernel()
    asked = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else None
    return dict(asked["header"]) if asked and asked.get("header") else None


def cell_of_this_thread(made_in: Cell | None = None) -> Cell | None:
    """The cell that a background thread belongs to; None where ipykernel finds the cell by itself.

    Args:
        made_in: the cell that is meant if this is a background thread; default: the one that started it.
    """
    if any(variable.name == _OF_A_CELL for variable in contextvars.copy_context()):
        return None
    return made_in or _cells.get(threading.current_thread())


def install_thread_notes(shell: Any) -> None:
    """Note at the end of each cell which threads it leaves behind; doing so twice changes nothing."""
    shell.events.register("post_run_cell", _note_threads)


@contextmanager
def shown_in(cell: Cell | None) -> Iterator[None]:
    """What this thread displays inside goes to `cell`; None: to the one that ipykernel finds."""
    publisher: Any = getattr(getattr(running_kernel(), "shell", None), "display_pub", None)
    if cell is None or not hasattr(publisher, "register_hook"):
        yield
        return

    def move(message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "parent_header": cell}

    publisher.register_hook(move)  # hooks are of this thread alone
    try:
        yield
    finally:
        publisher.unregister_hook(move)


def _note_threads(*_: object) -> None:
    cell = running_cell()
    for thread in threading.enumerate():
        if cell is not None and thread is not threading.main_thread():
            _cells.setdefault(thread, cell)
