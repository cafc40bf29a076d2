"""Layers that combine several tensors into one, and their functional forms."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from layerlab import ops
from layerlab.core.layer import Layer
from layerlab.core.masking import get_mask
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.numeric import is_integer
from layerlab.typing import Array, Tensor

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Dot",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]


class _Merge(Layer):
    """Element-wise merges: inputs broadcast; one of lower rank gets axes of size 1 after the batch."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        shapes = self._shapes(input_shape)
        rank = max(map(len, shapes))
        padded = [(*shape[:1], *(1,) * (rank - len(shape)), *shape[1:]) for shape in shapes]
        for axis, sizes in enumerate(zip(*padded, strict=True)):
            known = {size for size in sizes if size is not None} - ({1} if axis else set())
            if len(known) > 1:
                raise ShapeError(
                    explain(
                        f"{self.describe()} got inputs of different shapes.",
                        expected="equal sizes, or 1 (but for the batch)",
                        got=", ".join(map(str, shapes)),
                    )
                )

    def _shapes(self, input_shape: Any) -> list[tuple[int | None, ...]]:
        if (
            not isinstance(input_shape, list | tuple)
            or not input_shape
            or not isinstance(input_shape[0], list | tuple)
        ):
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()} merges a list of tensors.",
                    got=str(input_shape),
                    fix="call it on [x, y]",
                )
            )
        return [tuple(shape) for shape in input_shape]

    def call(self, inputs: Any) -> Array:
        rank = max(len(x.shape) for x in inputs)
        masks = [get_mask(x) for x in inputs]  # first: a reshaped array is another one, without the mask
        return self._merge([_to_rank(x, rank) for x in inputs], masks)

    def _merge(self, inputs: Sequence[Array], masks: Sequence[Array | None]) -> Array:
        return functools.reduce(self._combine, inputs)

    def _combine(self, x: Array, y: Array) -> Array:
        raise NotImplementedError

    def compute_mask(self, inputs: object, previous_mask: Array | None) -> Any:
        """True where the mask of any input is; None if an input has no mask."""
        if previous_mask is None or any(mask is None for mask in previous_mask):
            return None
        return functools.reduce(ops.logical_or, previous_mask)


class Add(_Merge):
    """The sum of the inputs, element by element.

    y = x1 + x2 + ...: the shortcut of a residual network. Sizes of 1 broadcast; an
    input with fewer axes gets axes of size 1 after the batch.

    Call: `layer([x1, x2, ...])`.
    Input shape: of each (batch, ...), of one shape or broadcasting.
    Output shape: the broadcast shape.
    Raises: InvalidArgumentError unless it is called on a list; ShapeError for shapes
    that do not broadcast.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])
        >>> np.asarray(Add()([x1, x2])).tolist()
        [[11.0, 22.0]]
    """

    def _combine(self, x: Array, y: Array) -> Array:
        return ops.add(x, y)


class Subtract(_Merge):
    """The first input minus the second, element by element.

    y = x1 - x2. Sizes of 1 broadcast; an input with fewer axes gets axes of size 1
    after the batch.

    Call: `layer([x1, x2])`.
    Input shape: of each (batch, ...), of one shape or broadcasting.
    Output shape: the broadcast shape.
    Raises: InvalidArgumentError unless there are two inputs; ShapeError for shapes that
    do not broadcast.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[5.0, 5.0]]), np.array([[1.0, 2.0]])
        >>> np.asarray(Subtract()([x1, x2])).tolist()
        [[4.0, 3.0]]
    """

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        _need_two(self, input_shape)

    def _combine(self, x: Array, y: Array) -> Array:
        return ops.subtract(x, y)


