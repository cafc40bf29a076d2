"""Initializer: what makes the first value of a weight."""

from __future__ import annotations

from typing import Self

from layerlab.backend.protocol import Array, Shape
from layerlab.core.config import Configurable
from layerlab.core.registry import share_arguments
from layerlab.typing import DTypeLike

__all__ = ["Initializer"]

share_arguments(
    "initializers",
    {
        "seed": "an integer gives the same values at every call, and so the same to all\n"
        "        weights of a shape; a SeedGenerator, or None, which begins at the\n"
        "        process-wide seed, draws anew at each.",
        "input_axes": "axes of the weight that count as inputs; None, with `output_axes`,\n"
        "        takes it as a kernel (..., inputs, outputs).",
        "output_axes": "axes of the weight that count as outputs; give both or neither.",
    },
)


class Initializer(Configurable):
    """Base of all initializers: the rule for the first value of a weight.

    An initializer is a callable `(shape, dtype) -> array`. Subclass it, and write
    `__call__`; constructor arguments kept as attributes of the same names are its
    config.

    Example:
        >>> import numpy as np
        >>> class Halves(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.full(shape, 0.5, dtype=dtype)
        >>> Halves()((2,), dtype="float32")
        array([0.5, 0.5], dtype=float32)
    """

    registry_kind = "initializers"

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        """The first value of a weight.

        Args:
            shape: shape of the weight.
            dtype: dtype of the weight; None is floatx, at first 'float32'.
        """
        raise NotImplementedError(f"{type(self).__name__} must override __call__(shape, dtype=None)")

    def clone(self) -> Self:
        """A new initializer with the same config."""
        return type(self).from_config(self.get_config())
