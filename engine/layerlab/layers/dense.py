"""Dense layers: products with a learned kernel over the last axis, or over any axes by an einsum equation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from layerlab import activations, initializers, ops, regularizers
from layerlab.backend.protocol import Array
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.arguments import as_positive, refuse
from layerlab.layers.weights import Weight, Weights, make_weight, make_weights
from layerlab.numeric import as_open_sizes
from layerlab.typing import ActivationLike, Initializer, OpenShape, RegularizerLike

__all__ = ["Dense", "EinsumDense"]


class Dense(Layer):
    """Fully connected layer: each output is a weighted sum of all features.

    y = activation(x @ kernel + bias), over the last axis; axes between the batch and
    the last are kept, so that each step of a sequence goes through the same weights.

    Args:
        units: size of the last axis of the output.
    Input shape: (batch, ..., features)
    Output shape: (batch, ..., units)
    Weights: kernel (features, units), bias (units,).
    Raises: InvalidArgumentError for `units` that is not a positive integer; ShapeError
    for an input of other features than the first had; UnsupportedError for `lora_rank`,
    `lora_alpha` or `quantization_config`.

    Example:
        >>> import numpy as np
        >>> layer = Dense(2, kernel_initializer="ones", bias_initializer="ones")
        >>> layer(np.array([[1.0, 2.0, 3.0]])).tolist()  # 1 + 2 + 3, and the bias
        [[7.0, 7.0]]
        >>> layer.kernel.shape, layer.bias.shape
        ((3, 2), (2,))
    """

    not_in_config = ("activity_regularizer", "lora_rank", "lora_alpha")
    kernel: Variable
    bias: Variable | None
    use_bias: bool
    _declared_weights = Weights(kernel=Weight("glorot_uniform"), bias=Weight("zeros", switch="use_bias"))

    @_declared_weights.arguments(after="activation", constraints_after="activity_regularizer")
    def __init__(
        self,
        units: int,
        activation: ActivationLike = None,
        activity_regularizer: RegularizerLike = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: object = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        refuse("Dense", lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config)
        self.units = as_positive(units, "units", "Dense")
        self.activation = activations.get(activation)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: OpenShape) -> None:
        features = input_shape[-1]
        make_weights(self, kernel=(features, self.units), bias=(self.units,))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Array, training: bool | None = None) -> Array:
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)


class EinsumDense(Layer):
    """Fully connected layer over any axes, which an einsum equation names.

    y = activation(einsum(equation, x, kernel) + bias). The letters that the output
    lacks are summed over. For projections into several heads, or over several axes at
    once.

    Args:
        equation: letters of the input's axes, the kernel's and the output's: 'X,Y->Z',
            '...X,Y->...Z' or 'X...,Y->Z...'. `Dense` on a matrix is 'ab,bc->ac'.
        output_shape: sizes of the output's axes without the batch and '...'; None where
            the input tells the size.
        bias_axes: letters of the output's axes that the bias has; None for no bias.
    Input shape: by `equation`
    Output shape: (batch, ..., *output_shape)
    Weights: kernel and bias, shapes by `equation` and `bias_axes`.
    Raises: InvalidArgumentError for an equation of another form, a letter of unknown
    size, or `bias_axes` that the output lacks; ShapeError for an input that does not
    fit.

    Example:
        >>> import numpy as np
        >>> heads = EinsumDense("btf,fhd->bthd", (None, 2, 3), bias_axes="hd")
        >>> heads(np.ones((1, 5, 4))).shape  # 4 features to 2 heads of 3
        (1, 5, 2, 3)
        >>> heads.kernel.shape, heads.bias.shape
        ((4, 2, 3), (2, 3))
    """

    not_in_config = ("lora_rank", "lora_alpha", "gptq_unpacked_column_size")
    kernel: Variable
    bias: Variable | None
    kernel_initializer: Any
    _declared_weights = Weights(kernel=Weight("glorot_uniform"), bias=Weight("zeros"))

    @_declared_weights.arguments(after="bias_axes")
    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: ActivationLike = None,
        bias_axes: str | None = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: object = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse(
            "EinsumDense",
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            gptq_unpacked_column_size=gptq_unpacked_column_size,
            quantization_config=quantization_config,
        )
        self.equation = equation
        self.partial_output_shape = as_open_sizes(output_shape)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes

    def build(self, input_shape: OpenShape) -> None:
        plan = _plan(self.equation, self.bias_axes, tuple(input_shape), self.partial_output_shape)
        self.input_spec = InputSpec(ndim=len(input_shape))
        make_weight(self, "kernel", plan.kernel, _with_axes(self.kernel_initializer, plan))
        make_weight(self, "bias", plan.bias)

    def call(self, inputs: Array, training: bool | None = None) -> Array:
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        regularizer = regularizers.serialize(self.activity_regularizer)
        return {
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            "activity_regularizer": regularizer,
        }


class _Plan(NamedTuple):
    kernel: tuple[int, ...]
    bias: tuple[int, ...] | None
    input_axes: tuple[int, ...]  # of the kernel: summed over
    output_axes: tuple[int, ...]


_FORMS = (
    r"(?P<left>\.\.\.)?([a-zA-Z]+),([a-zA-Z]+)->(?(left)\.\.\.)([a-zA-Z]+)",
    r"(?P<left>)([a-zA-Z]+)\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.",
)


def _plan(
    equation: str, bias_axes: str | None, input_shape: tuple[Any, ...], partial: tuple[Any, ...]
) -> _Plan:
    """Shapes of kernel and bias, from the sizes that the input and `output_shape` give to the letters."""
    left, inputs, kernel, outputs = _letters(equation)
    elided = len(input_shape) - len(inputs)
    if elided < 0 or (elided and "..." not in equation):
        raise ShapeError(
            explain("EinsumDense got an input of another rank.", expected=equation, got=str(input_shape))
        )
    of_inputs = dict(zip(inputs, input_shape[elided if left else 0 :], strict=False))
    # `output_shape` leaves out the batch: the first letter, or what '...' stands for.
    known = list(partial) if left and elided else [input_shape[0], *partial]
    if len(known) != len(outputs):
        expected = f"{len(outputs) - len(known) + len(partial)} sizes"
        raise InvalidArgumentError(
            explain(f"EinsumDense {equation!r}: `output_shape`", expected=expected, got=str(partial))
        )
    of_outputs = dict(zip(outputs, known, strict=True))
    _check_letters(equation, inputs, kernel, of_inputs, of_outputs)
    sizes = {**of_inputs, **of_outputs}
    bias = (
        None if bias_axes is None else _bias_shape(bias_axes, outputs, sizes) + (1,) * (0 if left else elided)
    )
    return _Plan(
        kernel=tuple(sizes[letter] for letter in kernel),
        bias=bias,
        input_axes=tuple(axis for axis, letter in enumerate(kernel) if letter not in outputs),
        output_axes=tuple(axis for axis, letter in enumerate(kernel) if letter in outputs),
    )


def _letters(equation: str) -> tuple[bool, str, str, str]:
    """Whether it begins with '...', and the letters of input, kernel and output."""
    for form in _FORMS:
        match = re.fullmatch(form, equation.replace(" ", ""))
        if match is not None:
            return bool(match["left"]), match[2], match[3], match[4]
    raise InvalidArgumentError(
        explain(
            f"EinsumDense cannot read the equation {equation!r}.",
            expected="X,Y->Z, ...X,Y->...Z or X...,Y->Z...",
        )
    )


def _check_letters(
    equation: str, inputs: str, kernel: str, of_inputs: dict[str, Any], of_outputs: dict[str, Any]
) -> None:
    for letter in inputs:
        sizes = of_outputs.get(letter), of_inputs[letter]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ShapeError(
                explain(
                    f"EinsumDense {equation!r}: axis '{letter}' has two sizes.",
                    expected=f"{sizes[0]}, from output_shape",
                    got=f"{sizes[1]} in the input",
                )
            )
    alone = (set(of_outputs) - set(inputs) - set(kernel)) | (set(kernel) - set(inputs) - set(of_outputs))
    if alone:
        raise InvalidArgumentError(
            explain(
                f"EinsumDense {equation!r}: nothing tells the size of '{min(alone)}'.",
                fix="use it on both sides",
            )
        )


def _bias_shape(bias_axes: str, outputs: str, sizes: dict[str, Any]) -> tuple[int, ...]:
    """Sizes of the output's axes from the first that the bias has; 1 for those that it has not."""
    if not bias_axes or set(bias_axes) - set(outputs):
        raise InvalidArgumentError(
            explain("EinsumDense: `bias_axes`", expected=f"letters of {outputs!r}", got=repr(bias_axes))
        )
    tail = outputs[min(outputs.index(letter) for letter in bias_axes) :]
    return tuple(sizes[letter] if letter in bias_axes else 1 for letter in tail)


def _with_axes(initializer: Initializer, plan: _Plan) -> Initializer:
    """A variance-scaling initializer that takes the axes the equation sums over for the fan-in."""
    if not isinstance(initializer, initializers.VarianceScaling) or None not in (
        initializer.input_axes,
        initializer.output_axes,
    ):
        return initializer
    axes = {"input_axes": list(plan.input_axes), "output_axes": list(plan.output_axes)}
    return type(initializer).from_config({**initializer.get_config(), "seed": initializer.seed, **axes})
