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


@op("values", as_is=("indices",))
def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Array:
    """Zeros of this shape with values added at indices; those of equal indices are summed.

    Args:
        indices: (..., k), integers: places along the first k axes.
        values: (..., *the remaining axes).
    """
    zeros = backend().xp.zeros(tuple(shape), dtype=backend().dtype_name(values))
    return backend().set_at(zeros, _last_axis(indices), values, "add")


@op("inputs", "updates", as_is=("indices",))
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Array:
    """inputs with updates put at indices (n, k), or combined with what is there.

    `reduction`: None (replace), "add", "max" or "min"; equal indices accumulate.
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


@op("inputs", in_call=("start_indices",))
def slice(inputs: Any, start_indices: Any, shape: Sequence[int]) -> Array:
    """The block of this shape (-1: to the end) that begins at start_indices; moved inside if need be."""
    return inputs[_block(inputs, start_indices, shape)]


@op("inputs", "updates", in_call=("start_indices",))
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Array:
    """inputs with the block from start_indices replaced by updates; it is moved inside if need be."""
    return backend().set_at(inputs, _block(inputs, start_indices, updates.shape), updates, "set")


@op("variable")
def stop_gradient(variable: Any) -> Array:
    """The values, as a constant for gradients."""
    return backend().stop_gradient(variable)


def custom_gradient(f: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
    """Give a function its gradient: f(*args) returns (result, gradient); gradient(upstream), those of args.

    Example:
        >>> @custom_gradient
        ... def round_straight_through(x):
        ...     return backend().xp.round(x), lambda upstream: upstream
        >>> float(round_straight_through(backend().asarray(1.6)))
        2.0
    """
    return lambda *args: backend().custom_gradient(f)(*tree.map_structure(_array, args))


@op()
def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """true_fn() if pred is True, else false_fn(); both give the same structure. Compiled, both are traced."""
    if isinstance(pred, bool):
        return true_fn() if pred else false_fn()
    return backend().cond(_array(pred), true_fn, false_fn)


@op()
def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """branches[index](*operands); an index beyond the ends takes the nearest branch."""
    if not branches:
        raise InvalidArgumentError(explain("switch", expected="at least one branch", got="none"))
    values = [tree.map_structure(_array, operand) for operand in operands]
    place = _array(index)

    def choose(first: int) -> Callable[..., Any]:
        if first == len(branches) - 1:
            return branches[first]
        return lambda *args: backend().cond(place <= first, branches[first], choose(first + 1), *args)

    return choose(0)(*values)


@op()
def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """body(*loop_vars) again and again while cond(*loop_vars), at most `maximum_iterations` times.

    On jax the gradient does not flow back through it; `fori_loop` with known bounds and `scan` let it.
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


@op()
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """init_val after body_fun(i, value) for i from lower up to, not including, upper."""
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


@op()
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """carry, y = f(carry, x) along the first axis of the arrays in xs: the last carry, and the ys stacked.

    `unroll` is a hint that changes no result and is not used.
    """
    if xs is None and length is None:
        raise InvalidArgumentError(explain("scan", expected="xs, or a length", got="neither"))
    arrays = None if xs is None else tree.map_structure(_array, xs)
    return backend().scan(f, tree.map_structure(_array, init), arrays, length, reverse)


@op()
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """f of each slice along the first axis, one after the other, the results stacked."""
    _, ys = backend().scan(
        lambda carry, x: (carry, f(x)),
        backend().asarray(0, "int32"),
        tree.map_structure(_array, xs),
        None,
        False,
    )
    return ys


@op()
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """function of each slice along the first axis, all at once, the results stacked."""
    return backend().vmap(function)(tree.map_structure(_array, elements))


def _array(leaf: Any) -> Any:
    """Array of the active back end for numbers, NumPy arrays and variables; None passes."""
    if leaf is None or backend().is_array(leaf):
        return leaf
    return leaf.value if isinstance(leaf, Variable) else backend().asarray(leaf)


def _last_axis(indices: Array) -> tuple[Array, ...]:
    """One index array for each place of the last axis."""
    return tuple(indices[..., i] for i in range(indices.shape[-1]))


def _block(x: Array, start_indices: Any, sizes: Sequence[int]) -> tuple[Any, ...]:
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


def _known_starts(start_indices: Any) -> list[int] | None:
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
