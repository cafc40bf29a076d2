"""Checks of data against the model before anything moves: what went wrong in the person's words."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import tree
from layerlab.data.unpack import unpack_x_y_sample_weight
from layerlab.errors import DataError, ShapeError, explain

__all__ = ["check_batch", "check_labels"]


def check_batch(model: Any, batch: Any) -> None:
    """Compare the shapes of a batch's inputs with the model's.

    Raises: ShapeError, or DataError for a wrong number of inputs.
    """
    graph = model._graph
    if graph is None:
        return
    x, _, _ = unpack_x_y_sample_weight(batch)
    values = graph.flatten_inputs(x)
    for tensor, value in zip(graph.inputs, values, strict=True):
        expected, got = tensor.shape, (None, *value.shape[1:])
        fits = len(expected) == len(got) and all(
            None in pair or pair[0] == pair[1] for pair in zip(expected, got, strict=True)
        )
        if not fits and not _is_column(expected, got):
            raise ShapeError(
                explain(
                    f"Model \"{model.name}\": input '{tensor.name}' does not fit the data.",
                    expected=f"shape {expected}",
                    got=f"{tuple(value.shape)} for a batch",
                    fix=_advice(expected, got),
                )
            )


def check_labels(model: Any, y: Any) -> None:
    """Compare integer labels with the number of output units where the loss is sparse.

    Raises: DataError that names the first label out of range.
    """
    loss = model._compiled.get("loss")
    if not _is_sparse(loss) or y is None or tree.is_nested(y) or not model.outputs or len(model.outputs) != 1:
        return
    classes = model.outputs[0].shape[-1]
    labels = np.asarray(y)
    if classes is None or labels.dtype.kind not in "iuf" or labels.size == 0:
        return
    if labels.ndim == 2 and labels.shape[-1] == classes > 1 and np.isin(labels[:100], (0, 1)).all():
        raise DataError(
            explain(
                f"Labels look one-hot ({classes} columns of 0/1) but the loss is sparse.",
                fix='use loss="categorical_crossentropy", or y.argmax(-1)',
            )
        )
    ignored = getattr(loss, "ignore_class", None)
    checked = labels if ignored is None else labels[labels != ignored]
    if checked.size == 0 or (checked.min() >= 0 and checked.max() < classes):
        return
    bad = np.flatnonzero(
        ((labels < 0) | (labels >= classes)) & (labels != ignored if ignored is not None else True)
    )[0]
    found = np.unique(labels)
    shown = ", ".join(map(str, found[:8])) + (", ..." if len(found) > 8 else "")
    raise DataError(
        explain(
            f"Label {labels.ravel()[bad]} at row {bad}, but the output has {classes} units (labels 0..{classes - 1}).",
            got=f"the labels {{{shown}}}",
            fix="number the classes from 0, or give the last layer as many units as there are classes",
        )
    )


def _is_sparse(loss: Any) -> bool:
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return str(name).lower().replace("_", "") == "sparsecategoricalcrossentropy"


def _is_column(expected: tuple[Any, ...], got: tuple[Any, ...]) -> bool:
    """(samples,) where (None, 1) is expected, and the other way round."""
    return (expected[1:] == (1,) and len(got) == 1) or (got[1:] == (1,) and len(expected) == 1)


def _advice(expected: tuple[Any, ...], got: tuple[Any, ...]) -> str:
    if len(got) == len(expected) - 1 and expected[-1] == 1:
        return f"images need a channel axis: pass x[..., None], or build the model with Input({(*got[1:],)})"
    if len(got) == len(expected) - 1:
        return "an axis is missing; a single sample needs a batch axis: x[None]"
    return f"build the model with Input({tuple(got[1:])}), or reshape the data"
