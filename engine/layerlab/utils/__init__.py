"""Helpers under the names of `keras.utils`."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.naming import reset_names
from layerlab.core.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from layerlab.core.seed import set_random_seed
from layerlab.data.pydataset import PyDataset
from layerlab.errors import InvalidArgumentError, explain
from layerlab.inspect.plot import model_to_dot, plot_model
from layerlab.terminal.progbar import Progbar

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "model_to_dot",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "to_categorical",
]

Sequence = PyDataset


def clear_session() -> None:
    """Begin automatic names anew: the next Dense is 'dense' again.

    A notebook that makes a model in a loop calls it before each, so that names, and the
    paths of weights in files, do not depend on how many models there were before.

    Example:
        >>> import layerlab as keras
        >>> clear_session()
        >>> keras.layers.Dense(1).name, keras.layers.Dense(1).name
        ('dense', 'dense_1')
    """
    reset_names()


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows for class numbers: 1 in the column of the class, 0 elsewhere.

    For losses such as CategoricalCrossentropy; the sparse ones take the numbers.

    Args:
        x: integer labels from 0 on, shape (...) or (..., 1).
        num_classes: number of columns; None is the largest label plus 1.
    Returns: NumPy array (..., num_classes) of float64.
    Raises: InvalidArgumentError for a label outside of 0..num_classes - 1.

    Example:
        >>> to_categorical([0, 2], num_classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    labels = np.asarray(x).astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    classes = int(labels.max()) + 1 if num_classes is None else num_classes
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise InvalidArgumentError(
            explain(
                "to_categorical",
                expected=f"labels from 0 to {classes - 1}",
                got=f"{labels.min()} to {labels.max()}",
            )
        )
    return np.eye(classes)[labels]
