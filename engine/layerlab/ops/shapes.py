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
from layerlab.numeric import as_ints, is_integer
from layerlab.ops.dtypes_and_axes import as_axes, as_axis, is_bool, need_values
from layerlab.ops.op import op
from layerlab.typing import Operand, TensorLike

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


def shape(x: TensorLike) -> tuple[Any, ...]:
    """The sizes of the axes of x, as a tuple.

    Args:
        x: an array, a number, a nested list, a variable or a symbolic tensor.
    Returns: Python integers; None where the size of a symbolic tensor is not known, as
        the size of the batch.

    Example:
        >>> shape([[1, 2, 3], [4, 5, 6]])
        (2, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else np.asarray(x).shape


def ndim(x: TensorLike) -> int:
    """The number of axes of x: 0 for a number, 1 for a vector, 2 for a matrix.

    Args:
        x: an array, a number, a nested list, a variable or a symbolic tensor.
    Returns: a Python integer.

    Example:
        >>> ndim([[1, 2, 3], [4, 5, 6]])
        2
    """
    return len(shape(x))


def size(x: TensorLike) -> int | None:
    """The number of elements of x: the product of the sizes of its axes.

    Args:
        x: an array, a number, a nested list, a variable or a symbolic tensor.
    Returns: a Python integer; None where the size of an axis is not known.

    Example:
        >>> size([[1, 2, 3], [4, 5, 6]])
        6
    """
    sizes = shape(x)
    return None if None in sizes else math.prod(sizes)


@op("x")
def reshape(x: Operand, newshape: int | Sequence[int | None]) -> Array:
    """The elements of x, in the same order, with other sizes of the axes.

    The order is as in reading: the last axis runs fastest.

    Args:
        newshape: sizes of the axes of the result, or one integer for one axis. One of
            them may be -1 (or None): it follows from the number of elements.
    Returns: an array of the dtype of x.
    Raises: ShapeError if the sizes do not give as many elements as x has.

    Example:
        >>> reshape([1, 2, 3, 4, 5, 6], (2, 3)).tolist()
        [[1, 2, 3], [4, 5, 6]]
        >>> reshape([[1, 2, 3], [4, 5, 6]], (-1, 2)).tolist()
        [[1, 2], [3, 4], [5, 6]]
    """
    sizes = [newshape] if is_integer(newshape) else newshape
    return backend().xp.reshape(x, tuple(-1 if one is None else int(one) for one in sizes))


@op("x")
def ravel(x: Operand) -> Array:
    """The elements of x along one axis, in the order of reading.

    Returns: an array of shape (size of x,).

    Example:
        >>> ravel([[1, 2], [3, 4]]).tolist()
        [1, 2, 3, 4]
    """
    return backend().xp.reshape(x, (-1,))


@op("x")
def expand_dims(x: Operand, axis: int | Sequence[int]) -> Array:
    """The array x with further axes of size 1.

    It makes a batch of one example, or prepares an array to be broadcast.

    Args:
        axis: place of the new axis in the result, or several places; -1 is the end.
    Returns: an array of the same elements.
    Raises: InvalidArgumentError for a place outside of the result.

    Example:
        >>> expand_dims([1, 2, 3], 0).tolist()
        [[1, 2, 3]]
        >>> expand_dims([1, 2, 3], -1).tolist()
        [[1], [2], [3]]
        >>> expand_dims([1, 2, 3], (0, 2)).shape
        (1, 3, 1)
    """
    places = as_ints(axis)
    new = set(as_axes(tuple(places), len(x.shape) + len(places)))
    sizes = iter(x.shape)
    return backend().xp.reshape(
        x, tuple(1 if i in new else next(sizes) for i in range(len(x.shape) + len(new)))
    )


@op("x")
def squeeze(x: Operand, axis: int | Sequence[int] | None = None) -> Array:
    """The array x without axes of size 1.

    Args:
        axis: the axis to drop, or several. None drops each axis of size 1, also the
            axis of a batch of one: better name the axis in a model.
    Returns: an array of the same elements.
    Raises: ShapeError if an axis to drop has another size.

    Example:
        >>> squeeze([[[1], [2], [3]]]).tolist()
        [1, 2, 3]
        >>> squeeze([[[1], [2], [3]]], axis=-1).tolist()
        [[1, 2, 3]]
    """
    if axis is None:
        dropped = {i for i, length in enumerate(x.shape) if length == 1}
    else:
        dropped = set(as_axes(as_ints(axis), len(x.shape)))
    if any(x.shape[i] != 1 for i in dropped):
        raise ShapeError(explain("squeeze", expected=f"size 1 along axis {axis}", got=str(tuple(x.shape))))
    return backend().xp.reshape(x, tuple(length for i, length in enumerate(x.shape) if i not in dropped))


@op("x")
def transpose(x: Operand, axes: Sequence[int] | None = None) -> Array:
    """The array x with its axes in another order.

    result[i, j, k] = x[k, j, i] by default; of a matrix, rows become columns.

    Args:
        axes: for each axis of the result, which axis of x it is. None reverses the
            order.
    Returns: an array of the same elements.
    Raises: InvalidArgumentError for an axis that does not exist.

    Example:
        >>> transpose([[1, 2, 3], [4, 5, 6]]).tolist()
        [[1, 4], [2, 5], [3, 6]]
        >>> transpose([[[1, 2, 3], [4, 5, 6]]], (0, 2, 1)).shape
        (1, 3, 2)
    """
    order = tuple(reversed(range(len(x.shape)))) if axes is None else as_axes(tuple(axes), len(x.shape))
    return backend().xp.permute_dims(x, order)


@op("x")
def moveaxis(x: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """The array x with some axes at other places; the rest keep their order.

    Args:
        source: the axis to move, or several.
        destination: where each of them is in the result.
    Returns: an array of the same elements.

    Example:
        >>> moveaxis([[[1, 2, 3], [4, 5, 6]]], 0, -1).shape  # of (1, 2, 3)
        (2, 3, 1)
    """
    return backend().xp.moveaxis(x, _as_int_or_tuple(source), _as_int_or_tuple(destination))


@op("x")
def swapaxes(x: Operand, axis1: int, axis2: int) -> Array:
    """The array x with two axes exchanged.

    Args:
        axis1, axis2: the two axes; negative ones count from the last.
    Returns: an array of the same elements.
    Raises: InvalidArgumentError for an axis that does not exist.

    Example:
        >>> swapaxes([[1, 2, 3], [4, 5, 6]], 0, 1).tolist()
        [[1, 4], [2, 5], [3, 6]]
    """
    order = list(range(len(x.shape)))
    first, second = as_axis(axis1, len(order)), as_axis(axis2, len(order))
    order[first], order[second] = second, first
    return backend().xp.permute_dims(x, tuple(order))


@op("x")
def broadcast_to(x: Operand, shape: Sequence[int]) -> Array:
    """The array x in a larger shape, repeated along axes of size 1 and new axes.

    Arithmetic broadcasts by itself; this shows, or fixes, what it would give.

    Args:
        shape: sizes of the axes of the result. Counted from the last axis, each size of
            x is the same or 1.
    Returns: an array of this shape.
    Raises: ShapeError if x does not fit.

    Example:
        >>> broadcast_to([1, 2, 3], (2, 3)).tolist()
        [[1, 2, 3], [1, 2, 3]]
        >>> broadcast_to([[1], [2]], (2, 3)).tolist()
        [[1, 1, 1], [2, 2, 2]]
    """
    return backend().xp.broadcast_to(x, tuple(shape))


@op("x")
def copy(x: Operand) -> Array:
    """A new array with the elements of x.

    Returns: an array of the shape and dtype of x.

    Example:
        >>> copy([1, 2, 3]).tolist()
        [1, 2, 3]
    """
    return x | False if is_bool(x) else x + 0


@op("xs", lists=("xs",))
def concatenate(xs: Sequence[Operand], axis: int = 0) -> Array:
    """Arrays joined along an axis that each of them has.

    Args:
        xs: list of arrays, of one shape but for this axis; they meet in their common
            dtype.
        axis: the axis along which they follow each other; 0 is the batch, -1 the
            features.
    Returns: an array whose size along the axis is the sum of the sizes.
    Raises: ShapeError if the other axes differ.

    Example:
        >>> concatenate([np.array([1, 2]), np.array([3])]).tolist()
        [1, 2, 3]
        >>> concatenate([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], axis=-1).tolist()
        [[1, 2, 5, 6], [3, 4, 7, 8]]
    """
    return backend().xp.concat(list(xs), axis=axis)


@op("x", lists=("x",))
def stack(x: Operand, axis: int = 0) -> Array:
    """Arrays of one shape joined along a new axis.

    Args:
        x: list of arrays; they meet in their common dtype.
        axis: place of the new axis in the result.
    Returns: an array with one axis more, of the length of the list.
    Raises: ShapeError if the shapes differ.

    Example:
        >>> stack([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        >>> stack([[1, 2], [3, 4]], axis=1).tolist()
        [[1, 3], [2, 4]]
    """
    return backend().xp.stack(list(x), axis=axis)


@op("x1", "x2")
def append(x1: Operand, x2: Operand, axis: int | None = None) -> Array:
    """The elements of x1, then the elements of x2.

    Args:
        x1, x2: the arrays; for an axis, of one shape but for this axis.
        axis: the axis along which x2 follows. None flattens both first.
    Returns: an array of the common dtype.

    Example:
        >>> append([1, 2], [[3], [4]]).tolist()
        [1, 2, 3, 4]
        >>> append([[1, 2]], [[3, 4]], axis=0).tolist()
        [[1, 2], [3, 4]]
    """
    xp = backend().xp
    if axis is None:
        return xp.concat([xp.reshape(x1, (-1,)), xp.reshape(x2, (-1,))], axis=0)
    return xp.concat([x1, x2], axis=axis)


@op("xs", lists=("xs",))
def hstack(xs: Sequence[Operand]) -> Array:
    """Arrays side by side: joined along the second axis, vectors along their only one.

    Args:
        xs: list of arrays, of one shape but for this axis.
    Returns: an array of the common dtype.

    Example:
        >>> hstack([[1, 2], [3, 4]]).tolist()
        [1, 2, 3, 4]
        >>> hstack([[[1], [2]], [[3], [4]]]).tolist()
        [[1, 3], [2, 4]]
    """
    xs = [_at_least(x, 1) for x in xs]
    return backend().xp.concat(xs, axis=0 if len(xs[0].shape) == 1 else 1)


@op("xs", lists=("xs",))
def vstack(xs: Sequence[Operand]) -> Array:
    """Arrays one below the other: joined along the first axis; a vector is one row.

    Args:
        xs: list of arrays, of one shape but for the first axis.
    Returns: an array of at least two axes, of the common dtype.

    Example:
        >>> vstack([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        >>> vstack([[[1, 2]], [[3, 4]]]).tolist()
        [[1, 2], [3, 4]]
    """
    return backend().xp.concat([_at_least(x, 2) for x in xs], axis=0)


@op("xs")
def dstack(xs: Sequence[Operand]) -> Array:
    """Arrays one behind the other: joined along the third axis.

    Args:
        xs: list of arrays, of one shape but for the third axis. A matrix (rows,
            columns) gets a third axis of size 1, a vector (n,) becomes (1, n, 1).
    Returns: an array of at least three axes, of the common dtype.

    Example:
        >>> dstack([[1, 2], [3, 4]]).tolist()
        [[[1, 3], [2, 4]]]
    """
    return backend().xp.concat([_at_least(x, 3) for x in xs], axis=2)


@op("x")
def split(x: Operand, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """Consecutive parts of x along an axis, each of them an array.

    Args:
        axis: the axis that is cut; by default the first.
    Returns: a list of arrays with as many axes as x.
    Raises: ShapeError if the number of parts does not divide the size, or a cut lies
        beyond the end.

    Example:
        >>> [part.tolist() for part in split([1, 2, 3, 4, 5, 6], 3)]
        [[1, 2], [3, 4], [5, 6]]
        >>> [part.tolist() for part in split([1, 2, 3, 4, 5, 6], [1, 4])]
        [[1], [2, 3, 4], [5, 6]]
    """
    return _split(x, indices_or_sections, axis, uneven=False)


@op("x")
def array_split(x: Operand, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """Consecutive parts of x along an axis, of nearly equal sizes.

    Where the number of parts does not divide the size, the first parts are longer by
    one; `split` refuses that.

    Args:
        axis: the axis that is cut; by default the first.
    Returns: a list of arrays with as many axes as x.

    Example:
        >>> [part.tolist() for part in array_split([1, 2, 3, 4, 5], 3)]
        [[1, 2], [3, 4], [5]]
    """
    return _split(x, indices_or_sections, axis, uneven=True)


@op("x")
def hsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """Parts of x side by side: cut along the second axis, a vector along its only one.

    Returns: a list of arrays with as many axes as x.
    Raises: ShapeError if the number of parts does not divide the size.

    Example:
        >>> [part.tolist() for part in hsplit([[1, 2, 3, 4], [5, 6, 7, 8]], 2)]
        [[[1, 2], [5, 6]], [[3, 4], [7, 8]]]
    """
    return _split(x, indices_or_sections, 0 if len(x.shape) == 1 else 1, uneven=False)


@op("x")
def vsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """Parts of x one below the other: cut along the first axis.

    Returns: a list of arrays with as many axes as x.
    Raises: ShapeError if the number of parts does not divide the size.

    Example:
        >>> [part.tolist() for part in vsplit([[1, 2], [3, 4], [5, 6]], [1])]
        [[[1, 2]], [[3, 4], [5, 6]]]
    """
    return _split(x, indices_or_sections, 0, uneven=False)


@op("x")
def dsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """Parts of x one behind the other: cut along the third axis.

    Returns: a list of arrays with as many axes as x.
    Raises: ShapeError if the number of parts does not divide the size.

    Example:
        >>> [part.tolist() for part in dsplit([[[1, 2, 3, 4]]], 2)]
        [[[[1, 2]]], [[[3, 4]]]]
    """
    return _split(x, indices_or_sections, 2, uneven=False)


@op("x", home="ops.core")
def unstack(x: Operand, num: int | None = None, axis: int = 0) -> list[Array]:
    """The slices of x along an axis, each without that axis: the inverse of `stack`.

    Args:
        num: the number of slices. None takes it from the shape; if given it must be the
            size of the axis.
        axis: the axis that is taken apart; by default the first.
    Returns: a list of arrays with one axis less.
    Raises: ShapeError if `num` is another number.

    Example:
        >>> [row.tolist() for row in unstack([[1, 2], [3, 4], [5, 6]])]
        [[1, 2], [3, 4], [5, 6]]
    """
    axis = as_axis(axis, len(x.shape))
    if num is not None and num != x.shape[axis]:
        raise ShapeError(
            explain("unstack", expected=f"size {num} along axis {axis}", got=str(tuple(x.shape)))
        )
    return [x[(slice(None),) * axis + (i,)] for i in range(x.shape[axis])]


@op("x")
def tile(x: Operand, repeats: int | Sequence[int]) -> Array:
    """Copies of x laid side by side along its axes.

    Args:
        repeats: how many copies along each axis; one integer is for the last axis.
            Further axes are put in front of the shorter of `repeats` and the shape.
    Returns: an array of the dtype of x.

    Example:
        >>> tile([1, 2], 3).tolist()
        [1, 2, 1, 2, 1, 2]
        >>> tile([[1, 2]], (2, 2)).tolist()
        [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    return backend().xp.tile(x, as_ints(repeats))


@op("x")
def repeat(x: Operand, repeats: int | Sequence[int] | Array, axis: int | None = None) -> Array:
    """The elements of x, each several times in a row.

    Args:
        repeats: how many times: one number, or a number for each element of the axis.
        axis: the axis along which elements are repeated. None flattens x first.
    Returns: an array of the dtype of x.
    Raises: UnsupportedError if `repeats` is computed in a compiled function: the shape
        would depend on it.

    Example:
        >>> repeat([1, 2, 3], 2).tolist()
        [1, 1, 2, 2, 3, 3]
        >>> repeat([[1, 2], [3, 4]], [1, 2], axis=0).tolist()
        [[1, 2], [3, 4], [3, 4]]
    """
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
def flip(x: Operand, axis: int | Sequence[int] | None = None) -> Array:
    """The elements of x in reverse order along axes.

    Args:
        axis: the axis to reverse, or several. None reverses all.
    Returns: an array of the shape and dtype of x.

    Example:
        >>> flip([1, 2, 3]).tolist()
        [3, 2, 1]
        >>> flip([[1, 2], [3, 4]], axis=1).tolist()
        [[2, 1], [4, 3]]
    """
    return backend().xp.flip(x, axis=as_axes(_as_int_or_tuple(axis), len(x.shape)))


@op("x")
def fliplr(x: Operand) -> Array:
    """The array x with left and right exchanged: the second axis in reverse order.

    Returns: an array of the shape and dtype of x.

    Example:
        >>> fliplr([[1, 2, 3], [4, 5, 6]]).tolist()
        [[3, 2, 1], [6, 5, 4]]
    """
    return backend().xp.flip(x, axis=(1,))


@op("x")
def flipud(x: Operand) -> Array:
    """The array x upside down: the first axis in reverse order.

    Returns: an array of the shape and dtype of x.

    Example:
        >>> flipud([[1, 2, 3], [4, 5, 6]]).tolist()
        [[4, 5, 6], [1, 2, 3]]
    """
    return backend().xp.flip(x, axis=(0,))


@op("x")
def roll(x: Operand, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Array:
    """The elements of x moved along an axis; the last ones come in at the start.

    Args:
        shift: by how many places, towards the end; negative towards the start. Several
            for several axes.
        axis: the axis, or several. None moves along the flattened array.
    Returns: an array of the shape and dtype of x.

    Example:
        >>> roll([1, 2, 3, 4], 1).tolist()
        [4, 1, 2, 3]
        >>> roll([[1, 2, 3], [4, 5, 6]], -1, axis=1).tolist()
        [[2, 3, 1], [5, 6, 4]]
    """
    return backend().xp.roll(x, _as_int_or_tuple(shift), axis=_as_int_or_tuple(axis))


@op("array")
def rot90(array: Operand, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    """The array with the plane of two axes turned by quarter turns.

    The turn is from the first axis towards the second: of a matrix, as it is printed,
    anticlockwise.

    Args:
        array: an array of at least two axes.
        k: how many quarter turns; negative ones turn the other way.
        axes: the two axes of the plane; by default rows and columns of a matrix. For
            images (batch, height, width, channels) it is (1, 2).
    Returns: an array of the same elements.

    Example:
        >>> rot90([[1, 2], [3, 4]]).tolist()
        [[2, 4], [1, 3]]
    """
    return backend().xp.rot90(array, k=k, axes=tuple(axes))


@op("x", in_call=("constant_values",))
def pad(
    x: Operand,
    pad_width: int | Sequence[int] | Sequence[Sequence[int]],
    mode: str = "constant",
    constant_values: Operand = None,
) -> Array:
    """The array x with further elements before and after it along its axes.

    Args:
        pad_width: how many elements: one number for all ends, (before, after) for all
            axes, or such a pair for each axis.
        mode: what the elements are. "constant": `constant_values`; "edge": the nearest
            of x; "reflect": the mirror image without the edge; "symmetric": with the
            edge; "wrap": the other end of x.
        constant_values: the value of mode "constant"; by default 0.
    Returns: an array of the dtype of x.
    Raises: UnsupportedError for another mode; InvalidArgumentError for
        `constant_values` with a mode that has no use for it.

    Example:
        >>> pad([1, 2, 3], (1, 2)).tolist()
        [0, 1, 2, 3, 0, 0]
        >>> pad([1, 2, 3], (2, 0), mode="reflect").tolist()
        [3, 2, 1, 2, 3]
        >>> pad([[1, 2]], ((0, 1), (0, 0)), constant_values=9).tolist()
        [[1, 2], [9, 9]]
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
def take(x: Operand, indices: Operand, axis: int | None = None) -> Array:
    """The elements of x at given indices along an axis, as x[:, indices] for axis 1.

    With a table of vectors (words, features) it looks up the vectors of word numbers.

    Args:
        indices: integers of any shape; negative ones count from the end. An index that
            does not exist raises an error on torch and NumPy; JAX, which cannot raise
            when compiled, gives NaN, or the lowest number of an integer dtype.
        axis: the axis that the indices count. None counts in the flattened array.
    Returns: an array of the shape of x, with the shape of `indices` in place of the
        axis.

    Example:
        >>> take([10, 20, 30], [2, 0, -1]).tolist()
        [30, 10, 30]
        >>> take([[1, 2], [3, 4], [5, 6]], [2, 0], axis=0).tolist()
        [[5, 6], [1, 2]]
    """
    return backend().xp.take(x, indices, axis=axis)


@op("x", as_is=("indices",))
def take_along_axis(x: Operand, indices: Operand, axis: int | None = None) -> Array:
    """For each place, the element of x at an index of its own along an axis.

    For axis 1, result[i, j] = x[i, indices[i, j]]. It picks, say, the score of the true
    class in each row, or puts an array into the order of `argsort`.

    Args:
        indices: integers, with as many axes as x and its sizes but for this axis;
            negative ones count from the end. Of an index that does not exist only NumPy
            says so: JAX gives NaN or the lowest integer, torch another element.
        axis: the axis that the indices count. None works in the flattened array.
    Returns: an array of the shape of `indices` and the dtype of x.

    Example:
        >>> take_along_axis([[0.25, 0.75], [0.5, 0.5]], [[1], [0]], axis=1).tolist()
        [[0.75], [0.5]]
    """
    return backend().xp.take_along_axis(x, indices, axis=axis)


@op("x", promote=None)
def meshgrid(*x: Operand, indexing: str = "xy") -> list[Array]:
    """The coordinates of the points of a grid, one array for each axis of the grid.

    Args:
        *x: vectors of coordinates, one for each axis.
        indexing: "xy" exchanges the first two axes, so that the first vector runs along
            the columns, as in a plot; "ij" keeps the order of the vectors.
    Returns: a list of as many arrays, all of the grid's shape.

    Example:
        >>> columns, rows = meshgrid([1, 2, 3], [10, 20])
        >>> columns.tolist()
        [[1, 2, 3], [1, 2, 3]]
        >>> rows.tolist()
        [[10, 10, 10], [20, 20, 20]]
    """
    return list(backend().xp.meshgrid(*x, indexing=indexing))


@op("x")
def diag(x: Operand, k: int = 0) -> Array:
    """The diagonal of a matrix; or, of a vector, the matrix with that diagonal.

    Args:
        x: a matrix or a vector.
    Returns: a vector for a matrix; a square matrix with 0 elsewhere for a vector.

    Example:
        >>> diag([[1, 2], [3, 4]]).tolist()
        [1, 4]
        >>> diag([1, 2]).tolist()
        [[1, 0], [0, 2]]
        >>> diag([1, 2], k=1).tolist()
        [[0, 1, 0], [0, 0, 2], [0, 0, 0]]
    """
    return backend().xp.diag(x, k=k)


@op("x")
def diagflat(x: Operand, k: int = 0) -> Array:
    """The square matrix with the elements of x on a diagonal, and 0 elsewhere.

    Args:
        x: an array; it is flattened.
    Returns: a matrix of the dtype of x.

    Example:
        >>> diagflat([[1, 2]]).tolist()
        [[1, 0], [0, 2]]
    """
    return backend().xp.diagflat(x, k=k)


@op("x")
def diagonal(x: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonals of the plane of two axes.

    Args:
        offset: which diagonal: 0 from the first corner, 1 the one beside it at the
            right, -1 the one below.
        axis1, axis2: the axes of rows and columns; by default the first two. For a
            batch of matrices they are 1 and 2.
    Returns: an array without these two axes, and with the diagonal as its last.

    Example:
        >>> diagonal([[1, 2, 3], [4, 5, 6]]).tolist()
        [1, 5]
        >>> diagonal([[1, 2, 3], [4, 5, 6]], offset=1).tolist()
        [2, 6]
    """
    return backend().xp.diagonal(x, offset=offset, axis1=axis1, axis2=axis2)


@op("x")
def tril(x: Operand, k: int = 0) -> Array:
    """The lower triangle of a matrix: x with 0 above a diagonal.

    Args:
        x: (..., rows, columns).
    Returns: an array of the shape and dtype of x.

    Example:
        >>> tril([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).tolist()
        [[1, 0, 0], [4, 5, 0], [7, 8, 9]]
    """
    return backend().xp.tril(x, k=k)


@op("x")
def triu(x: Operand, k: int = 0) -> Array:
    """The upper triangle of a matrix: x with 0 below a diagonal.

    Args:
        x: (..., rows, columns).
    Returns: an array of the shape and dtype of x.

    Example:
        >>> triu([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).tolist()
        [[1, 2, 3], [0, 5, 6], [0, 0, 9]]
        >>> triu([[1, 2, 3], [4, 5, 6], [7, 8, 9]], k=1).tolist()
        [[0, 2, 3], [0, 0, 6], [0, 0, 0]]
    """
    return backend().xp.triu(x, k=k)


@op("x", home="ops.nn")
def depth_to_space(x: Operand, block_size: int, data_format: str = "channels_last") -> Array:
    """Larger images with fewer channels: one pixel's channels become a block.

    (batch, h, w, b b c) becomes (batch, h b, w b, c), for blocks of b by b pixels. It
    enlarges images after a convolution has made b b c channels. With "channels_first",
    (batch, c b b, h, w), the channels of a block lie side by side.

    Args:
        x: a batch of images, with a number of channels that b b divides.
        data_format: "channels_last" or "channels_first"; the setting does not count
            here.
    Returns: an array of the dtype of x.
    Source: Shi et al. 2016, arXiv:1609.05158, section 3.

    Example:
        >>> depth_to_space([[[[1, 2, 3, 4]]]], 2).tolist()  # a pixel of 4 channels
        [[[[1], [2]], [[3], [4]]]]
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


@op("x", home="ops.nn")
def space_to_depth(x: Operand, block_size: int, data_format: str = "channels_last") -> Array:
    """Smaller images with more channels: each block of pixels becomes one pixel.

    (batch, h b, w b, c) becomes (batch, h, w, b b c), for blocks of b by b pixels:
    nothing is lost. It is the inverse of `depth_to_space`.

    Args:
        x: a batch of images, with a height and a width that b divides.
        data_format: "channels_last" or "channels_first"; the setting does not count
            here.
    Returns: an array of the dtype of x.

    Example:
        >>> space_to_depth([[[[1], [2]], [[3], [4]]]], 2).tolist()
        [[[[1, 2, 3, 4]]]]
    """
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


def _as_int_or_tuple(value: object) -> Any:
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
    if is_integer(indices_or_sections):
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
