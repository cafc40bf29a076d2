"""What layerlab asks of the Jupyter server: to leave the page's questions out of a kernel's activity, and
to give the page what the log of a run holds when its kernel is gone (`logs.py`).

The page asks the kernel about a live run several times a second. A kernel says busy and idle around each
question, and the server would take a kernel that trains for an idle one (and cull it once the page is
closed), or one that only answers for an active one (and never cull it). A package of its own, because the
server imports it at each start: it must not load the engine.
"""

from __future__ import annotations

from typing import Any

from layerlab_server.logs import LoggedRunHandler

__all__ = ["REQUEST"]

REQUEST = "layerlab_request"
"""As in `layerlab_jupyter.protocol`."""

NO_ACTIVITY = (REQUEST, "create_subshell_request", "delete_subshell_request", "list_subshell_request")
"""Ours, and what JupyterLab asks on the control channel when a kernel starts: if a cell runs by then, a
server that counts them (jupyter_server 2.21) takes the kernel for idle until the cell ends."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where the server finds the extension."""
    return [{"module": "layerlab_server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Begin to serve. Some kernel managers have no list of message types that do not count as activity."""
    manager = server.kernel_manager
    untracked = getattr(manager, "untracked_message_types", None)
    if untracked is not None:
        manager.untracked_message_types = list(dict.fromkeys([*untracked, *NO_ACTIVITY]))
    base = server.web_app.settings["base_url"].rstrip("/")
    server.web_app.add_handlers(".*$", [(rf"{base}/layerlab/runs/([\w-]{{1,64}})", LoggedRunHandler)])
