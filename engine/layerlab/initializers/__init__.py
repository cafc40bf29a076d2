"""First values of weights, under the names of `keras.initializers`.

Random ones are drawn on the host, so that the same seed gives the same weights on every back end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array, Shape
from layerlab.core.config import resolve, serialize_keras_object
from layerlab.core.registry import custom_object_scope
from layerlab.errors import ShapeError, explain
from layerlab.initializers.base import Initializer
from layerlab.initializers.constant import STFT, Constant, Identity, Ones, Zeros
from layerlab.initializers.random import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from layerlab.initializers.scaled import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

constant, identity, ones, zeros, stft = Constant, Identity, Ones, Zeros, STFT
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling, orthogonal = VarianceScaling, Orthogonal
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT

__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "STFTInitializer",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "stft",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]


def get(identifier: Any) -> Any:
    """The initializer for None, a name, a config, a class, a callable, or an array: the first value itself.

    Raises: UnknownNameError, InvalidArgumentError.
    """
    if isinstance(identifier, np.ndarray | np.generic) or backend().is_array(identifier):
        return _array_initializer(identifier)
    return resolve("initializers", identifier, "An initializer")


def serialize(initializer: Any) -> Any:
    """The initializer's config, as Keras writes it to files."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` maps further names to classes."""
    with custom_object_scope(custom_objects):
        return resolve("initializers", config, "An initializer")


def _array_initializer(value: Any) -> Any:
    def initialize(shape: Shape, dtype: Any = None) -> Array:
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
