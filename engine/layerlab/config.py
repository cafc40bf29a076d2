"""`layerlab.config`: back end, float type, epsilon, image data format, dtype policy."""

from __future__ import annotations

from typing import Any

from layerlab.backend.active import use
from layerlab.dtypes import dtype_policy, set_dtype_policy, standardize_dtype
from layerlab.settings import DATA_FORMATS, FLOAT_TYPES, choose, positive, settings

__all__ = [
    "backend",
    "dtype_policy",
    "epsilon",
    "floatx",
    "image_data_format",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]


def backend() -> str:
    """Name of the active back end."""
    return settings.backend


def set_backend(name: str) -> None:
    """Use 'jax', 'torch' or 'numpy' (inference only) for what is built from now on.

    Models that exist keep arrays of the old back end and must be built again.
    """
    use(name)


def floatx() -> str:
    """The default float type."""
    return settings.floatx


def set_floatx(value: Any) -> None:
    """Set the default float type: 'float16', 'bfloat16', 'float32' or 'float64'."""
    name = value if value is None or isinstance(value, str) else standardize_dtype(value)
    settings.floatx = choose(name, FLOAT_TYPES, "float type")


def epsilon() -> float:
    """The small number added to divisors."""
    return settings.epsilon


def set_epsilon(value: float) -> None:
    """Set epsilon. Raises: InvalidArgumentError unless it is a positive number."""
    settings.epsilon = positive(value, "epsilon")


def image_data_format() -> str:
    """'channels_last' or 'channels_first'."""
    return settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default of `data_format` arguments."""
    settings.image_data_format = choose(data_format, DATA_FORMATS, "image data format")
