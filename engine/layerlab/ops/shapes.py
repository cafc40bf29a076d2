"""Reshaping, joining, splitting, reordering, padding and picking elements: values move, none is computed.

Sizes are Python ints. An axis may be negative: it counts from the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, UnsupportedError, explain
from layerlab.ops.common import as_axes, as_axis, is_bool, need_values
from layerlab.ops.op import op

__all__ = [
    "append",
    "array_split",
    "broadcast_to",
    "concatenate",
    "copy",
    "depth_to_space",
    "diag",
    "diagflat",
    "diagonal",
    "dsplit",
    "dstack",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "meshgrid",
    "moveaxis",
    "ndim",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rot90",
    "shape",
    "size",
    "space_to_depth",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "take",
    "take_along_axis",
    "tile",
    "transpose",
    "tril",
    "triu",
    "unstack",
    "vsplit",
    "vstack",
]


def shape(x: Any) -> tuple[Any, ...]:
    """The sizes of the axes; None where a symbolic tensor's is unknown."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def size(x: Any) -> int | None:
    """The number of elements; None where a symbolic tensor's is unknown."""
    sizes = shape(x)
    return None if None in sizes else math.prod(sizes)


@op("x")
def reshape(x: Any, newshape: int | Sequence[int | None]) -> Array:
    """The elements, in order, in a new shape; one size may be -1 (or None): it follows from the others."""
    sizes = [newshape] if isinstance(newshape, int | np.integer) else newshape
    return backend().xp.reshape(x, tuple(-1 if one is None else int(one) for one in sizes))


@op("x")
def ravel(x: Any) -> Array:
    """The elements in one axis."""
    return backend().xp.reshape(x, (-1,))


@op("x")
def expand_dims(x: Any, axis: int | Sequence[int]) -> Array:
    """x with new axes of size 1 at these places of the result."""
    places = [axis] if isinstance(axis, int | np.integer) else axis
    new = set(as_axes(tuple(places), len(x.shape) + len(places)))
    sizes = iter(x.shape)
    return backend().xp.reshape(
        x, tuple(1 if i in new else next(sizes) for i in range(len(x.shape) + len(new)))
    )


@op("x")
def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Array:
    """x without these axes of size 1; None drops all of them."""
    if axis is None:
        dropped = {i for i, length in enumerate(x.shape) if length == 1}
    else:
        dropped = set(as_axes(axis if isinstance(axis, int | np.integer) else tuple(axis), len(x.shape)))
    if any(x.shape[i] != 1 for i in dropped):
        raise ShapeError(explain("squeeze", expected=f"size 1 along axis {axis}", got=str(tuple(x.shape))))
    return backend().xp.reshape(x, tuple(length for i, length in enumerate(x.shape) if i not in dropped))


@op("x")
def transpose(x: Any, axes: Sequence[int] | None = None) -> Array:
    """x with its axes in another order, by default reversed."""
    order = tuple(reversed(range(len(x.shape)))) if axes is None else as_axes(tuple(axes), len(x.shape))
    return backend().xp.permute_dims(x, order)


@op("x")
def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """x with these axes moved to other places; the rest keep their order."""
    return backend().xp.moveaxis(x, _as_int_or_tuple(source), _as_int_or_tuple(destination))


@op("x")
def swapaxes(x: Any, axis1: int, axis2: int) -> Array:
    """x with two axes exchanged."""
    order = list(range(len(x.shape)))
    first, second = as_axis(axis1, len(order)), as_axis(axis2, len(order))
    order[first], order[second] = second, first
    return backend().xp.permute_dims(x, tuple(order))


@op("x")
def broadcast_to(x: Any, shape: Sequence[int]) -> Array:
    """x repeated along new axes and axes of size 1, to this shape."""
    return backend().xp.broadcast_to(x, tuple(shape))


@op("x")
def copy(x: Any) -> Array:
    """A new array with the values of x."""
    return x | False if is_bool(x) else x + 0


@op("xs", lists=("xs",))
def concatenate(xs: Any, axis: int = 0) -> Array:
    """Arrays joined along an axis that they have."""
    return backend().xp.concat(list(xs), axis=axis)


@op("x", lists=("x",))
def stack(x: Any, axis: int = 0) -> Array:
    """Arrays of one shape joined along a new axis."""
    return backend().xp.stack(list(x), axis=axis)


@op("x1", "x2")
def append(x1: Any, x2: Any, axis: int | None = None) -> Array:
    """x2 after x1 along an axis; with axis None both are flattened."""
    xp = backend().xp
    if axis is None:
        return xp.concat([xp.reshape(x1, (-1,)), xp.reshape(x2, (-1,))], axis=0)
    return xp.concat([x1, x2], axis=axis)


