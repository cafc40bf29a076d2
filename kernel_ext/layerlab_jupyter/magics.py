"""`%load_ext layerlab_jupyter`: make the panels of JupyterLab work before anything was trained or shown.

Not needed for the monitor, nor for a model as a cell's last expression: those come by themselves.
"""

from __future__ import annotations

from layerlab_jupyter.commands.control_channel import install

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(ipython: object) -> None:
    """What `%load_ext layerlab_jupyter` does: answer the lab extension's messages.

    Not needed for the monitor, nor for a model as a cell's last expression. In an
    IPython without a kernel it does nothing.

    Args:
        ipython: the shell, which IPython passes.

    Example:
        >>> load_ipython_extension(None)
    """
    kernel = getattr(ipython, "kernel", None)
    if hasattr(kernel, "control_handlers"):
        install(kernel)


def unload_ipython_extension(ipython: object) -> None:
    """What `%unload_ext layerlab_jupyter` does: nothing.

    What answers messages costs nothing, and outputs already shown still need it.

    Args:
        ipython: the shell, which IPython passes.

    Example:
        >>> unload_ipython_extension(None)
    """
