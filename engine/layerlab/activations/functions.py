"""The activation functions. Each acts on each element by itself, but for those with an axis.

They take and give arrays of any shape (..., features), or symbolic tensors. Formulas are in `layerlab.ops`.
"""

from __future__ import annotations

import warnings
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.call_spec import shape_of
from layerlab.core.context import context
from layerlab.core.registry import register_function
from layerlab.ops.op import op

__all__ = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

_register = register_function("activations")


@_register
def linear(x: Any) -> Any:
    """x itself."""
    return x


@_register
@op("x", class_name="ReLU")
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """x where x > threshold, else negative_slope * (x - threshold); at most `max_value`."""
    if threshold == 0 and max_value is None:
        return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
    kept = ops.where(x > threshold, x, 0.0) if threshold else ops.relu(x)
    if max_value is not None:
        kept = ops.clip(kept, 0.0, max_value)
    return kept - negative_slope * ops.relu(threshold - x) if negative_slope else kept


@_register
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Array:
    """x where x > 0, else negative_slope * x. Source: Maas et al. 2013."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


@_register
def relu6(x: Any) -> Array:
    """min(max(x, 0), 6)."""
    return ops.relu6(x)


@_register
def softmax(x: Any, axis: int = -1) -> Array:
    """exp(x), scaled to the sum 1 along `axis`."""
    _warn_of_one(x, axis, 1)
    return ops.softmax(x, axis=axis)


@_register
def log_softmax(x: Any, axis: int = -1) -> Array:
    """The logarithm of softmax, computed without overflow."""
    _warn_of_one(x, axis, 0)
    return ops.log_softmax(x, axis=axis)


@_register
def sparsemax(x: Any, axis: int = -1) -> Array:
    """The nearest point of the probability simplex. Source: Martins, Astudillo 2016, arXiv:1602.02068."""
    return ops.sparsemax(x, axis=axis)


@_register
def elu(x: Any, alpha: float = 1.0) -> Array:
    """x where x > 0, else alpha * (exp(x) - 1). Source: Clevert et al. 2016, arXiv:1511.07289."""
    return ops.elu(x, alpha=alpha)


@_register
def selu(x: Any) -> Array:
    """Scaled elu that keeps mean 0 and variance 1. Source: Klambauer et al. 2017, arXiv:1706.02515."""
    return ops.selu(x)


@_register
def celu(x: Any, alpha: float = 1.0) -> Array:
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0). Source: Barron 2017, arXiv:1704.07483."""
    return ops.celu(x, alpha=alpha)


@_register
def gelu(x: Any, approximate: bool = False) -> Array:
    """x * Φ(x), Φ the normal distribution function. Source: Hendrycks, Gimpel 2016, arXiv:1606.08415.

    approximate: by a tanh instead of erf.
    """
    return ops.gelu(x, approximate=approximate)


@_register
def glu(x: Any, axis: int = -1) -> Array:
    """The first half of `x` along `axis` times the sigmoid of the second. Source: arXiv:1612.08083."""
    return ops.glu(x, axis=axis)


@_register
def softplus(x: Any) -> Array:
    """log(exp(x) + 1)."""
    return ops.softplus(x)


@_register
def softsign(x: Any) -> Array:
    """x / (|x| + 1)."""
    return ops.softsign(x)


@_register
def soft_shrink(x: Any, threshold: float = 0.5) -> Array:
    """x moved towards 0 by `threshold`, and 0 within it."""
    return ops.soft_shrink(x, threshold=threshold)


@_register
def hard_shrink(x: Any, threshold: float = 0.5) -> Array:
    """x, but 0 where |x| <= threshold."""
    return ops.hard_shrink(x, threshold=threshold)


@_register
def tanh_shrink(x: Any) -> Array:
    """x - tanh(x)."""
    return ops.tanh_shrink(x)


@_register
def sparse_plus(x: Any) -> Array:
    """0 below -1, x above 1, (x + 1)² / 4 between."""
    return ops.sparse_plus(x)


@_register
def squareplus(x: Any, b: float = 4) -> Array:
    """(x + sqrt(x² + b)) / 2. Source: Barron 2021, arXiv:2112.11687."""
    return ops.squareplus(x, b=b)


@register_function("activations", "swish")
def silu(x: Any) -> Array:
    """x * sigmoid(x). Source: Ramachandran et al. 2017, arXiv:1710.05941."""
    return ops.silu(x)


@_register
def tanh(x: Any) -> Array:
    """Hyperbolic tangent."""
    return ops.tanh(x)


@_register
def sigmoid(x: Any) -> Array:
    """1 / (1 + exp(-x))."""
    return ops.sigmoid(x)


@_register
def log_sigmoid(x: Any) -> Array:
    """The logarithm of sigmoid, computed without overflow."""
    return ops.log_sigmoid(x)


@_register
def sparse_sigmoid(x: Any) -> Array:
    """0 below -1, 1 above 1, (x + 1) / 2 between."""
    return ops.sparse_sigmoid(x)


@_register
def exponential(x: Any) -> Array:
    """exp(x)."""
    return ops.exp(x)


@_register
def hard_sigmoid(x: Any) -> Array:
    """x / 6 + 1/2, clipped to [0, 1]."""
    return ops.hard_sigmoid(x)


@_register
def legacy_hard_sigmoid(x: Any) -> Array:
    """x / 5 + 1/2, clipped to [0, 1]: what Keras 2 called hard_sigmoid, for its files. Not in Keras 3."""
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


@register_function("activations", "hard_swish")
def hard_silu(x: Any) -> Array:
    """x * hard_sigmoid(x). Source: Howard et al. 2019, arXiv:1905.02244."""
    return ops.hard_silu(x)


@_register
def hard_tanh(x: Any) -> Array:
    """x clipped to [-1, 1]."""
    return ops.hard_tanh(x)


@_register
@op("x")
def mish(x: Any) -> Array:
    """x * tanh(softplus(x)). Source: Misra 2019, arXiv:1908.08681."""
    return x * ops.tanh(ops.softplus(x))


@_register
def threshold(x: Any, threshold: float, default_value: float) -> Array:
    """x where x > threshold, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


swish = silu
hard_swish = hard_silu


def _warn_of_one(x: Any, axis: int, result: int) -> None:
    if context.stand_in == 1:  # a size of 1 may stand for an unknown one
        return
    shape = shape_of(x) or ()
    if isinstance(axis, int) and -len(shape) <= axis < len(shape) and shape[axis] == 1:
        warnings.warn(
            f"A softmax over one unit is always {result}: shape {shape}, axis {axis}. "
            "Nothing can be learned. Use activation='sigmoid' for a yes or no, or one unit for each class.",
            stacklevel=3,
        )