@op("xs", lists=("xs",))
def hstack(xs: Any) -> Array:
    """Arrays side by side: along the second axis, or the first of 1-D arrays."""
    xs = [_at_least(x, 1) for x in xs]
    return backend().xp.concat(xs, axis=0 if len(xs[0].shape) == 1 else 1)


@op("xs", lists=("xs",))
def vstack(xs: Any) -> Array:
    """Arrays one below the other; 1-D arrays are rows."""
    return backend().xp.concat([_at_least(x, 2) for x in xs], axis=0)


@op("xs")
def dstack(xs: Any) -> Array:
    """Arrays one behind the other, along the third axis."""
    return backend().xp.concat([_at_least(x, 3) for x in xs], axis=2)


@op("x")
def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """Parts along an axis: so many equal ones, or cut before these indices."""
    return _split(x, indices_or_sections, axis, uneven=False)


@op("x")
def array_split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """Parts along an axis; of a number of parts the first ones may be one longer."""
    return _split(x, indices_or_sections, axis, uneven=True)


@op("x")
def hsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """Parts along the second axis, or the first of a 1-D array."""
    return _split(x, indices_or_sections, 0 if len(x.shape) == 1 else 1, uneven=False)


@op("x")
def vsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """Parts along the first axis."""
    return _split(x, indices_or_sections, 0, uneven=False)


@op("x")
def dsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """Parts along the third axis."""
    return _split(x, indices_or_sections, 2, uneven=False)


@op("x")
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Array]:
    """The slices along an axis, without that axis; `num` must be its size if given."""
    axis = as_axis(axis, len(x.shape))
    if num is not None and num != x.shape[axis]:
        raise ShapeError(
            explain("unstack", expected=f"size {num} along axis {axis}", got=str(tuple(x.shape)))
        )
    return [x[(slice(None),) * axis + (i,)] for i in range(x.shape[axis])]


@op("x")
def tile(x: Any, repeats: int | Sequence[int]) -> Array:
    """x laid side by side, so many times along each axis."""
    return backend().xp.tile(x, (repeats,) if isinstance(repeats, int | np.integer) else tuple(repeats))


@op("x")
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Array:
    """Each element `repeats` times (one number, or one per element) along an axis; axis None flattens."""
    xp = backend().xp
    x, axis = (xp.reshape(x, (-1,)), 0) if axis is None else (x, axis)
    if backend().is_array(repeats):
        need_values(repeats, "repeat", "give the numbers of repetitions as Python ints")
        repeats = backend().to_numpy(repeats)
    counts = np.asarray(repeats)
    where = np.repeat(
        np.arange(x.shape[axis]), counts if counts.ndim and counts.size > 1 else int(counts.reshape(-1)[0])
    )
    return xp.take(x, backend().asarray(where, "int32"), axis=axis)


@op("x")
def flip(x: Any, axis: int | Sequence[int] | None = None) -> Array:
    """x in reverse order along these axes; None is all of them."""
    return backend().xp.flip(x, axis=as_axes(_as_int_or_tuple(axis), len(x.shape)))


@op("x")
def fliplr(x: Any) -> Array:
    """x in reverse order along the second axis."""
    return backend().xp.flip(x, axis=(1,))


@op("x")
def flipud(x: Any) -> Array:
    """x in reverse order along the first axis."""
    return backend().xp.flip(x, axis=(0,))


