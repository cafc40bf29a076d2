"""Indexing, sorting, searching, counting, and reductions over segments.

Indices are int32. Where the shape of the result would depend on values (`nonzero`, `unique` without `size`),
the op works on values only and says so in a model's graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, ShapeError, UnsupportedError, explain
from layerlab.numeric import is_integer
from layerlab.ops.dtypes_and_axes import is_float, need_values
from layerlab.ops.op import op
from layerlab.typing import Operand

__all__ = [
    "argpartition",
    "argsort",
    "bincount",
    "digitize",
    "get_item",
    "histogram",
    "in_top_k",
    "nonzero",
    "searchsorted",
    "segment_max",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "sort",
    "top_k",
    "unique",
    "unravel_index",
]


@op("x", in_call=("key",))
def get_item(x: Operand, key: object) -> Array:
    """The part x[key] of an array, as the square brackets give it.

    Args:
        key: one index, or a tuple with one for each axis: integers (negative ones count
            from the end), slices of any step, None for a new axis, `...` for all axes
            between, arrays of integers or booleans.
    Returns: an array of the dtype of x.
    Raises: ShapeError for a Python integer outside of its axis, or for too many
        indices.

    Example:
        >>> get_item([[1, 2, 3], [4, 5, 6]], (0, slice(None, None, -1))).tolist()
        [3, 2, 1]
        >>> get_item([[1, 2, 3], [4, 5, 6]], (..., -1)).tolist()
        [3, 6]
    """
    parts = _expand_ellipsis([_key_part(part) for part in _as_tuple(key)], len(x.shape))
    axis, reversed_axes = 0, []
    for place, part in enumerate(parts):
        if is_integer(part):
            _check_inside(part, x.shape, axis)
        if isinstance(part, slice) and (part.step or 1) < 0:
            reversed_axes.append(axis)
            parts[place] = _mirrored(part, x.shape[axis])
        axis += _axes_of(part)
    if reversed_axes:
        x = backend().xp.flip(x, axis=tuple(reversed_axes))
    return x[tuple(parts)]


def _as_tuple(key: object) -> tuple[Any, ...]:
    # In a graph read from JSON a tuple is a list; a list of integers is one index either way.
    if isinstance(key, list) and any(part is None or isinstance(part, slice | type(...)) for part in key):
        return tuple(key)
    return key if isinstance(key, tuple) else (key,)


@op("x")
def sort(x: Operand, axis: int = -1) -> Array:
    """The elements of x in ascending order along an axis.

    Args:
        axis: the axis to sort along, by default the last. None flattens x first.
    Returns: an array of the dtype of x.

    Example:
        >>> sort([3, 1, 2]).tolist()
        [1, 2, 3]
        >>> sort([[3, 1], [2, 4]], axis=0).tolist()
        [[2, 1], [3, 4]]
    """
    xp = backend().xp
    return xp.sort(xp.reshape(x, (-1,)), axis=0) if axis is None else xp.sort(x, axis=axis)


@op("x")
def argsort(x: Operand, axis: int = -1) -> Array:
    """The indices that would sort x: x[argsort(x)] is in ascending order.

    Equal elements keep their order.

    Args:
        axis: the axis to sort along, by default the last. None flattens x first.
    Returns: int32, of the shape of x.

    Example:
        >>> argsort([30, 10, 20]).tolist()
        [1, 2, 0]
    """
    xp = backend().xp
    x, axis = (xp.reshape(x, (-1,)), 0) if axis is None else (x, axis)
    return backend().cast(xp.argsort(x, axis=axis, stable=True), "int32")


@op("x")
def argpartition(x: Operand, kth: int, axis: int = -1) -> Array:
    """Indices that put one element in its sorted place, smaller ones before it.

    Here all are sorted, as by `argsort`; do not rely on it.

    Args:
        kth: the place that must be right; negative ones count from the end.
        axis: the axis to work along, by default the last.
    Returns: int32, of the shape of x.
    Raises: InvalidArgumentError for a place outside of the axis.

    Example:
        >>> argpartition([30, 10, 20], 1)[1].tolist()  # where the middle one is
        2
    """
    size = x.shape[axis]
    if not -size <= kth < size:
        raise InvalidArgumentError(
            explain("argpartition", expected=f"kth from {-size} to {size - 1}", got=str(kth))
        )
    return backend().cast(backend().xp.argsort(x, axis=axis, stable=True), "int32")


@op("x", home="ops.math")
def top_k(x: Operand, k: int, sorted: bool = True) -> tuple[Array, Array]:
    """The k largest elements along the last axis, largest first, and where they are.

    Args:
        x: (..., n).
        k: how many; at most n.
        sorted: without effect: they are sorted in any case.
    Returns: values (..., k) and indices (..., k), int32.
    Raises: ShapeError if there are less than k.

    Example:
        >>> values, indices = top_k([0.1, 0.6, 0.3], 2)
        >>> indices.tolist()
        [1, 2]
    """
    if k > x.shape[-1]:
        raise ShapeError(explain("top_k", expected=f"at least {k} along the last axis", got=str(x.shape[-1])))
    return backend().top_k(x, k)


@op("targets", "predictions", promote=None, home="ops.math")
def in_top_k(targets: Operand, predictions: Operand, k: int) -> Array:
    """Whether the true class is among the k largest predictions.

    A tie counts as inside; a prediction of the true class that is NaN or infinite as
    outside.

    Args:
        targets: (batch,), numbers of the true classes.
        predictions: (batch, classes), such as probabilities.
        k: how many predictions count.
    Returns: (batch,), boolean.

    Example:
        >>> in_top_k([0, 2], [[0.2, 0.3, 0.5], [0.3, 0.3, 0.4]], k=1).tolist()
        [False, True]
    """
    xp = backend().xp
    own = xp.take_along_axis(predictions, backend().cast(targets, "int32")[..., None], axis=-1)
    above = xp.sum(backend().cast(predictions > own, "int32"), axis=-1)
    finite = xp.squeeze(abs(own) < float("inf"), axis=-1)
    return xp.logical_and(above < k, finite)


@op("sorted_sequence", "values", class_name="SearchSorted")
def searchsorted(sorted_sequence: Operand, values: Operand, side: str = "left") -> Array:
    """Where to insert values in a sorted vector so that it stays sorted.

    Args:
        sorted_sequence: a vector in ascending order.
        values: what to insert, of any shape.
        side: "left" for the place before equal elements, "right" for the place behind.
    Returns: int32, of the shape of `values`: from 0 to the length of the vector.
    Raises: ShapeError unless the sequence has one axis; InvalidArgumentError for
        another side.

    Example:
        >>> searchsorted([10, 20, 30], [5, 20, 35]).tolist()
        [0, 1, 3]
        >>> searchsorted([10, 20, 30], [5, 20, 35], side="right").tolist()
        [0, 2, 3]
    """
    if len(sorted_sequence.shape) != 1:
        raise ShapeError(
            explain("searchsorted", expected="a 1-D sequence", got=str(tuple(sorted_sequence.shape)))
        )
    return _places(sorted_sequence, values, side)


@op("x", "bins")
def digitize(x: Operand, bins: Operand) -> Array:
    """The number of the bin that each element falls in.

    Bin 0 lies below the first edge, bin i from edge i - 1 up to, not including, edge i.

    Args:
        bins: the edges, a vector in ascending order.
    Returns: int32, of the shape of x: from 0 to the number of edges.

    Example:
        >>> digitize([17, 18, 70], [18, 65]).tolist()  # child, adult, senior
        [0, 1, 2]
    """
    return _places(bins, x, "right")


@op("x", "weights", promote=None, in_config=("weights",))
def bincount(x: Operand, weights: Operand = None, minlength: int = 0, sparse: bool = False) -> Array:
    """How often each of the numbers 0, 1, 2 ... occurs.

    The result is as long as the largest element needs. In a compiled function, where
    values are unknown, it has `minlength` places, and larger elements are not counted.

    Args:
        x: (..., n), integers from 0.
        weights: what each element counts, of the shape of x. None counts each as 1.
        minlength: the least length of the result.
        sparse: False; sparse results do not exist here.
    Returns: (..., length): int32, or the dtype of the weights.
    Raises: UnsupportedError without `minlength` in a compiled function.

    Example:
        >>> bincount([1, 2, 2, 5]).tolist()
        [0, 1, 2, 0, 0, 1]
        >>> bincount([1, 2, 2], weights=[0.5, 1.0, 2.0]).tolist()
        [0.0, 0.5, 3.0]
    """
    if sparse:
        raise UnsupportedError(explain("Sparse counts are not supported.", fix="use sparse=False"))
    xp = backend().xp
    if backend().is_abstract(x):
        if not minlength:
            need_values(x, "bincount", "give minlength")
        length = int(minlength)
    else:
        length = max(int(minlength), int(backend().to_numpy(x).max(initial=-1)) + 1)
    matches = x[..., None] == xp.arange(length, dtype=x.dtype)
    if weights is None:
        return backend().cast(xp.sum(backend().cast(matches, "int32"), axis=-2), "int32")
    weights = weights[..., None]
    return xp.sum(xp.where(matches, weights, xp.zeros_like(weights)), axis=-2)


@op("x")
def histogram(x: Operand, bins: int = 10, range: tuple[float, float] | None = None) -> tuple[Array, Array]:
    """How many elements of x fall into each of several bins of equal width.

    A bin takes its lower edge and leaves its upper one to the next, but for the last
    bin, which has both. Elements outside of the range are not counted.

    Args:
        x: an array; it is flattened.
        bins: the number of bins.
        range: (lowest, highest) edge. None is the smallest and largest element.
    Returns: counts (bins,), int32, and edges (bins + 1,), floating.
    Raises: InvalidArgumentError unless `bins` is a positive integer.

    Example:
        >>> counts, edges = histogram([1.0, 2.0, 2.0, 5.0], bins=4)
        >>> counts.tolist(), edges.tolist()
        ([1, 2, 0, 1], [1.0, 2.0, 3.0, 4.0, 5.0])
    """
    if not is_integer(bins) or bins <= 0:
        raise InvalidArgumentError(explain("histogram", expected="a positive number of bins", got=repr(bins)))
    xp, name = backend().xp, backend().dtype_name(x)
    name = name if is_float(x) else "float32"
    x = backend().cast(xp.reshape(x, (-1,)), name)
    low, high = (xp.min(x), xp.max(x)) if range is None else (backend().asarray(end, name) for end in range)
    flat = low == high
    low, high = xp.where(flat, low - 0.5, low), xp.where(flat, high + 0.5, high)
    steps = backend().asarray(np.linspace(0, 1, bins + 1), name)
    edges = low * (1 - steps) + high * steps
    place = _places(edges, x, "right") - 1
    place = xp.where(x == edges[-1], bins - 1, place)
    inside = place[:, None] == xp.arange(bins, dtype=place.dtype)
    return backend().cast(xp.sum(backend().cast(inside, "int32"), axis=0), "int32"), edges


@op("x")
def nonzero(x: Operand) -> tuple[Array, ...]:
    """The indices of the elements that are not 0.

    How many there are depends on values: it cannot be called in a model or a compiled
    function, where `where` does such work.

    Returns: a tuple of int32 vectors, one for each axis of x.
    Raises: UnsupportedError where x has no values.

    Example:
        >>> rows, columns = nonzero([[0, 7], [8, 0]])
        >>> rows.tolist(), columns.tolist()
        ([0, 1], [1, 0])
    """
    need_values(x, "nonzero", "use where(condition, x1, x2)")
    return tuple(backend().cast(index, "int32") for index in backend().xp.nonzero(x))


@op("x")
def unique(
    x: Operand,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Operand = None,
) -> Any:
    """The different elements of x, in ascending order.

    How many there are depends on values: it works on the host, without a gradient, and
    not in a model or a compiled function.

    Args:
        sorted: without effect: they are sorted in any case.
        return_index: True gives also where each element occurs first.
        return_inverse: True gives also, for each element of x, its place among the
            different ones.
        return_counts: True gives also how often each occurs.
        axis: compares the slices along this axis. None compares the single elements.
        size: a fixed length of the result, which is cut or filled. None is as many as
            there are.
        fill_value: what fills. None is the first element of the result.
    Returns: an array of the dtype of x; a tuple, with int32 arrays, if more is asked
        for.
    Raises: UnsupportedError where x has no values.

    Example:
        >>> unique([3, 1, 3, 2]).tolist()
        [1, 2, 3]
        >>> values, counts = unique([3, 1, 3], return_counts=True)
        >>> values.tolist(), counts.tolist()
        ([1, 3], [1, 2])
    """
    need_values(x, "unique", "call it on values, before the model")
    found = np.unique(backend().to_numpy(x), True, True, True, axis=axis)
    values, index, inverse, counts = (
        _resized(part, axis or 0, size, place, fill_value) for place, part in enumerate(found)
    )
    chosen = [(True, values), (return_index, index), (return_inverse, inverse), (return_counts, counts)]
    name = backend().dtype_name(x)
    results = [
        backend().asarray(part, "int32" if place else name)
        for place, (wanted, part) in enumerate(chosen)
        if wanted
    ]
    return results[0] if len(results) == 1 else tuple(results)


@op("indices")
def unravel_index(indices: Operand, shape: Sequence[int]) -> tuple[Array, ...]:
    """Where an element of the flattened array is in an array of a shape.

    Args:
        indices: places in the flattened array, integers of any shape.
        shape: sizes of the axes of the array.
    Returns: a tuple with the index along each axis, each of the shape of `indices`.

    Example:
        >>> rows, columns = unravel_index([0, 5], (2, 3))
        >>> rows.tolist(), columns.tolist()
        ([0, 1], [0, 2])
    """
    results = []
    for length in reversed(shape):
        results.append(indices % length)
        indices = indices // length
    return tuple(reversed(results))


@op("data", "segment_ids", promote=None, home="ops.math")
def segment_sum(
    data: Operand, segment_ids: Operand, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The sums of the rows of `data` that belong together.

    Row i is added to the sum number segment_ids[i]; an empty segment gives 0. It sums,
    say, what neighbours send to each node of a graph.

    Returns: (num_segments, ...), of the dtype of `data`.

    Example:
        >>> segment_sum([1.0, 2.0, 4.0], [0, 2, 0]).tolist()
        [5.0, 0.0, 2.0]
    """
    return backend().segment_sum(data, segment_ids, _segments(segment_ids, num_segments))


