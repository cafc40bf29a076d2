"""Initializers from names, configs and arrays, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array, Shape
from layerlab.core.config import resolve, serialize_keras_object
from layerlab.errors import ShapeError, explain
from layerlab.typing import Config, DTypeLike, Initializer, InitializerLike

__all__ = ["deserialize", "get", "serialize"]


def get(identifier: InitializerLike) -> Any:
    """The initializer that a layer's `kernel_initializer` and the like stand for.

    Args:
        identifier: a name ("he_normal", "HeNormal"), a config, a class, which is called
            without arguments, any callable `(shape, dtype) -> array`, which is given
            back as it is, or an array: the first value itself. None gives None.
    Returns: a callable `(shape, dtype) -> array`, or None.
    Raises: UnknownNameError for an unknown name; InvalidArgumentError for another kind
    of value; when called, ShapeError for an array of another shape than the weight.

    Example:
        >>> get("ones")((2,)).tolist()
        [1.0, 1.0]
        >>> get(np.array([3.0, 4.0]))((2,)).tolist()
        [3.0, 4.0]
    """
    if isinstance(identifier, np.ndarray | np.generic) or backend().is_array(identifier):
        return _array_initializer(identifier)
    return resolve("initializers", identifier, "An initializer")


def serialize(initializer: Initializer) -> Any:
    """The config of an initializer, as files and configs of layers hold it.

    Args:
        initializer: an Initializer.
    Returns: a dict of plain values, from which `deserialize` makes an equal one.

    Example:
        >>> from layerlab.initializers import Constant
        >>> serialize(Constant(0.5))["config"]
        {'value': 0.5}
    """
    return serialize_keras_object(initializer)


def deserialize(config: Config | str | None, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer that a config describes: the inverse of `serialize`.

    Args:
        config: what `serialize` gave, or a name.
        custom_objects: further classes by name, for initializers of your own that are
            not registered.
    Returns: a new Initializer; None for None.
    Raises: UnknownNameError for an unknown class; InvalidArgumentError for what is no
    config.

    Example:
        >>> from layerlab.initializers import Constant
        >>> deserialize(serialize(Constant(0.5))).value
        0.5
    """
    return resolve("initializers", config, "An initializer", custom_objects)


def _array_initializer(value: Array | np.ndarray | np.generic) -> Initializer:
    def initialize(shape: Shape, dtype: DTypeLike = None) -> Array:
        if tuple(shape) != tuple(value.shape):
            raise ShapeError(
                explain(
                    "The array given as initializer",
                    expected=f"shape {tuple(shape)}",
                    got=str(tuple(value.shape)),
                )
            )
        return backend().asarray(value, dtypes.standardize_dtype(dtype))

    return initialize