@op("x")
def roll(x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Array:
    """x shifted along axes, the end coming in at the start; axis None rolls the flattened array."""
    return backend().xp.roll(x, _as_int_or_tuple(shift), axis=_as_int_or_tuple(axis))


@op("array")
def rot90(array: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    """The plane of two axes turned by k quarter turns, from the first axis towards the second."""
    return backend().xp.rot90(array, k=k, axes=tuple(axes))


@op("x", in_call=("constant_values",))
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Array:
    """x with more elements before and after it along its axes.

    Args:
        pad_width: one number, (before, after), or such a pair for each axis.
        mode: "constant" (`constant_values`, by default 0), or a mode of `numpy.pad` that repeats elements:
            "edge", "reflect", "symmetric", "wrap".
    """
    if mode == "constant":
        value = 0 if constant_values is None else constant_values
        return backend().xp.pad(x, pad_width, mode="constant", constant_values=value)
    if constant_values is not None:
        raise InvalidArgumentError(
            explain(f"pad(mode='{mode}') takes no constant_values.", fix='use mode="constant"')
        )
    if mode not in _PAD_MODES:
        raise UnsupportedError(
            explain(f"pad(mode='{mode}') is not supported.", fix=f"use constant, {', '.join(_PAD_MODES)}")
        )
    return backend().xp.pad(x, pad_width, mode=mode)


@op("x", as_is=("indices",))
def take(x: Any, indices: Any, axis: int | None = None) -> Array:
    """The elements of x at these indices along an axis; axis None takes from the flattened array.

    The shape of `indices` takes the place of the axis. Negative indices count from the end. An index that
    does not exist raises an error on torch and NumPy, and gives NaN on JAX, which cannot raise when compiled.
    """
    return backend().xp.take(x, indices, axis=axis)


@op("x", as_is=("indices",))
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Array:
    """For each place of `indices`, x at that place with the axis' index replaced; see `take`."""
    return backend().xp.take_along_axis(x, indices, axis=axis)


@op("x", promote=None)
def meshgrid(*x: Any, indexing: str = "xy") -> list[Array]:
    """Coordinates of the grid of 1-D arrays; "xy" exchanges the first two axes, as plots do."""
    return list(backend().xp.meshgrid(*x, indexing=indexing))


@op("x")
def diag(x: Any, k: int = 0) -> Array:
    """The k-th diagonal of a matrix, or the matrix with a vector on it."""
    return backend().xp.diag(x, k=k)


@op("x")
def diagflat(x: Any, k: int = 0) -> Array:
    """The matrix with the elements of x on its k-th diagonal."""
    return backend().xp.diagflat(x, k=k)


@op("x")
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonals of the plane of two axes, as a new last axis."""
    return backend().xp.diagonal(x, offset=offset, axis1=axis1, axis2=axis2)


@op("x")
def tril(x: Any, k: int = 0) -> Array:
    """x with 0 above the k-th diagonal."""
    return backend().xp.tril(x, k=k)


@op("x")
def triu(x: Any, k: int = 0) -> Array:
    """x with 0 below the k-th diagonal."""
    return backend().xp.triu(x, k=k)


@op("x")
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Array:
    """Blocks of channels spread over the image: (batch, h, w, b*b*c) to (batch, h*b, w*b, c).

    With "channels_first", (batch, c*b*b, h, w): the block's channels lie side by side, as in PyTorch.
    """
    xp, b = backend().xp, block_size
    if data_format == "channels_last":
        batch, height, width, depth = x.shape
        x = xp.reshape(x, (batch, height, width, b, b, depth // b**2))
        return xp.reshape(
            xp.permute_dims(x, (0, 1, 3, 2, 4, 5)), (batch, height * b, width * b, depth // b**2)
        )
    batch, depth, height, width = x.shape
    x = xp.reshape(x, (batch, depth // b**2, b, b, height, width))
    return xp.reshape(xp.permute_dims(x, (0, 1, 4, 2, 5, 3)), (batch, depth // b**2, height * b, width * b))


@op("x")
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Array:
    """Blocks of the image stacked as channels, the inverse of `depth_to_space`."""
    xp, b = backend().xp, block_size
    if data_format == "channels_last":
        batch, height, width, depth = x.shape
        x = xp.reshape(x, (batch, height // b, b, width // b, b, depth))
        return xp.reshape(
            xp.permute_dims(x, (0, 1, 3, 2, 4, 5)), (batch, height // b, width // b, b * b * depth)
        )
    batch, depth, height, width = x.shape
    x = xp.reshape(x, (batch, depth, height // b, b, width // b, b))
    return xp.reshape(xp.permute_dims(x, (0, 1, 3, 5, 2, 4)), (batch, depth * b * b, height // b, width // b))


_PAD_MODES = ("edge", "reflect", "symmetric", "wrap")


def _as_int_or_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _at_least(x: Array, axes: int) -> Array:
    """NumPy's atleast_1d, atleast_2d, atleast_3d."""
    missing = axes - len(x.shape)
    if missing <= 0:
        return x
    sizes = {1: (-1,), 2: (1, -1), 3: (1, -1, 1)}[axes] if missing >= axes - 1 else (*x.shape, 1)
    return backend().xp.reshape(x, sizes)


def _split(x: Array, indices_or_sections: int | Sequence[int], axis: int, uneven: bool) -> list[Array]:
    axis = as_axis(axis, len(x.shape))
    length = x.shape[axis]
    if isinstance(indices_or_sections, int | np.integer):
        parts = int(indices_or_sections)
        if length % parts and not uneven:
            raise ShapeError(
                explain("split", expected=f"a size that {parts} divides along axis {axis}", got=str(length))
            )
        longer = length % parts
        cuts = [i * (length // parts) + min(i, longer) for i in range(parts + 1)]
    else:
        cuts = [0, *(int(cut) for cut in indices_or_sections), length]
        if max(cuts) > length:  # not cut short: what sizes the parts have would depend on the data
            raise ShapeError(
                explain("split", expected=f"at least {max(cuts)} along axis {axis}", got=str(length))
            )
    return list(backend().xp.split(x, cuts[1:-1], axis=axis))
