"""Checks of data against the model before anything moves: what went wrong in the person's words.

Also what they are compared by: tensors without values, and the batch size that a model is made for.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.core.input_spec import adjusted_rank
from layerlab.core.symbolic import KerasTensor
from layerlab.data.arrays import count_samples
from layerlab.data.model_needs import Needs
from layerlab.data.source import BatchSource
from layerlab.data.unpack import unpack_x_y_sample_weight
from layerlab.errors import DataError, ShapeError, explain
from layerlab.losses import sparse_categorical_crossentropy
from layerlab.training.compiled_loss import CompileLoss
from layerlab.typing import Tensor, Tree

__all__ = [
    "check_inputs",
    "check_labels",
    "check_stateful",
    "needs_of",
    "own_batch_size",
    "rows",
    "symbolic_like",
]


def check_inputs(model: Any, batch: object) -> None:
    """Compare the shapes of a batch's inputs with the model's, if it has a graph.

    Raises: ShapeError, or DataError for a wrong number of inputs.
    """
    graph = model._model_graph
    if graph is None:
        return
    x, _, _ = unpack_x_y_sample_weight(batch)
    if len(graph.inputs) == 1 and isinstance(x, np.ndarray) and x.shape[1:] == graph.inputs[0].shape[1:]:
        return  # nearly always
    for name, tensor, value in zip(model.input_names, graph.inputs, graph.flatten_inputs(x), strict=True):
        if value is None:  # an optional input
            continue
        expected, got = tensor.shape, (None, *value.shape[1:])
        if not _fits(expected, adjusted_rank(got, expected)):
            raise ShapeError(
                explain(
                    f"Model '{model.name}': input '{name}' does not fit the data.",
                    expected=f"shape {expected}",
                    got=f"{tuple(value.shape)} for a batch",
                    fix=_advice(expected, got),
                )
            )


def needs_of(model: Any) -> Needs:
    """What a model reads of its data: the inputs that its graph names, unless its `call` may read any; one
    number of samples, unless a step of a user's knows what to do with others."""
    graph = model._model_graph
    keys: Collection[Any] | None = None
    if graph is not None and model._runs_graph:
        structure = graph.inputs_structure
        keys = frozenset(structure if isinstance(structure, dict) else model.input_names)
    steps = (model.train_step, model.test_step)
    return Needs(keys, even=all(step.__module__.startswith("layerlab.") for step in steps))


def check_stateful(model: Any, source: BatchSource) -> None:
    """Compare the number of samples with the batch size, if a layer keeps its state from batch to batch.

    Raises: DataError if a batch would be smaller than the others, or than the states that are kept.
    """
    if source.whole is None or not model._keeps_states():
        return
    samples, own = count_samples(unpack_x_y_sample_weight(source.whole)), own_batch_size(model)
    size = min(source.batch_size or samples, samples)
    if samples % size or own not in (None, size):
        raise DataError(
            explain(
                f"'{model.name}' is stateful: each sample of a batch goes on where the one before it ended.",
                expected=f"a multiple of batch_size={own or size} samples, in batches of that size",
                got=f"{samples} samples, batch_size={size}",
                fix="leave some out, or choose another batch_size"
                if own is None
                else f"leave some out, and pass batch_size={own} or none",
            )
        )


def check_labels(compile_loss: CompileLoss | None, y: Any, y_pred: Tree[Tensor | None]) -> None:
    """Compare class numbers with the number of output units, wherever the loss is sparse.

    Args:
        compile_loss: built on outputs like `y_pred`, which may be symbolic.
    Raises: DataError that names the first label that is no class.
    """
    if compile_loss is None or y is None:
        return
    for name, target, prediction, losses in compile_loss.by_output(y, y_pred):
        for loss in losses:
            classes = prediction.shape[getattr(loss, "axis", -1)] if prediction.shape else None
            if target is not None and classes is not None and _is_sparse(loss):
                labels = backend().to_numpy(target) if backend().is_array(target) else np.asarray(target)
                _check_one_hot(labels, prediction.shape, classes, name)
                _check_range(labels, classes, getattr(loss, "ignore_class", None), name)


def symbolic_like(data: object, batch_size: int | None = None) -> Any:
    """KerasTensors like arrays (or tensors) in a structure; their batch axis has this size, None: any."""

    def like(leaf: Any) -> KerasTensor | None:
        if leaf is None or not hasattr(leaf, "shape"):
            return leaf
        shape = (batch_size, *leaf.shape[1:]) if len(leaf.shape) else ()
        return KerasTensor(shape, dtypes.standardize_dtype(leaf.dtype), record_history=False)

    return tree.map_structure(like, data)


def rows(data: object) -> int | None:
    """The number of samples in a batch."""
    return next((leaf.shape[0] for leaf in tree.flatten(data) if leaf is not None and len(leaf.shape)), None)


def own_batch_size(model: Any) -> int | None:
    """The batch size that a model's inputs state, or that its stateful layers keep states for; None: any."""
    stated = [tensor.shape[0] for tensor in model.inputs or () if tensor.shape]
    kept = [variable.shape[0] for variable in model.state_updates if len(getattr(variable, "shape", ()))]
    return next((size for size in (*stated, *kept) if size is not None), None)


def _check_one_hot(labels: np.ndarray, shape: tuple[Any, ...], classes: int, name: str) -> None:
    if labels.ndim == len(shape) and labels.shape[-1] == classes > 1 and np.isin(labels[:100], (0, 1)).all():
        raise DataError(
            explain(
                f"The labels of output '{name}' look one-hot, but the loss is sparse.",
                expected=f"class numbers of shape {labels.shape[:-1]}",
                got=f"shape {labels.shape}, all 0 or 1",
                fix='use loss="categorical_crossentropy", or y.argmax(-1)',
            )
        )


def _check_range(labels: np.ndarray, classes: int, ignored: int | None, name: str) -> None:
    if labels.dtype.kind not in "iuf" or labels.size == 0:
        return
    is_whole = labels.dtype.kind != "f"
    if is_whole and ignored is None and labels.min() >= 0 and labels.max() < classes:
        return  # the usual case, without further copies of the data
    is_class = (labels >= 0) & (labels < classes) & (is_whole or labels == np.floor(labels))
    bad = np.argwhere(~(is_class if ignored is None else is_class | (labels == ignored)))
    if not len(bad):
        return
    found = np.unique(labels)
    shown = ", ".join(map(str, found[:8])) + (", ..." if len(found) > 8 else "")
    raise DataError(
        explain(
            f"Label {labels[tuple(bad[0])]} at row {bad[0][0]}, but output '{name}' has {classes} units.",
            expected=f"class numbers 0..{classes - 1}",
            got=f"the labels {{{shown}}}",
            fix="number the classes from 0, or give the last layer as many units as there are classes",
        )
    )


def _is_sparse(loss: object) -> bool:
    return getattr(loss, "fn", None) is sparse_categorical_crossentropy


def _fits(expected: tuple[Any, ...], got: tuple[Any, ...]) -> bool:
    return len(expected) == len(got) and all(
        None in pair or pair[0] == pair[1] for pair in zip(expected, got, strict=True)
    )


def _advice(expected: tuple[Any, ...], got: tuple[Any, ...]) -> str:
    if len(got) == len(expected) - 1 and got[1:] == expected[1:-1] != ():
        return f"the last axis of {expected[-1]} is missing: images, for instance, need their channels"
    if len(got) == len(expected) - 1:
        return "an axis is missing; a single sample needs a batch axis: x[None]"
    return f"build the model with Input({tuple(got[1:])}), or reshape the data"
