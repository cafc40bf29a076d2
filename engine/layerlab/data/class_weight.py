"""Sample weights from the classes of the targets, for `fit(class_weight=...)`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.data.convert import as_arrays
from layerlab.data.source import BatchSource
from layerlab.data.unpack import unpack_x_y_sample_weight
from layerlab.errors import DataError, InvalidArgumentError, explain
from layerlab.numeric import is_number
from layerlab.typing import Batch

__all__ = ["WeightedSource", "checked_class_weight", "weights_of_classes"]

ClassWeight = Mapping[int, float]


def checked_class_weight(class_weight: object) -> dict[int, float]:
    """The weights by class number.

    Raises: InvalidArgumentError for anything but a dict from whole numbers to finite weights of 0 or more.
    """
    if not isinstance(class_weight, Mapping):
        raise InvalidArgumentError(
            explain(
                "class_weight",
                expected="a dict from class number to weight",
                got=type(class_weight).__name__,
                fix="dict(enumerate(weights)) makes one of a list",
            )
        )
    return {_class(key): _weight(key, value) for key, value in class_weight.items()}


def weights_of_classes(y: object, class_weight: ClassWeight, sample_weight: object = None) -> np.ndarray:
    """A weight for each target from the weight of its class, times its sample weight if there is one.

    A class without a weight has 1. Targets of two or more axes are one-hot, or have a last axis of 1, as in
    Keras; that the two weights are multiplied is how tf.keras 2 did it (Keras 3 refuses both at once).
    Raises: DataError if there are no targets, or several outputs.
    """
    y, sample_weight = _only(y), _only(sample_weight)
    if y is None or tree.is_nested(y):
        raise DataError(
            explain(
                "class_weight",
                expected="one output with class targets",
                got="no targets" if y is None else "several outputs",
                fix="pass sample_weight, a list or dict with the weights for each output",
            )
        )
    labels = backend().to_numpy(y) if backend().is_array(y) else np.asarray(y)
    if labels.ndim >= 2:
        labels = _from_one_hot(labels) if labels.shape[-1] != 1 else labels[..., 0]
    weights = _look_up(np.rint(labels), class_weight)
    if sample_weight is None:
        return weights
    if tree.is_nested(sample_weight):
        raise DataError(explain("sample_weight", expected="one array beside class_weight", got="several"))
    return _multiply(weights, np.asarray(as_arrays(sample_weight, "sample_weight")))


class WeightedSource:
    """A source whose batches get sample weights from their classes."""

    def __init__(self, source: BatchSource, class_weight: ClassWeight) -> None:
        self._source = source
        self._class_weight = class_weight
        self.batch_size = source.batch_size
        self.whole: Any = None

    @property
    def steps(self) -> int | None:
        """The number of batches in an epoch; None if unknown."""
        return self._source.steps

    def peek(self) -> Batch:
        """The first batch, with its weights."""
        return self._weigh(self._source.peek())

    @property
    def is_ready(self) -> bool:
        """Whether the source can give the next batch at once."""
        return self._source.is_ready

    def epoch(self) -> Iterator[Batch]:
        """The batches with their weights."""
        return map(self._weigh, self._source.epoch())

    def rewind(self) -> None:
        """Let the source's next epoch begin at the first batch."""
        self._source.rewind()

    def place(self) -> dict[str, Any]:
        """How far training has come in the source, as JSON."""
        return self._source.place()

    def go_on_at(self, place: dict[str, Any], given: int) -> None:
        """Let the source's next epoch begin at a place of an earlier run."""
        self._source.go_on_at(place, given)

    def close(self) -> None:
        """Stop the source's workers."""
        self._source.close()

    def _weigh(self, batch: Batch) -> Batch:
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        return x, y, weights_of_classes(y, self._class_weight, sample_weight)


def _only(structure: object) -> Any:
    """What a list or dict of one entry holds."""
    leaves = tree.flatten(structure)
    return leaves[0] if len(leaves) == 1 else structure


def _class(key: object) -> int:
    if is_number(key) and float(key).is_integer():
        return int(float(key))
    raise InvalidArgumentError(
        explain("A key of class_weight", expected="a class number, such as 0", got=repr(key)[:40])
    )


def _weight(key: object, value: object) -> float:
    if is_number(value) and math.isfinite(value) and value >= 0:
        return float(value)
    raise InvalidArgumentError(
        explain(f"class_weight[{key!r}]", expected="a finite number, 0 or more", got=repr(value)[:40])
    )


def _from_one_hot(labels: np.ndarray) -> np.ndarray:
    if labels.size and (labels.min() < 0 or labels.max() > 1):
        raise DataError(
            explain(
                "class_weight beside targets that are not one-hot.",
                expected="values from 0 to 1 along the last axis, or a last axis of 1",
                got=f"shape {labels.shape}, values from {labels.min()} to {labels.max()}",
                fix="pass class numbers as y[..., None]",
            )
        )
    return labels.argmax(-1)


def _look_up(labels: np.ndarray, class_weight: ClassWeight) -> np.ndarray:
    floatx = dtypes.numpy_dtype(dtypes.standardize_dtype(None))
    if not class_weight:
        return np.ones(labels.shape, dtype=floatx)
    classes = np.array(sorted(class_weight))
    values = np.array([class_weight[key] for key in classes.tolist()], dtype=floatx)
    place = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    return np.where(classes[place] == labels, values[place], 1).astype(floatx)


def _multiply(weights: np.ndarray, sample_weight: np.ndarray) -> np.ndarray:
    """The product; what has fewer axes (one weight per sample) counts for all time steps."""
    axes = max(weights.ndim, sample_weight.ndim)
    wide = [array.reshape(array.shape + (1,) * (axes - array.ndim)) for array in (weights, sample_weight)]
    return (wide[0] * wide[1]).astype(weights.dtype)
