"""Whether the front end needs the widget: a kernel is not told which extensions its front end has."""

from __future__ import annotations

import os
import sys

from layerlab.errors import ConfigError
from layerlab_jupyter.kernels import running_kernel

__all__ = ["SWITCH", "needs_widget"]

SWITCH = "LAYERLAB_WIDGET"
"""The environment variable that decides: 'on', 'off', or 'auto' as if it were not set."""


def needs_widget() -> bool:
    """True in VS Code and in Colab, and where the person says so.

    Raises: ConfigError for a value of the switch that is none.
    """
    choice = os.environ.get(SWITCH, "auto").strip().lower()
    if choice not in ("on", "off", "auto"):
        raise ConfigError(f"{SWITCH} is {choice[:40]!r}. Expected 'on', 'off' or 'auto'.")
    return choice == "on" or (choice == "auto" and (_is_vs_code() or "google.colab" in sys.modules))


def _is_vs_code() -> bool:
    """Its Jupyter extension puts the notebook's path under this name before it runs the first cell."""
    shell = getattr(running_kernel(), "shell", None)
    return "__vsc_ipynb_file__" in getattr(shell, "user_ns", {})
