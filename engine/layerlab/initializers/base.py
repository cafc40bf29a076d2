"""Initializer: what makes the first value of a weight."""

from __future__ import annotations

from typing import Any

from layerlab.backend.protocol import Array, Shape
from layerlab.core.config import Configurable

__all__ = ["Initializer"]


class Initializer(Configurable):
    """A callable `(shape, dtype) -> array`, with a config. Subclass it and override `__call__`.

    Example:
        >>> import numpy as np
        >>> class Halves(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.full(shape, 0.5, dtype=dtype)
        >>> Halves()((2,), dtype="float32")
        array([0.5, 0.5], dtype=float32)
    """

    registry_kind = "initializers"

    def __call__(self, shape: Shape, dtype: Any = None) -> Array:
        """The value of a weight of this shape; dtype None is floatx."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(shape, dtype=None)")

    def clone(self) -> Any:
        """A new initializer with the same config."""
        return type(self).from_config(self.get_config())
