"""Show a model in the middle of a cell; as a cell's last expression it shows itself."""

from __future__ import annotations

from layerlab.core.model_protocol import ModelLike
from layerlab_jupyter.frontend import frontend

__all__ = ["show"]


def show(model: ModelLike) -> None:
    """Draw a model's graph and its summary table, in the middle of a cell.

    As last expression of a cell a model shows itself. Where nothing can be drawn, as in
    a console, its summary is printed.

    Args:
        model: a Model, built or not.

    Example:
        >>> for units in (16, 64):  # doctest: +SKIP
        ...     show(make_model(units))
    """
    bundle = frontend.display(model)
    if bundle is None:
        model.summary()
        return
    from IPython.display import display

    display(bundle, raw=True)
