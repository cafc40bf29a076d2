"""Show a model in the middle of a cell; as a cell's last expression it shows itself."""

from __future__ import annotations

from typing import Any

from layerlab_jupyter.frontend import frontend

__all__ = ["show"]


def show(model: Any) -> None:
    """Draw the graph and the summary table of `model`; print its summary where they cannot be drawn."""
    bundle = frontend.display(model)
    if bundle is None:
        model.summary()
        return
    from IPython.display import display

    display(bundle, raw=True)
