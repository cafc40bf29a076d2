"""Which Jupyter kernel this process is, if it is one. Importing this file imports nothing of Jupyter."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

__all__ = ["is_cell_text", "kernel_id", "notebook_variables", "running_kernel", "running_shell"]


def running_kernel() -> Any | None:
    """The IPython kernel of this process; None in a script, a terminal and a plain IPython."""
    kernel = getattr(running_shell(), "kernel", None)
    return kernel if hasattr(kernel, "control_handlers") else None


def running_shell() -> Any | None:
    """The IPython shell of this process, of a kernel or of a terminal."""
    ipython = sys.modules.get("IPython")  # a shell has imported it long ago
    return ipython.get_ipython() if ipython is not None else None


def notebook_variables() -> dict[str, Any]:
    """The variables of the notebook as they are now; none outside a kernel."""
    kernel = running_kernel()
    return {} if kernel is None else kernel.shell.user_ns.copy()


def is_cell_text(stream: object) -> bool:
    """Whether what is written to `stream` is text below a cell."""
    ipykernel = sys.modules.get("ipykernel.iostream")  # imported by the kernel that made the stream
    return ipykernel is not None and isinstance(stream, ipykernel.OutStream)


def kernel_id() -> str:
    """The id by which the server knows this kernel, '' when it cannot be told.

    Source: jupyter_server names a kernel's connection file `kernel-<id>.json`.
    """
    if running_kernel() is None:
        return ""
    from ipykernel.connect import get_connection_file

    try:
        name = Path(get_connection_file()).name
    except (RuntimeError, OSError):  # a kernel embedded in another program has no such file
        return ""
    match = re.fullmatch(r"kernel-(.+)\.json", name)
    return match[1] if match else ""
