"""`layerlab.config`: back end, float type, epsilon, image data format, dtype policy."""

from __future__ import annotations

from layerlab.backend.active import use
from layerlab.dtypes import dtype_policy, set_dtype_policy, standardize_dtype
from layerlab.settings import DATA_FORMATS, FLOAT_TYPES, choose, positive, settings
from layerlab.typing import DTypeLike

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
    """The name of the active back end: 'jax', 'torch' or 'numpy'.

    It is 'jax' unless `set_backend`, `LAYERLAB_BACKEND` in the environment or the file
    `~/.layerlab/layerlab.json` says otherwise.

    Example:
        >>> backend()
        'jax'
    """
    return settings.backend


def set_backend(name: str) -> None:
    """Choose the back end of everything that is built from now on.

    Models that exist keep arrays of the old back end and must be built again.

    Args:
        name: 'jax', 'torch', or 'numpy', which predicts but cannot train.
    Raises: InvalidArgumentError for another name; BackendError where its library is not
        installed.

    Example:
        >>> set_backend("jax")
        >>> backend()
        'jax'
    """
    use(name)


def floatx() -> str:
    """The float type that variables and computations have where none is given.

    Example:
        >>> floatx()
        'float32'
    """
    return settings.floatx


def set_floatx(value: DTypeLike) -> None:
    """Set the default float type.

    Layers made from now on have it, unless `set_dtype_policy` chose a policy.

    Args:
        value: 'float16', 'bfloat16', 'float32' or 'float64'; or such a dtype of NumPy.
    Raises: InvalidArgumentError for anything else.

    Example:
        >>> import layerlab as keras
        >>> set_floatx("bfloat16")
        >>> keras.layers.Dense(1).dtype
        'bfloat16'
        >>> set_floatx("float32")
    """
    name = value if value is None or isinstance(value, str) else standardize_dtype(value)
    settings.floatx = choose(name, FLOAT_TYPES, "float type")


def epsilon() -> float:
    """The small number that keeps divisors and logarithms away from zero.

    It is 1e-7 unless `set_epsilon` says otherwise.

    Example:
        >>> epsilon()
        1e-07
    """
    return settings.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps divisors and logarithms away from zero.

    Args:
        value: more than 0. Steps that are compiled already keep the old one.
    Raises: InvalidArgumentError unless it is a positive number.

    Example:
        >>> set_epsilon(1e-5)
        >>> epsilon()
        1e-05
        >>> set_epsilon(1e-7)
    """
    settings.epsilon = positive(value, "epsilon")


def image_data_format() -> str:
    """Where layers for images expect the channels, if not told otherwise.

    Returns: 'channels_last', shapes (batch, height, width, channels); or
        'channels_first', shapes (batch, channels, height, width).

    Example:
        >>> image_data_format()
        'channels_last'
    """
    return settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default of the `data_format` of layers and ops for images.

    Args:
        data_format: 'channels_last' or 'channels_first'. Layers that exist keep theirs.
    Raises: InvalidArgumentError for anything else.

    Example:
        >>> import layerlab as keras
        >>> set_image_data_format("channels_first")
        >>> keras.layers.Conv2D(8, 3).compute_output_shape((None, 3, 10, 10))
        (None, 8, 8, 8)
        >>> set_image_data_format("channels_last")
    """
    settings.image_data_format = choose(data_format, DATA_FORMATS, "image data format")
