"""What layerlab asks of the Jupyter server: to leave the page's questions out of a kernel's activity.

The page asks the kernel about a live run several times a second. A kernel says busy and idle around each
question, and the server would take a kernel that trains for an idle one (and cull it once the page is
closed), or one that only answers for an active one (and never cull it). A package of its own, because the
server imports it at each start: it must not load the engine.
"""

from __future__ import annotations

from typing import Any

__all__ = ["REQUEST"]

REQUEST = "layerlab_request"
"""As in `layerlab_jupyter.protocol`."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where the server finds the extension."""
    return [{"module": "layerlab_server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add our message type to those that do not count as activity; some kernel managers have no such list."""
    manager = server.kernel_manager
    untracked = getattr(manager, "untracked_message_types", None)
    if untracked is not None and REQUEST not in untracked:
        manager.untracked_message_types = [*untracked, REQUEST]
