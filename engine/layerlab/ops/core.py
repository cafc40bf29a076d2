"""Scatter and slices, control flow, gradients by hand: what Keras calls the core ops.

Control flow works on nested structures of arrays. On jax it can be compiled; on torch it is Python's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, ShapeError, UnsupportedError, explain
from layerlab.ops.op import convert, op
from layerlab.typing import Operand, TensorLike

__all__ = [
    "cond",
    "custom_gradient",
    "fori_loop",
    "map",
    "scan",
    "scatter",
    "scatter_update",
    "slice",
    "slice_update",
    "stop_gradient",
    "switch",
    "vectorized_map",
    "while_loop",
]

_slice = slice  # the builtin, which the op below hides


@op("values", as_is=("indices",), home="ops.core")
def scatter(indices: Operand, values: Operand, shape: Sequence[int]) -> Array:
    """An array of zeros, with values added at given places.

    It is the inverse of picking elements. Values of equal places are summed.

    Args:
        indices: (..., k), integers: places along the first k axes of the result.
        values: (..., *the remaining axes of the result).
    Returns: an array of the dtype of the values.

    Example:
        >>> scatter([[0], [2], [0]], [1.0, 5.0, 3.0], (4,)).tolist()
        [4.0, 0.0, 5.0, 0.0]
        >>> scatter([[0, 1], [1, 0]], [7, 8], (2, 2)).tolist()
        [[0, 7], [8, 0]]
    """
    zeros = backend().xp.zeros(tuple(shape), dtype=backend().dtype_name(values))
    return backend().set_at(zeros, _last_axis(indices), values, "add")


@op("inputs", "updates", as_is=("indices",), home="ops.core")
def scatter_update(
    inputs: Operand, indices: Operand, updates: Operand, reduction: str | None = None
) -> Array:
    """The array `inputs` with other values at given places.

    Args:
        inputs: the array; it stays as it is, the result is a new one.
        indices: (n, k), integers: places along the first k axes.
        updates: (n, *the remaining axes): the values.
        reduction: None replaces what is there; "add", "max" and "min" combine the two,
            and all of equal places.
    Returns: an array of the shape of `inputs`.
    Raises: UnsupportedError for another reduction.

    Example:
        >>> scatter_update([1, 2, 3], [[0], [2]], [10, 30]).tolist()
        [10, 2, 30]
        >>> scatter_update([1, 2, 3], [[0], [0]], [10, 10], reduction="add").tolist()
        [21, 2, 3]
    """
    modes: dict[Any, Any] = {None: "set", "add": "add", "max": "max", "min": "min"}
    if reduction not in modes:
        raise UnsupportedError(
            explain(
                f"scatter_update(reduction={reduction!r}) is not supported.",
                expected="None, 'add', 'max' or 'min'",
            )
        )
    return backend().set_at(inputs, _last_axis(indices), updates, modes[reduction])


@op("inputs", in_call=("start_indices",), home="ops.core")
def slice(inputs: Operand, start_indices: Operand, shape: Sequence[int]) -> Array:
    """A block of an array: of a given shape, from a given place on.

    Unlike with square brackets, the place may be computed in a compiled function.

    Args:
        inputs: the array.
        start_indices: the first place along each axis. A block that would reach beyond
            the end is moved inside.
        shape: sizes of the block; -1 is up to the end, for places that are known.
    Returns: an array of this shape.
    Raises: ShapeError if the block is larger than the array.

    Example:
        >>> slice([[1, 2, 3], [4, 5, 6], [7, 8, 9]], (1, 0), (2, 2)).tolist()
        [[4, 5], [7, 8]]
        >>> slice([1, 2, 3, 4], (1,), (-1,)).tolist()
        [2, 3, 4]
    """
    return inputs[_block(inputs, start_indices, shape)]


@op("inputs", "updates", in_call=("start_indices",), home="ops.core")
def slice_update(inputs: Operand, start_indices: Operand, updates: Operand) -> Array:
    """The array `inputs` with a block replaced, from a given place on.

    Args:
        inputs: the array; it stays as it is, the result is a new one.
        start_indices: the first place along each axis. A block that would reach beyond
            the end is moved inside.
        updates: the block, with as many axes as the array.
    Returns: an array of the shape of `inputs`.
    Raises: ShapeError if the block is larger than the array.

    Example:
        >>> slice_update([1, 2, 3, 4], (1,), [20, 30]).tolist()
        [1, 20, 30, 4]
    """
    return backend().set_at(inputs, _block(inputs, start_indices, updates.shape), updates, "set")


@op("variable", home="ops.core")
def stop_gradient(variable: Operand) -> Array:
    """The values of an array, as a constant for gradients.

    What comes out is the same; what was computed before it learns nothing by this way.

    Args:
        variable: an array, or what becomes one.
    Returns: an array of the same values.

    Example:
        >>> stop_gradient([1.0, 2.0]).tolist()
        [1.0, 2.0]
    """
    return backend().stop_gradient(variable)


def custom_gradient(f: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
    """A function with a gradient of its own, which need not be its formula's.

    Args:
        f: called with the arguments, it gives (result, gradient). gradient(upstream)
            gets the gradient of the loss towards the result, and gives the gradients
            towards the arguments: one, or a tuple.
    Returns: a function of the same arguments, that gives the result.

    Example:
        >>> @custom_gradient
        ... def round_straight_through(x):
        ...     return backend().xp.round(x), lambda upstream: upstream
        >>> float(round_straight_through(backend().asarray(1.6)))
        2.0
    """
    return lambda *args: backend().custom_gradient(f)(*tree.map_structure(_array, args))


@op(home="ops.core")
def cond(pred: TensorLike, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """The result of one function or of another, by a condition.

    In a compiled function both are traced, and one is run; Python's `if` cannot ask for
    a value there.

    Args:
        pred: a boolean, or a scalar array of one.
        true_fn, false_fn: functions without arguments that give the same structure,
            shapes and dtypes.
    Returns: what the chosen function gives.

    Example:
        >>> x = np.array([3.0, -4.0])
        >>> cond(x[0] > 0, lambda: x * 2, lambda: x).tolist()
        [6.0, -8.0]
    """
    if isinstance(pred, bool):
        return true_fn() if pred else false_fn()
    return backend().cond(_array(pred), true_fn, false_fn)


@op(home="ops.core")
def switch(index: TensorLike, branches: Sequence[Callable[..., Any]], *operands: Operand) -> Any:
    """The result of one of several functions, by number.

    Args:
        index: an integer: which function. A number beyond the ends takes the nearest
            one.
        branches: functions of the operands, that give the same structure, shapes and
            dtypes.
        *operands: what the function is called with.
    Returns: what the chosen function gives.
    Raises: InvalidArgumentError without any branch.

    Example:
        >>> branches = [lambda x: x, lambda x: x * x]
        >>> [float(switch(i, branches, 3.0)) for i in (0, 1, 7)]
        [3.0, 9.0, 9.0]
    """
    if not branches:
        raise InvalidArgumentError(explain("switch", expected="at least one branch", got="none"))
    values = [tree.map_structure(_array, operand) for operand in operands]
    place = _array(index)

    def choose(first: int) -> Callable[..., Any]:
        if first == len(branches) - 1:
            return branches[first]
        return lambda *args: backend().cond(place <= first, branches[first], choose(first + 1), *args)

    return choose(0)(*values)


@op(home="ops.core")
def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """The values after a step has been repeated as long as a condition holds.

    On jax the gradient does not flow back through it; `fori_loop` with known bounds and
    `scan` let it.

    Args:
        cond: function of the values: a boolean, whether to go on.
        body: function of the values that gives the next ones, of the same shapes and
            dtypes.
        loop_vars: the first values: a tuple or list, or one value.
        maximum_iterations: stops after that many steps. None sets no limit.
    Returns: the last values, as `loop_vars` came.

    Example:
        >>> powers = while_loop(lambda x: x < 100, lambda x: x * 3, 1)
        >>> int(powers)
        243
    """
    is_sequence = isinstance(loop_vars, list | tuple)
    start = tree.map_structure(_array, tuple(loop_vars) if is_sequence else (loop_vars,))
    limit = 2**31 - 1 if maximum_iterations is None else maximum_iterations

    def goes_on(state: Any) -> Array:
        count, values = state
        return backend().xp.logical_and(_array(cond(*values)), count < limit)

    def step(state: Any) -> Any:
        count, values = state
        result = body(*values)
        result = tuple(result) if isinstance(result, list | tuple) else (result,)
        return count + 1, tree.map_structure(_array, result)

    _, values = backend().while_loop(goes_on, step, (backend().asarray(0, "int32"), start))
    return type(loop_vars)(values) if type(loop_vars) in (list, tuple) else values[0]


@op(home="ops.core")
def fori_loop(
    lower: TensorLike, upper: TensorLike, body_fun: Callable[[Any, Any], Any], init_val: object
) -> Any:
    """The value after a step for each integer of a range.

    Args:
        lower, upper: the range: from `lower` up to, not including, `upper`. As Python
            integers they let gradients flow back.
        body_fun: function (i, value) that gives the next value, of the same shape and
            dtype.
        init_val: the first value, an array or a nested structure of arrays.
    Returns: the last value; `init_val` for an empty range.

    Example:
        >>> float(fori_loop(1, 5, lambda i, value: value * i, 1.0))  # 1 * 2 * 3 * 4
        24.0
    """
    start = tree.map_structure(_array, init_val)
    if isinstance(lower, int) and isinstance(upper, int):
        places = backend().xp.arange(lower, max(upper, lower), dtype="int32")
        result, _ = backend().scan(lambda value, i: (body_fun(i, value), None), start, places, None, False)
        return result

    def step(state: Any) -> Any:
        return state[0] + 1, body_fun(state[0], state[1])

    last = _array(upper)
    _, result = backend().while_loop(lambda state: state[0] < last, step, (_array(lower), start))
    return result


@op(home="ops.core")
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: object,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """The results of a step along the first axis of arrays, with a carried state.

    carry, y = f(carry, x) for each slice x in turn: a recurrent network in one line.

    Args:
        f: function (carry, x) that gives (next carry, y); the carry keeps shapes and
            dtypes.
        init: the first carry, an array or a nested structure of arrays.
        xs: an array, or a structure of arrays with equal first axes. None calls f with
            None, `length` times.
        length: the number of steps, where `xs` does not tell.
        reverse: True goes from the last slice to the first; the ys lie as their slices
            do.
        unroll: a hint to compilers that changes no result; not used.
    Returns: the last carry, and the ys stacked along a new first axis.
    Raises: InvalidArgumentError without `xs` and `length`.

    Example:
        >>> x = np.array([1.0, 2.0, 4.0])
        >>> total, sums = scan(lambda carry, x: (carry + x, carry + x), 0.0, x)
        >>> float(total), sums.tolist()
        (7.0, [1.0, 3.0, 7.0])
    """
    if xs is None and length is None:
        raise InvalidArgumentError(explain("scan", expected="xs, or a length", got="neither"))
    arrays = None if xs is None else tree.map_structure(_array, xs)
    return backend().scan(f, tree.map_structure(_array, init), arrays, length, reverse)


@op(home="ops.core")
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """The results of a function for each slice along the first axis, one by one.

    `vectorized_map` computes all at once: faster, with more memory.

    Args:
        f: function of one slice, or of a structure of slices.
        xs: an array, or a structure of arrays with equal first axes.
    Returns: the results, stacked along a new first axis.

    Example:
        >>> rows = np.array([[1, 2], [3, 4]])
        >>> map(lambda row: row.sum() * 10, rows).tolist()
        [30, 70]
    """
    _, ys = backend().scan(
        lambda carry, x: (carry, f(x)),
        backend().asarray(0, "int32"),
        tree.map_structure(_array, xs),
        None,
        False,
    )
    return ys


@op(home="ops.core")
def vectorized_map(function: Callable[[Any], Any], elements: object) -> Any:
    """The results of a function for each slice along the first axis, all at once.

    The function is written for one example; it is turned into one for a batch.

    Args:
        function: function of one slice, or of a structure of slices.
        elements: an array, or a structure of arrays with equal first axes.
    Returns: the results, stacked along a new first axis.

    Example:
        >>> rows = np.array([[1, 2], [3, 4]])
        >>> vectorized_map(lambda row: row.sum() * 10, rows).tolist()
        [30, 70]
    """
    return backend().vmap(function)(tree.map_structure(_array, elements))


def _array(leaf: object) -> Any:
    """Array of the active back end for numbers, NumPy arrays and variables; None passes."""
    if leaf is None or backend().is_array(leaf):
        return leaf
    return leaf.value if isinstance(leaf, Variable) else backend().asarray(leaf)


def _last_axis(indices: Array) -> tuple[Array, ...]:
    """One index array for each place of the last axis."""
    return tuple(indices[..., i] for i in range(indices.shape[-1]))


def _block(x: Array, start_indices: object, sizes: Sequence[int]) -> tuple[Any, ...]:
    """The index of the block of these sizes: slices where all starts are known, else arrays of indices."""
    if any(size > length for size, length in zip(sizes, x.shape, strict=True)):
        raise ShapeError(
            explain("slice", expected=f"at least {tuple(sizes)} to cut from", got=str(tuple(x.shape)))
        )
    starts = _known_starts(start_indices)
    if starts is None:
        if -1 in sizes:
            raise UnsupportedError(explain("slice to the end needs known starts.", fix="give the sizes"))
        return _grid(x, convert([start_indices])[0], sizes)
    slices = []
    for start, length, size in zip(starts, x.shape, sizes, strict=True):
        first = min(max(start, 0), length - max(size, 0))
        slices.append(_slice(first, None if size == -1 else first + size))
    return tuple(slices)


def _known_starts(start_indices: object) -> list[int] | None:
    """Python ints, unless the starts are computed in compiled code or a model's graph."""
    parts = start_indices if isinstance(start_indices, list | tuple) else [start_indices]
    arrays = [part.value if isinstance(part, Variable) else part for part in parts]
    if any(backend().is_array(part) and backend().is_abstract(part) for part in arrays):
        return None
    host = [backend().to_numpy(part) if backend().is_array(part) else np.asarray(part) for part in arrays]
    return [int(start) for part in host for start in part.reshape(-1)]


def _grid(x: Array, starts: Array, sizes: Sequence[int]) -> tuple[Array, ...]:
    """Index arrays of the block of these sizes at traced starts, which are moved inside."""
    xp, grid = backend().xp, []
    starts = xp.stack(starts) if isinstance(starts, list) else starts
    for axis, size in enumerate(sizes):
        start = xp.clip(starts[axis], 0, x.shape[axis] - size)
        places = start + xp.arange(size, dtype=backend().dtype_name(start))
        grid.append(xp.reshape(places, [-1 if i == axis else 1 for i in range(len(sizes))]))
    return tuple(grid)