class Multiply(_Merge):
    """The product of the inputs, element by element.

    y = x1 * x2 * ...: a gate, where one input is between 0 and 1. A masked step of an
    input counts as 1, and the result is 0 where all inputs are masked. Sizes of 1
    broadcast.

    Call: `layer([x1, x2, ...])`.
    Input shape: of each (batch, ...), of one shape or broadcasting.
    Output shape: the broadcast shape.
    Raises: InvalidArgumentError unless it is called on a list; ShapeError for shapes
    that do not broadcast.

    Example:
        >>> import numpy as np
        >>> gate = np.array([[0.0, 1.0]])
        >>> np.asarray(Multiply()([np.array([[7.0, 8.0]]), gate])).tolist()
        [[0.0, 8.0]]
    """

    def _merge(self, inputs: Sequence[Array], masks: Sequence[Array | None]) -> Array:
        wide = [None if mask is None else ops.expand_dims(mask, -1) for mask in masks]
        factors = [
            x if mask is None else ops.where(mask, x, ops.ones_like(x))
            for x, mask in zip(inputs, wide, strict=True)
        ]
        product = functools.reduce(ops.multiply, factors)
        if any(mask is None for mask in wide):
            return product
        return ops.where(functools.reduce(ops.logical_or, wide), product, ops.zeros_like(product))


class Average(_Merge):
    """The mean of the inputs, element by element.

    y = (x1 + ... + xn) / n: several models as one, an ensemble. Sizes of 1 broadcast.

    Call: `layer([x1, x2, ...])`.
    Input shape: of each (batch, ...), of one shape or broadcasting.
    Output shape: the broadcast shape.
    Raises: InvalidArgumentError unless it is called on a list; ShapeError for shapes
    that do not broadcast.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[1.0, 2.0]]), np.array([[3.0, 6.0]])
        >>> np.asarray(Average()([x1, x2])).tolist()
        [[2.0, 4.0]]
    """

    def _merge(self, inputs: Sequence[Array], masks: Sequence[Array | None]) -> Array:
        return ops.divide(functools.reduce(ops.add, inputs), len(inputs))


class _Extreme(_Merge):
    """What Maximum and Minimum share: masked steps of an input are left out."""

    def _merge(self, inputs: Sequence[Array], masks: Sequence[Array | None]) -> Array:
        output, mask = inputs[0], _widen(masks[0])
        for x, narrow in zip(inputs[1:], masks[1:], strict=True):
            other = _widen(narrow)
            if other is not None:
                x = ops.where(other, x, output)
            if mask is not None:
                output = ops.where(mask, output, x)
            mask = ops.logical_or(mask, other) if mask is not None and other is not None else None
            output = self._combine(output, x)
        return output


class Maximum(_Extreme):
    """The largest of the inputs, element by element.

    y = max(x1, x2, ...); masked steps of an input are left out. Sizes of 1 broadcast.

    Call: `layer([x1, x2, ...])`.
    Input shape: of each (batch, ...), of one shape or broadcasting.
    Output shape: the broadcast shape.
    Raises: InvalidArgumentError unless it is called on a list; ShapeError for shapes
    that do not broadcast.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[1.0, 5.0]]), np.array([[3.0, 2.0]])
        >>> np.asarray(Maximum()([x1, x2])).tolist()
        [[3.0, 5.0]]
    """

    def _combine(self, x: Array, y: Array) -> Array:
        return ops.maximum(x, y)


class Minimum(_Extreme):
    """The smallest of the inputs, element by element.

    y = min(x1, x2, ...); masked steps of an input are left out. Sizes of 1 broadcast.

    Call: `layer([x1, x2, ...])`.
    Input shape: of each (batch, ...), of one shape or broadcasting.
    Output shape: the broadcast shape.
    Raises: InvalidArgumentError unless it is called on a list; ShapeError for shapes
    that do not broadcast.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[1.0, 5.0]]), np.array([[3.0, 2.0]])
        >>> np.asarray(Minimum()([x1, x2])).tolist()
        [[1.0, 2.0]]
    """

    def _combine(self, x: Array, y: Array) -> Array:
        return ops.minimum(x, y)


