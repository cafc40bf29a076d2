"""Layers that combine several tensors into one, and their functional forms."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.layer import Layer
from layerlab.core.masking import get_mask
from layerlab.errors import InvalidArgumentError, ShapeError, explain

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

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """True where any input is; None if one of them has none."""
        if previous_mask is None or any(mask is None for mask in previous_mask):
            return None
        return functools.reduce(ops.logical_or, previous_mask)


class Add(_Merge):
    """The sum of the inputs.

    Example:
        >>> import numpy as np
        >>> np.asarray(Add()([np.ones((1, 2)), np.ones((1, 2))])).tolist()
        [[2.0, 2.0]]
    """

    def _combine(self, x: Array, y: Array) -> Array:
        return ops.add(x, y)


class Subtract(_Merge):
    """The first input minus the second."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        _need_two(self, input_shape)

    def _combine(self, x: Array, y: Array) -> Array:
        return ops.subtract(x, y)


class Multiply(_Merge):
    """The product of the inputs; masked steps of an input count as 1, and are 0 where all are masked."""

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
    """The mean of the inputs."""

    def _merge(self, inputs: Sequence[Array], masks: Sequence[Array | None]) -> Array:
        return ops.divide(functools.reduce(ops.add, inputs), len(inputs))


class _Extreme(_Merge):
    """Masked steps of an input are left out."""

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
    """The largest of the inputs, element by element."""

    def _combine(self, x: Array, y: Array) -> Array:
        return ops.maximum(x, y)


class Minimum(_Extreme):
    """The smallest of the inputs, element by element."""

    def _combine(self, x: Array, y: Array) -> Array:
        return ops.minimum(x, y)


class Concatenate(_Merge):
    """The inputs one after another along `axis`; other axes must be equal.

    Example:
        >>> import numpy as np
        >>> Concatenate()([np.ones((2, 3)), np.ones((2, 1))]).shape == (2, 4)
        True
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

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
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
    """Dot products of two tensors, sample by sample, along `axes`.

    Args:
        axes: the axis of both that is summed over, or one for each.
        normalize: whether vectors are scaled to length 1 first: cosine similarity.
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        whole = [axes] if isinstance(axes, int) else axes
        if (
            not isinstance(whole, list | tuple)
            or not all(isinstance(a, int) for a in whole)
            or len(whole) not in (1, 2)
        ):
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
        given = (
            (self.axes, self.axes) if isinstance(self.axes, int) else tuple(self.axes) * (2 // len(self.axes))
        )
        for axis, rank in zip(given, ranks, strict=True):
            if axis % rank == 0 or not -rank <= axis < rank:
                raise ShapeError(
                    explain(
                        f"{self.describe()} cannot sum over axis {axis}.",
                        expected=f"an axis of 1 to {rank - 1}",
                    )
                )
        return given[0] % ranks[0], given[1] % ranks[1]

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None."""
        return None


def _functional(layer: Callable[..., Layer], name: str) -> Callable[..., Any]:
    def merge(inputs: Any, **kwargs: Any) -> Any:
        return layer(**kwargs)(inputs)

    merge.__name__ = merge.__qualname__ = name
    merge.__doc__ = f"`{layer.__name__}(**kwargs)(inputs)`."
    return merge


add = _functional(Add, "add")
subtract = _functional(Subtract, "subtract")
multiply = _functional(Multiply, "multiply")
average = _functional(Average, "average")
maximum = _functional(Maximum, "maximum")
minimum = _functional(Minimum, "minimum")


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """`Dot(axes, **kwargs)(inputs)`."""
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
