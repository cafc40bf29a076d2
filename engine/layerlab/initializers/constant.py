"""Initializers that draw nothing: constants and fixed matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array, Shape
from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.initializers.base import Initializer
from layerlab.typing import DTypeLike, TensorLike

__all__ = [
    "STFT",
    "Constant",
    "Identity",
    "IdentityInitializer",
    "Ones",
    "STFTInitializer",
    "Zeros",
    "constant",
    "identity",
    "ones",
    "stft",
    "zeros",
]


class Zeros(Initializer):
    """All elements 0: the usual start of biases.

    A kernel of zeros would not do: all units of the layer would stay alike.

    Example:
        >>> Zeros()((2,)).tolist()
        [0.0, 0.0]
    """

    aliases = ("zero",)

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        return _filled(0, shape, dtype)


class Ones(Initializer):
    """All elements 1: the usual start of scales, as of normalizing layers.

    Example:
        >>> Ones()((2,)).tolist()
        [1.0, 1.0]
    """

    aliases = ("one",)

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        return _filled(1, shape, dtype)


class Constant(Initializer):
    """One number for all elements, or an array.

    Args:
        value: a number, or an array that broadcasts to the shape of the weight:
            (units,) gives each unit a value of its own.

    Example:
        >>> Constant(0.5)((2,)).tolist()
        [0.5, 0.5]
        >>> Constant([1.0, 2.0])((2, 2)).tolist()
        [[1.0, 2.0], [1.0, 2.0]]
    """

    def __init__(self, value: TensorLike = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        return _filled(self.value, shape, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        return cls(deserialize_keras_object(config["value"]))


class Identity(Initializer):
    """A matrix that leaves its input as it is: `gain` on the diagonal, 0 elsewhere.

    Args:
        gain: value on the diagonal.
    Raises: when called, ShapeError for other than two axes.
    Source: for recurrent kernels, Le, Jaitly, Hinton 2015, arXiv:1504.00941.

    Example:
        >>> Identity(gain=2.0)((2, 3)).tolist()
        [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    aliases = ("IdentityInitializer",)

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        if len(shape) != 2:
            raise ShapeError(
                explain("Identity makes matrices only.", expected="two axes", got=f"shape {tuple(shape)}")
            )
        return _as_array(self.gain * np.eye(*shape), dtype)


class STFT(Initializer):
    """The kernel of a Conv1D that computes a short-time Fourier transform.

    kernel[t, 0, k] = w(t) cos(2π t k / n) for the real part, -w(t) sin(2π t k / n) for
    the imaginary part, where w is the window, scaled, and n = 2 (frequencies - 1).

    Args:
        side: "real" or "imag": the part of the transform.
        window: a name that `scipy.signal.get_window` knows, an array of shape
            (frame_length,), or None for none.
        scaling: what the window is divided by: "density", the root of its sum of
            squares; "spectrum", the sum of its absolute values; None, nothing.
        periodic: whether a named window is periodic (True), as for analysis, or
            symmetric (False).
    Output shape: (frame_length, input channels, frequencies), as called for.
    Raises: InvalidArgumentError for an unknown side, scaling or window; when called,
    ShapeError for a window of another length.

    Example:
        >>> kernel = STFT("real", window=None, scaling=None)((4, 1, 3))
        >>> backend().to_numpy(kernel)[:, 0, 1].round(3) + 0.0  # one period of a cosine
        array([ 1.,  0., -1.,  0.], dtype=float32)
    """

    aliases = ("STFTInitializer",)

    def __init__(
        self,
        side: str = "real",
        window: str | Sequence[float] | np.ndarray | None = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ):
        if side not in ("real", "imag"):
            raise InvalidArgumentError(explain("STFT side", expected="'real' or 'imag'", got=repr(side)))
        if scaling not in (None, "density", "spectrum"):
            raise InvalidArgumentError(
                explain("STFT scaling", expected="'density', 'spectrum' or None", got=repr(scaling))
            )
        if isinstance(window, str):
            _named_window(window, 1, periodic)  # an unknown name fails here, not at the first call
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        """shape: (frame_length, input channels, frequencies)."""
        frame_length, _, frequencies = shape
        time = np.arange(frame_length)[:, None, None]
        frequency = np.arange(frequencies) / ((frequencies - 1) * 2)
        angle = -2.0 * np.pi * time * frequency  # (frame_length, 1, frequencies)
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        return _as_array(kernel * self._scaled_window(frame_length), dtype)

    def _scaled_window(self, frame_length: int) -> np.ndarray | float:
        if self.window is None:
            return 1.0
        if isinstance(self.window, str):
            window = _named_window(self.window, frame_length, self.periodic)
        else:
            window = np.asarray(self.window)
        if window.shape != (frame_length,):
            raise ShapeError(
                explain("STFT window", expected=f"shape ({frame_length},)", got=str(window.shape))
            )
        divisors = {None: 1.0, "density": np.sqrt(np.sum(window**2)), "spectrum": np.sum(np.abs(window))}
        return window[:, None, None] / divisors[self.scaling]


def _named_window(name: str, length: int, periodic: bool) -> np.ndarray:
    from scipy.signal import get_window  # 0.3 s to import, and seldom needed

    try:
        return get_window(name, length, periodic)
    except ValueError as error:
        raise InvalidArgumentError(
            explain(f"STFT window {name!r}: {error}", fix="see scipy.signal.get_window")
        ) from error


def _filled(value: TensorLike, shape: Shape, dtype: DTypeLike) -> Array:
    return _as_array(np.broadcast_to(np.asarray(value), tuple(shape)), dtype)


def _as_array(value: np.ndarray, dtype: DTypeLike) -> Array:
    return backend().asarray(value, dtypes.standardize_dtype(dtype))


constant, identity, ones, zeros, stft = Constant, Identity, Ones, Zeros, STFT
IdentityInitializer, STFTInitializer = Identity, STFT