class Concatenate(_Merge):
    """The inputs joined, one behind another along one axis.

    Keeps what each input says apart, for the next layer to weigh: branches of a
    network, or skip connections of a U-Net.

    Args:
        axis: the axis to join along; -1 is the features.
    Call: `layer([x1, x2, ...])`; where some inputs have a mask, the others count as
    unmasked.
    Input shape: of each (batch, ...), equal but for `axis`.
    Output shape: the same, with the sizes along `axis` added.
    Raises: InvalidArgumentError unless it is called on a list; ShapeError if another
    axis differs.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[1.0, 2.0]]), np.array([[3.0]])
        >>> np.asarray(Concatenate()([x1, x2])).tolist()
        [[1.0, 2.0, 3.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        shapes = self._shapes(input_shape)
        ranks = {len(shape) for shape in shapes}
        fits = len(ranks) == 1 and -min(ranks) <= self.axis < min(ranks)
        if fits:
            rest = [_without(shape, self.axis % len(shape)) for shape in shapes]
            fits = all(len(set(sizes) - {None}) <= 1 for sizes in zip(*rest, strict=True))
        if not fits:
            raise ShapeError(
                explain(
                    f"{self.describe()} cannot join its inputs along axis {self.axis}.",
                    expected="equal shapes but for that axis",
                    got=", ".join(map(str, shapes)),
                )
            )

    def call(self, inputs: Any) -> Array:
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Array | None) -> Any:
        """The masks joined; an input without one counts as unmasked."""
        if previous_mask is None or all(mask is None for mask in previous_mask):
            return None
        masks = []
        for x, mask in zip(inputs, previous_mask, strict=True):
            everywhere = ops.ones_like(x, dtype="bool")
            masks.append(
                everywhere if mask is None else ops.logical_and(everywhere, _widen_to(mask, len(x.shape)))
            )
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1)


class Dot(_Merge):
    """The dot products of two inputs, sample by sample.

    Sums x1 * x2 along one axis of each; the other axes of both stay, x1's first.
    Of two lists of vectors it gives the product of each with each; with `normalize`,
    how alike their directions are.

    Args:
        axes: the axis of both that is summed over, or a pair, one for each; counted
            with the batch, which is 0 and cannot be summed over.
        normalize: whether vectors along `axes` are scaled to length 1 first, which
            makes the products cosine similarities.
    Call: `layer([x1, x2])`.
    Input shape: (batch, ..., n, ...) each.
    Output shape: (batch, rest of x1, rest of x2), and (batch, 1) for two vectors.
    Raises: InvalidArgumentError unless there are two inputs; ShapeError if the sizes
    along `axes` differ.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])
        >>> np.asarray(Dot(axes=1)([x1, x2])).tolist()  # 1 * 3 + 2 * 4
        [[11.0]]
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        whole = [axes] if is_integer(axes) else axes
        if not isinstance(whole, list | tuple) or not all(map(is_integer, whole)) or len(whole) not in (1, 2):
            raise InvalidArgumentError(
                explain("Dot got bad `axes`.", expected="an integer, or two of them", got=repr(axes))
            )
        self.axes = axes
        self.normalize = normalize

    def build(self, input_shape: Any) -> None:
        shapes = self._shapes(input_shape)
        _need_two(self, shapes)
        first, second = self._axes([len(shape) for shape in shapes])
        sizes = shapes[0][first], shapes[1][second]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ShapeError(
                explain(
                    f"{self.describe()} cannot sum over axes {first} and {second}.",
                    expected="equal sizes",
                    got=f"{sizes[0]} and {sizes[1]} in {shapes[0]} and {shapes[1]}",
                )
            )

    def call(self, inputs: Any) -> Array:
        x, y = inputs
        first, second = self._axes([len(x.shape), len(y.shape)])
        if self.normalize:
            x, y = ops.normalize(x, axis=first), ops.normalize(y, axis=second)
        letters = iter("bcdefghijklmnopqrstuvw")
        of_x = ["a", *(next(letters) for _ in x.shape[1:])]
        of_y = ["a", *(next(letters) for _ in y.shape[1:])]
        of_x[first] = of_y[second] = "z"
        kept = [letter for letter in (*of_x, *of_y[1:]) if letter != "z"]
        result = ops.einsum(f"{''.join(of_x)},{''.join(of_y)}->{''.join(kept)}", x, y)
        return ops.expand_dims(result, 1) if len(kept) == 1 else result

    def _axes(self, ranks: list[int]) -> tuple[int, int]:
        given = (self.axes, self.axes) if is_integer(self.axes) else tuple(self.axes) * (2 // len(self.axes))
        for axis, rank in zip(given, ranks, strict=True):
            if axis % rank == 0 or not -rank <= axis < rank:
                raise ShapeError(
                    explain(
                        f"{self.describe()} cannot sum over axis {axis}.",
                        expected=f"an axis of 1 to {rank - 1}",
                    )
                )
        return given[0] % ranks[0], given[1] % ranks[1]

    def compute_mask(self, inputs: object, previous_mask: Array | None) -> Any:
        """None: a product of places has no mask."""
        return None


_FUNCTION = """{what}: `{layer}(**kwargs)(inputs)`.

Args:
    inputs: list of tensors, of one shape or broadcasting.
    **kwargs: arguments of the layer, such as `name`.
Returns: a tensor, or a symbolic one for symbolic inputs.

Example:
    >>> import numpy as np
    >>> x1, x2 = np.array([[6.0, 1.0]]), np.array([[2.0, 4.0]])
    >>> np.asarray({name}([x1, x2])).tolist()
    {result}
"""


def _functional(layer: Callable[..., Layer], name: str, result: list[float]) -> Callable[..., Any]:
    """The function for a layer; `result` is what its example gives."""

    def merge(inputs: object, **kwargs: Any) -> Any:
        return layer(**kwargs)(inputs)

    merge.__name__ = merge.__qualname__ = name
    what = (layer.__doc__ or "").partition(".")[0]
    merge.__doc__ = _FUNCTION.format(what=what, layer=layer.__name__, name=name, result=[result])
    return merge


add = _functional(Add, "add", [8.0, 5.0])
subtract = _functional(Subtract, "subtract", [4.0, -3.0])
multiply = _functional(Multiply, "multiply", [12.0, 4.0])
average = _functional(Average, "average", [4.0, 2.5])
maximum = _functional(Maximum, "maximum", [6.0, 4.0])
minimum = _functional(Minimum, "minimum", [2.0, 1.0])


def concatenate(inputs: Sequence[Tensor], axis: int = -1, **kwargs: Any) -> Any:
    """The inputs joined along one axis: `Concatenate(axis, **kwargs)(inputs)`.

    Args:
        inputs: list of tensors, equal in shape but for `axis`.
        axis: the axis to join along; -1 is the features.
        **kwargs: of the layer, such as `name`.
    Returns: a tensor, or a symbolic one for symbolic inputs.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[1.0, 2.0]]), np.array([[3.0]])
        >>> np.asarray(concatenate([x1, x2])).tolist()
        [[1.0, 2.0, 3.0]]
    """
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Sequence[Tensor], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """The dot products of two inputs, sample by sample: `Dot(axes, **kwargs)(inputs)`.

    Args:
        inputs: list of two tensors.
        axes: the axis of both that is summed over, or a pair, one for each; -1 is the
            features.
        **kwargs: of the layer: `normalize`, `name`.
    Returns: a tensor, or a symbolic one for symbolic inputs.

    Example:
        >>> import numpy as np
        >>> x1, x2 = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])
        >>> np.asarray(dot([x1, x2])).tolist()  # 1 * 3 + 2 * 4
        [[11.0]]
    """
    return Dot(axes=axes, **kwargs)(inputs)


def _need_two(layer: Layer, shapes: Sequence[Any]) -> None:
    if len(shapes) != 2:
        raise InvalidArgumentError(explain(f"{layer.describe()} takes two inputs.", got=str(len(shapes))))


def _without(shape: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def _to_rank(x: Array, rank: int) -> Array:
    missing = rank - len(x.shape)
    return ops.reshape(x, (x.shape[0], *(1,) * missing, *x.shape[1:])) if missing else x


def _widen(mask: Array | None) -> Array | None:
    return None if mask is None else ops.expand_dims(mask, -1)


def _widen_to(mask: Array, rank: int) -> Array:
    while len(mask.shape) < rank:
        mask = ops.expand_dims(mask, -1)
    return mask
