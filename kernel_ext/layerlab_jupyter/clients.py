"""Who sent the cell that runs: a page, a console, or a program that executes notebooks."""

from __future__ import annotations

import re
from typing import Any, Literal

from layerlab_jupyter.kernels import running_kernel
from layerlab_jupyter.widgets.host import needs_widget

__all__ = ["Client", "asking_client", "draws_runs"]

Client = Literal["page", "console", "program"]

_NUMBERED = re.compile(r"_\d+_\d+$")


def draws_runs() -> bool:
    """Whether a run can be shown as it goes on: not in a console, unless `LAYERLAB_WIDGET` says otherwise."""
    return asking_client() != "console" or needs_widget()


def asking_client() -> Client:
    """A 'page' draws outputs and renews them; a 'console' (qtconsole, Spyder, `jupyter console`) writes each
    output once and ignores its updates; a 'program' (nbconvert, papermill) keeps the last state of each.

    A kernel is not told. But consoles and programs are written with jupyter_client, which numbers its
    messages where pages give each a UUID; and programs have nobody who could answer `input()`.
    """
    message = _request()
    if not _NUMBERED.search(str(message.get("header", {}).get("msg_id", ""))):
        return "page"
    return "console" if message.get("content", {}).get("allow_stdin") else "program"


def _request() -> dict[str, Any]:
    try:
        message = running_kernel().get_parent("shell")  # type: ignore[union-attr]
    except Exception:  # no kernel, one of another make, or none that was ever asked
        return {}
    return message if isinstance(message, dict) else {}