@op("data", "segment_ids", promote=None, home="ops.math")
def segment_max(
    data: Operand, segment_ids: Operand, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The largest of the rows of `data` that belong together, element by element.

    An empty segment gives -inf, or the lowest number of an integer dtype.

    Returns: (num_segments, ...), of the dtype of `data`.

    Example:
        >>> segment_max([1.0, 2.0, 4.0], [0, 1, 0]).tolist()
        [4.0, 2.0]
    """
    return backend().segment_max(data, segment_ids, _segments(segment_ids, num_segments))


@op("data", "segment_ids", promote=None, home="ops.math")
def segment_min(
    data: Operand, segment_ids: Operand, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The smallest of the rows of `data` that belong together, element by element.

    An empty segment gives inf, or the largest number of an integer dtype.

    Returns: (num_segments, ...), of the dtype of `data`.

    Example:
        >>> segment_min([1.0, 2.0, 4.0], [0, 1, 0]).tolist()
        [1.0, 2.0]
    """
    if not is_float(
        data
    ):  # -x of the smallest integer overflows; ~x does not, and reverses the order as well
        flipped = backend().segment_max(~data, segment_ids, _segments(segment_ids, num_segments))
        return ~flipped
    return -backend().segment_max(-data, segment_ids, _segments(segment_ids, num_segments))


@op("data", "segment_ids", promote=None, home="ops.math")
def segment_prod(
    data: Operand, segment_ids: Operand, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """The products of the rows of `data` that belong together, element by element.

    An empty segment gives 1.

    Returns: (num_segments, ...), of the dtype of `data`.

    Example:
        >>> segment_prod([1.0, 2.0, 4.0], [0, 2, 0]).tolist()
        [4.0, 1.0, 2.0]
    """
    xp = backend().xp
    inside = segment_ids == xp.arange(_segments(segment_ids, num_segments), dtype=segment_ids.dtype)[:, None]
    inside = xp.reshape(inside, (*inside.shape, *(1 for _ in data.shape[1:])))
    return backend().cast(
        xp.prod(xp.where(inside, data, xp.ones_like(data)), axis=1), backend().dtype_name(data)
    )


def _key_part(part: object) -> Any:
    if isinstance(part, Variable):
        part = part.value
    if isinstance(part, np.ndarray) and part.ndim == 0:
        return int(part)
    if isinstance(part, np.integer):
        return int(part)
    return backend().asarray(np.asarray(part)) if isinstance(part, list | tuple | np.ndarray) else part


def _axes_of(part: object) -> int:
    if part is None or isinstance(part, bool):
        return 0
    if backend().is_array(part) and backend().dtype_name(part) == "bool":
        need_values(part, "x[mask]", "use where(mask, x, 0), or count with sum")
        return len(part.shape)
    return 1


def _expand_ellipsis(parts: list[Any], axes: int) -> list[Any]:
    used = sum(_axes_of(part) for part in parts if part is not Ellipsis)
    if used > axes:
        raise ShapeError(explain("x[key] has too many indices.", expected=f"at most {axes}", got=str(used)))
    for place, part in enumerate(parts):
        if part is Ellipsis:
            return [*parts[:place], *([slice(None)] * (axes - used)), *parts[place + 1 :]]
    return parts


def _check_inside(index: int, shape: Sequence[int], axis: int) -> None:
    if not -shape[axis] <= index < shape[axis]:
        raise ShapeError(
            explain(
                f"Index {index} is outside of axis {axis}.",
                expected=f"from {-shape[axis]} to {shape[axis] - 1}, for the shape {tuple(shape)}",
            )
        )


def _mirrored(part: slice, length: int) -> slice:
    """A slice with a negative step, as the slice of the reversed axis."""
    start, stop, step = part.indices(length)
    return slice(length - 1 - start, length - 1 - stop, -step)


def _places(edges: Array, values: Array, side: str) -> Array:
    if side not in ("left", "right"):
        raise InvalidArgumentError(explain("searchsorted", expected='side "left" or "right"', got=repr(side)))
    return backend().cast(backend().xp.searchsorted(edges, values, side=side), "int32")


def _resized(part: np.ndarray, axis: int, size: int | None, place: int, fill_value: object) -> np.ndarray:
    """Cut or filled to `size`: values with `fill_value`, indices with the first, counts with 0."""
    if size is None or place == 2:
        return part
    axis = axis if place == 0 else 0
    part = np.take(part, np.arange(min(size, part.shape[axis])), axis=axis)
    missing = size - part.shape[axis]
    if missing <= 0:
        return part
    first = np.take(part, [0], axis=axis)
    filler = first if place == 1 else np.zeros_like(first) if place == 3 else first
    if place == 0 and fill_value is not None:
        filler = np.full_like(first, fill_value)
    return np.concatenate([part, np.repeat(filler, missing, axis=axis)], axis=axis)


def _segments(segment_ids: Array, num_segments: int | None) -> int:
    if num_segments is not None:
        return int(num_segments)
    need_values(segment_ids, "a segment reduction", "give num_segments")
    return int(backend().to_numpy(segment_ids).max(initial=-1)) + 1
