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
from layerlab.core.registry import register_function, share_arguments
from layerlab.numeric import is_integer
from layerlab.ops.arguments import OF_ALL
from layerlab.ops.op import op
from layerlab.typing import Operand, TensorLike

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

share_arguments("activations", OF_ALL)
_register = register_function("activations")


@_register
def linear(x: TensorLike) -> Any:
    """The values themselves: no activation.

    The last layer of a regression has it, as its predictions may be any number.

    Returns: x.

    Example:
        >>> linear([-2.0, 3.0])
        [-2.0, 3.0]
    """
    return x


@_register
@op("x", class_name="ReLU", home="activations.activations")
def relu(
    x: Operand, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """The rectified linear unit max(x, 0), the usual activation of hidden layers.

    In general: x above the threshold t, negative_slope (x - t) below, at most
    max_value.

    Args:
        negative_slope: slope below the threshold; above 0, a unit that is always off
            still learns.
        max_value: ceiling of the result. None sets none.
        threshold: where x begins to count.
    Returns: an array of the shape of x.
    Source: Nair, Hinton 2010, ICML.

    Example:
        >>> relu([-2.0, 0.5, 8.0]).tolist()
        [0.0, 0.5, 8.0]
        >>> relu([-2.0, 0.5, 8.0], negative_slope=0.5, max_value=6.0).tolist()
        [-1.0, 0.5, 6.0]
        >>> relu([-2.0, 0.5, 8.0], threshold=1.0).tolist()
        [0.0, 0.0, 8.0]
    """
    if threshold == 0 and max_value is None:
        return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
    kept = ops.where(x > threshold, x, 0.0) if threshold else ops.relu(x)
    if max_value is not None:
        kept = ops.clip(kept, 0.0, max_value)
    return kept - negative_slope * ops.relu(threshold - x) if negative_slope else kept


@_register
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Array:
    """The leaky rectified linear unit: x from 0 on, negative_slope x below.

    Unlike with `relu`, a unit whose input is always negative still learns.

    Args:
        negative_slope: slope below 0; by default 0.2.
    Returns: a floating array of the shape of x.
    Source: Maas, Hannun, Ng 2013, ICML.

    Example:
        >>> leaky_relu([-2.0, 3.0], negative_slope=0.25).tolist()
        [-0.5, 3.0]
    """
    return ops.leaky_relu(x, negative_slope=negative_slope)


@_register
def relu6(x: TensorLike) -> Array:
    """The rectified linear unit with a ceiling: min(max(x, 0), 6).

    Small models for numbers of few bits take it, as the result has known bounds.

    Returns: a floating array of the shape of x.
    Source: Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10".

    Example:
        >>> relu6([-2.0, 3.0, 8.0]).tolist()
        [0.0, 3.0, 6.0]
    """
    return ops.relu6(x)


@_register
def softmax(x: TensorLike, axis: int = -1) -> Array:
    """Probabilities from scores: e^x divided by the sum of e^x along an axis.

    The last layer of a classifier with several classes has it. A warning tells if the
    axis has one element, whose probability is always 1.

    Args:
        axis: the axis of the classes, by default the last; or several that share one
            sum.
    Returns: a floating array of the shape of x; the sum along the axis is 1.

    Example:
        >>> softmax([[1.0, 3.0], [2.0, 2.0]]).tolist()
        [[0.119..., 0.880...], [0.5, 0.5]]
    """
    _warn_of_one(x, axis, 1)
    return ops.softmax(x, axis=axis)


@_register
def log_softmax(x: TensorLike, axis: int = -1) -> Array:
    """The natural logarithms of the probabilities of `softmax`: x - log(sum of e^x).

    They stay finite where a probability is rounded to 0. A warning tells if the axis
    has one element, where the result is always 0.

    Args:
        axis: the axis of the classes, by default the last; or several that share one
            sum.
    Returns: a floating array of the shape of x.

    Example:
        >>> log_softmax([0.0, 1000.0]).tolist()
        [-1000.0, 0.0]
    """
    _warn_of_one(x, axis, 0)
    return ops.log_softmax(x, axis=axis)


@_register
def sparsemax(x: TensorLike, axis: int = -1) -> Array:
    """Probabilities from scores, of which many are exactly 0.

    It is the nearest point to x among those with elements from 0 on and the sum 1.

    Args:
        axis: the axis of the classes, by default the last.
    Returns: a floating array of the shape of x; the sum along the axis is 1.
    Source: Martins, Astudillo 2016, arXiv:1602.02068.

    Example:
        >>> sparsemax([1.0, 0.5, -1.0]).tolist()
        [0.75, 0.25, 0.0]
    """
    return ops.sparsemax(x, axis=axis)


@_register
def elu(x: TensorLike, alpha: float = 1.0) -> Array:
    """The exponential linear unit: x above 0, alpha (e^x - 1) below.

    Its mean over a layer is nearer to 0 than with `relu`, which speeds learning up.

    Args:
        alpha: how far below 0 it goes; by default 1.
    Returns: a floating array of the shape of x.
    Source: Clevert, Unterthiner, Hochreiter 2016, arXiv:1511.07289.

    Example:
        >>> elu([-1.0, 0.0, 2.0]).tolist()
        [-0.632..., 0.0, 2.0]
    """
    return ops.elu(x, alpha=alpha)


@_register
def selu(x: TensorLike) -> Array:
    """The scaled exponential linear unit, which keeps mean 0 and variance 1.

    1.0507 x above 0, 1.0507 times 1.6733 (e^x - 1) below. For the effect, take the
    initializer "lecun_normal", and AlphaDropout in place of Dropout.

    Returns: a floating array of the shape of x.
    Source: Klambauer et al. 2017, arXiv:1706.02515.

    Example:
        >>> selu([-1.0, 0.0, 1.0]).tolist()
        [-1.111..., 0.0, 1.050...]
    """
    return ops.selu(x)


@_register
def celu(x: TensorLike, alpha: float = 1.0) -> Array:
    """The exponential linear unit without a kink at 0, for any alpha.

    max(x, 0) + min(alpha (e^(x / alpha) - 1), 0).

    Args:
        alpha: how far below 0 it goes, not 0; by default 1.
    Returns: a floating array of the shape of x.
    Source: Barron 2017, arXiv:1704.07483.

    Example:
        >>> celu([-1.0, 0.0, 2.0], alpha=0.5).tolist()
        [-0.432..., 0.0, 2.0]
    """
    return ops.celu(x, alpha=alpha)


@_register
def gelu(x: TensorLike, approximate: bool = False) -> Array:
    """The Gaussian error linear unit x P(z < x), for a standard normal z.

    A smooth relative of `relu`, usual in transformers.

    Args:
        approximate: False computes 0.5 x (1 + erf(x / sqrt(2))), True the tanh formula
            0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), of which some models were
            made.
    Returns: a floating array of the shape of x.
    Source: Hendrycks, Gimpel 2016, arXiv:1606.08415.

    Example:
        >>> gelu([-1.0, 0.0, 1.0]).tolist()
        [-0.158..., 0.0, 0.841...]
    """
    return ops.gelu(x, approximate=approximate)


@_register
def glu(x: TensorLike, axis: int = -1) -> Array:
    """The gated linear unit: half of the features times the sigmoid of the other half.

    x is cut into a and b along the axis; the result is a sigmoid(b).

    Args:
        axis: the axis that is cut, of even size; by default the last.
    Returns: a floating array, half as long along the axis.
    Raises: InvalidArgumentError for an odd size.
    Source: Dauphin et al. 2017, arXiv:1612.08083.

    Example:
        >>> glu([3.0, 5.0, 0.0, 100.0]).tolist()
        [1.5, 5.0]
    """
    return ops.glu(x, axis=axis)


@_register
def softplus(x: TensorLike) -> Array:
    """The smooth rectifier log(e^x + 1), without overflow.

    It is above 0 everywhere: an activation for a scale or a rate that must be positive.

    Returns: a floating array of the shape of x.
    Source: Dugas et al. 2001, NIPS 13.

    Example:
        >>> softplus([-200.0, 0.0, 200.0]).tolist()
        [0.0, 0.693..., 200.0]
    """
    return ops.softplus(x)


@_register
def softsign(x: TensorLike) -> Array:
    """The function x / (|x| + 1), from -1 to 1.

    Like `tanh`, but it nears its bounds more slowly.

    Returns: a floating array of the shape of x.

    Example:
        >>> softsign([-1.0, 0.0, 3.0]).tolist()
        [-0.5, 0.0, 0.75]
    """
    return ops.softsign(x)


@_register
def soft_shrink(x: TensorLike, threshold: float = 0.5) -> Array:
    """The elements of x moved towards 0 by a threshold, and 0 within it.

    Args:
        threshold: how far; at least 0.
    Returns: a floating array of the shape of x.

    Example:
        >>> soft_shrink([-2.0, 0.3, 2.0]).tolist()
        [-1.5, 0.0, 1.5]
    """
    return ops.soft_shrink(x, threshold=threshold)


@_register
def hard_shrink(x: TensorLike, threshold: float = 0.5) -> Array:
    """The elements of x that are further from 0 than a threshold; 0 for the others.

    Args:
        threshold: how far; at least 0.
    Returns: a floating array of the shape of x.

    Example:
        >>> hard_shrink([-2.0, 0.3, 2.0]).tolist()
        [-2.0, 0.0, 2.0]
    """
    return ops.hard_shrink(x, threshold=threshold)


@_register
def tanh_shrink(x: TensorLike) -> Array:
    """The part of x that tanh takes away: x - tanh(x), nearly 0 around 0.

    Returns: a floating array of the shape of x.

    Example:
        >>> tanh_shrink([-1.0, 0.0, 1.0]).tolist()
        [-0.238..., 0.0, 0.238...]
    """
    return ops.tanh_shrink(x)


@_register
def sparse_plus(x: TensorLike) -> Array:
    """A smooth rectifier that reaches 0: (x + 1)^2 / 4 between -1 and 1, then x.

    Returns: a floating array of the shape of x.

    Example:
        >>> sparse_plus([-2.0, 0.0, 2.0]).tolist()
        [0.0, 0.25, 2.0]
    """
    return ops.sparse_plus(x)


@_register
def squareplus(x: TensorLike, b: float = 4) -> Array:
    """A smooth rectifier without exponentials: (x + sqrt(x^2 + b)) / 2.

    Args:
        b: how smooth: sqrt(b) / 2 is the value at 0, and b = 0 is `relu`.
    Returns: a floating array of the shape of x.
    Source: Barron 2021, arXiv:2112.11687.

    Example:
        >>> squareplus([-1.0, 0.0, 1.0]).tolist()
        [0.618..., 1.0, 1.618...]
    """
    return ops.squareplus(x, b=b)


@register_function("activations", "swish")
def silu(x: TensorLike) -> Array:
    """The sigmoid linear unit x sigmoid(x), also called swish.

    A smooth relative of `relu`: a little below 0 for small negative x, with a least
    value of -0.28.

    Returns: a floating array of the shape of x.
    Source: Ramachandran, Zoph, Le 2017, arXiv:1710.05941.

    Example:
        >>> silu([-1.0, 0.0, 1.0]).tolist()
        [-0.268..., 0.0, 0.731...]
    """
    return ops.silu(x)


@_register
def tanh(x: TensorLike) -> Array:
    """The hyperbolic tangent (e^x - e^-x) / (e^x + e^-x): from -1 to 1, steepest at 0.

    The usual activation inside recurrent layers.

    Returns: a floating array of the shape of x.

    Example:
        >>> tanh([-1.0, 0.0, 1.0]).tolist()
        [-0.761..., 0.0, 0.761...]
    """
    return ops.tanh(x)


@_register
def sigmoid(x: TensorLike) -> Array:
    """The logistic function 1 / (1 + e^-x), from 0 to 1.

    The last layer of a yes-or-no question has it: the result is the probability of a
    yes.

    Returns: a floating array of the shape of x.

    Example:
        >>> sigmoid([-2.0, 0.0, 2.0]).tolist()
        [0.119..., 0.5, 0.880...]
    """
    return ops.sigmoid(x)


@_register
def log_sigmoid(x: TensorLike) -> Array:
    """The natural logarithm of the logistic function: -log(1 + e^-x).

    It stays finite where sigmoid(x) is rounded to 0.

    Returns: a floating array of the shape of x, below 0.

    Example:
        >>> log_sigmoid([-200.0, 0.0]).tolist()
        [-200.0, -0.693...]
    """
    return ops.log_sigmoid(x)


@_register
def sparse_sigmoid(x: TensorLike) -> Array:
    """A logistic function that reaches 0 and 1: (x + 1) / 2 between -1 and 1.

    Returns: a floating array of the shape of x, from 0 to 1.

    Example:
        >>> sparse_sigmoid([-2.0, 0.5, 2.0]).tolist()
        [0.0, 0.75, 1.0]
    """
    return ops.sparse_sigmoid(x)


@_register
def exponential(x: TensorLike) -> Array:
    """The exponential function e^x.

    As an activation it makes a positive number of a logarithm, such as a count's mean.

    Returns: a floating array of the shape of x.

    Example:
        >>> exponential([-1.0, 0.0, 1.0]).tolist()
        [0.367..., 1.0, 2.718...]
    """
    return ops.exp(x)


@_register
def hard_sigmoid(x: TensorLike) -> Array:
    """A logistic function of straight lines: x / 6 + 1/2 between -3 and 3, else 0 or 1.

    Returns: a floating array of the shape of x, from 0 to 1.

    Example:
        >>> hard_sigmoid([-4.0, 0.0, 1.5]).tolist()
        [0.0, 0.5, 0.75]
    """
    return ops.hard_sigmoid(x)


@_register
def legacy_hard_sigmoid(x: Array) -> Array:
    """What Keras 2 called hard_sigmoid, for its files: x / 5 + 1/2, cut off at 0 and 1.

    Keras 3 does not have it.

    Returns: a floating array of the shape of x, from 0 to 1.

    Example:
        >>> legacy_hard_sigmoid(ops.array([-4.0, 0.0, 1.25])).tolist()
        [0.0, 0.5, 0.75]
    """
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


@register_function("activations", "hard_swish")
def hard_silu(x: TensorLike) -> Array:
    """A sigmoid linear unit without exponentials: x hard_sigmoid(x), or hard swish.

    Returns: a floating array of the shape of x.
    Source: Howard et al. 2019, arXiv:1905.02244.

    Example:
        >>> hard_silu([-1.5, 1.5, 4.0]).tolist()
        [-0.375, 1.125, 4.0]
    """
    return ops.hard_silu(x)


@_register
def hard_tanh(x: TensorLike) -> Array:
    """A hyperbolic tangent of straight lines: x, cut off at -1 and 1.

    Returns: a floating array of the shape of x, from -1 to 1.

    Example:
        >>> hard_tanh([-3.0, 0.5, 3.0]).tolist()
        [-1.0, 0.5, 1.0]
    """
    return ops.hard_tanh(x)


@_register
@op("x")
def mish(x: Operand) -> Array:
    """The function x tanh(log(1 + e^x)), a smooth relative of `relu`.

    Returns: an array of the shape of x.
    Source: Misra 2019, arXiv:1908.08681.

    Example:
        >>> mish([-1.0, 0.0, 1.0]).tolist()
        [-0.303..., 0.0, 0.865...]
    """
    return x * ops.tanh(ops.softplus(x))


@_register
def threshold(x: TensorLike, threshold: float, default_value: float) -> Array:
    """The elements of x that are above a threshold, and another value for the rest.

    Args:
        threshold: elements must be above it; one that is equal is replaced.
        default_value: what stands for the rest.
    Returns: a floating array of the shape of x.

    Example:
        >>> threshold([0.5, 1.0, 3.0], 1.0, -9.0).tolist()
        [-9.0, -9.0, 3.0]
    """
    return ops.threshold(x, threshold, default_value)


swish = silu
hard_swish = hard_silu


def _warn_of_one(x: object, axis: int, result: int) -> None:
    if context.stand_in == 1:  # a size of 1 may stand for an unknown one
        return
    shape = shape_of(x) or ()
    if is_integer(axis) and -len(shape) <= axis < len(shape) and shape[axis] == 1:
        warnings.warn(
            f"A softmax over one unit is always {result}: shape {shape}, axis {axis}. "
            "Nothing can be learned. Use activation='sigmoid' for a yes or no, or one unit for each class.",
            stacklevel=3,
        )
