"""Matrix products in the forms that are fast on a CPU, put in place of those of a step that was traced.

The gradient of a product sums over the rows of both factors, and XLA takes up to four times as long for that
as for the same product of rows and columns. After tracing, derivatives are plain products: here, and not in
the layers, each can be given its form. Measured on two cores, inside a loop, in microseconds:

| product | as written | one factor transposed first |
|---|---|---|
| weights: (2048, 64) and (2048, 256) to (64, 256) | 557 | 418 |
| weights: (2048, 256) and (2048, 64) to (256, 64) | 756 | 400 |
| weights: (32, 1600) and (32, 10) to (1600, 10) | 45 | 13 |
| weights: (32, 784) and (32, 128) to (784, 128) | 58 | 56; 71 if it is the smaller one, and so the output |
| attention, 128 times: (64, 64) and (64, 16) to (64, 16) | 480 | 108 |
| weights: (21632, 9) and (21632, 32) to (9, 32) | 143 | 228 |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.extend.core import ClosedJaxpr, Literal, jaxpr_as_fun
from jax.extend.core.primitives import dot_general_p

__all__ = ["in_fast_forms", "with_fast_products"]

_TIE = 1.1  # with as much to move either way, that way is the faster one
_NARROW, _LONG = 32, 1024  # factors with so few columns and so many rows stay as they are
Axes = Sequence[int]
_INNER = ("jit", "scan", "while", "cond")  # primitives whose parameters hold programs


def with_fast_products(traced: ClosedJaxpr) -> Callable[..., list[Array]]:
    """The program as a function of its flat arguments."""
    if jax.default_backend() != "cpu":
        return jaxpr_as_fun(traced)
    return lambda *arguments: _evaluate(traced, arguments)


def in_fast_forms(step: Callable[..., Any]) -> Callable[..., Any]:
    """A function to be compiled, with fast products."""
    if jax.default_backend() != "cpu":
        return step

    def rewritten(*arguments: object) -> Any:
        traced, outputs = jax.make_jaxpr(step, return_shape=True)(*arguments)
        flat = with_fast_products(traced)(*jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(outputs), flat)

    return rewritten


def _evaluate(traced: ClosedJaxpr, arguments: Sequence[Any]) -> list[Any]:
    program = traced.jaxpr
    values = dict(zip(program.constvars, traced.consts, strict=True))
    values |= dict(zip(program.invars, arguments, strict=True))

    def read(atom: object) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for equation in program.eqns:
        inputs = list(map(read, equation.invars))
        with equation.ctx.manager:
            if equation.primitive is dot_general_p:
                outputs = _product(*inputs, **equation.params)
            else:
                parameters = equation.params
                if equation.primitive.name in _INNER:
                    parameters = {key: _rewritten(value) for key, value in parameters.items()}
                parameters = equation.primitive.get_bind_params(parameters)
                outputs = equation.primitive.bind(*inputs, **parameters)
        if not equation.primitive.multiple_results:
            outputs = [outputs]
        values.update(zip(equation.outvars, outputs, strict=True))
    return list(map(read, program.outvars))


def _rewritten(parameter: object) -> Any:
    """A parameter of a primitive, with fast products in the programs that it holds."""
    if isinstance(parameter, tuple):
        return tuple(map(_rewritten, parameter))
    if not isinstance(parameter, ClosedJaxpr) or not _has_products(parameter.jaxpr):
        return parameter
    return jax.make_jaxpr(lambda *arguments: _evaluate(parameter, arguments))(*parameter.in_avals)


def _has_products(program: Any) -> bool:
    return any(
        equation.primitive is dot_general_p
        or any(_holds_products(value) for value in equation.params.values())
        for equation in program.eqns
    )


def _holds_products(parameter: object) -> bool:
    if isinstance(parameter, tuple):
        return any(map(_holds_products, parameter))
    return isinstance(parameter, ClosedJaxpr) and _has_products(parameter.jaxpr)


def _product(left: Array, right: Array, *, dimension_numbers: Any, **options: Any) -> Array:
    """`dot_general`, by the product of two matrices, or of two stacks of them."""
    (left_sums, right_sums), (left_batch, right_batch) = dimension_numbers
    left_rest = _others(left, left_sums, left_batch)
    right_rest = _others(right, right_sums, right_batch)
    if not _gains(left, right, left_rest, right_rest, left_sums):
        return dot_general_p.bind(left, right, dimension_numbers=dimension_numbers, **options)
    stack, over = (((0,), (0,)), 1) if left_batch else (((), ()), 0)

    def multiply(a: Array, b: Array, b_sums: int) -> Array:
        """(..., rows, sums) by (..., sums, columns), or by (..., columns, sums)."""
        dimensions = (((over + 1,), (over + b_sums,)), stack)
        return dot_general_p.bind(a, b, dimension_numbers=dimensions, **options)

    batch = [left.shape[axis] for axis in left_batch]
    rows, columns = [left.shape[axis] for axis in left_rest], [right.shape[axis] for axis in right_rest]
    moved = right.size + prod(batch) * prod(rows) * prod(columns)
    if _is_in_order(left_batch, left_sums, left_rest) and moved <= _TIE * left.size:
        # The product transposed: of the smaller factor, transposed, and the other as it is.
        turned = _flat(right, right_batch, right_rest, right_sums)
        out = multiply(turned, _flat(left, left_batch, left_sums, left_rest), 0)
        return _swapped(out.reshape(*batch, *columns, *rows), len(batch), len(columns))
    a = _flat(left, left_batch, left_rest, left_sums)
    if _is_in_order(right_batch, right_rest, right_sums):
        out = multiply(a, _flat(right, right_batch, right_rest, right_sums), 1)
    else:
        out = multiply(a, _flat(right, right_batch, right_sums, right_rest), 0)
    return out.reshape(*batch, *rows, *columns)


def _gains(left: Array, right: Array, left_rest: Axes, right_rest: Axes, sums: Axes) -> bool:
    if not (left.dtype == right.dtype == jnp.float32 and left_rest and right_rest and sums):
        return False
    length = prod(left.shape[axis] for axis in sums)
    sides = (left, left_rest), (right, right_rest)
    narrowest = min(prod(x.shape[axis] for axis in rest) for x, rest in sides)
    return narrowest > 1 and not (length >= _LONG and narrowest <= _NARROW)


def _others(x: Array, *used: Axes) -> Axes:
    taken = {axis for axes in used for axis in axes}
    return [axis for axis in range(x.ndim) if axis not in taken]


def _is_in_order(*axes: Axes) -> bool:
    order = [axis for group in axes for axis in group]
    return order == sorted(order)


def _flat(x: Array, batch: Axes, *axes: Axes) -> Array:
    """x with its axes in this order, each group as one axis; without batch axes there is none for them."""
    groups = [group for group in (batch, *axes) if group or group is not batch]
    order = [axis for group in groups for axis in group]
    sizes = [prod(x.shape[axis] for axis in group) for group in groups]
    if order != sorted(order):
        x = lax.optimization_barrier(x.transpose(order))  # else XLA takes the transposition into the product
    return x.reshape(sizes)


def _swapped(x: Array, batch: int, columns: int) -> Array:
    """(batch ..., columns ..., rows ...) as (batch ..., rows ..., columns ...)."""
    before, middle = range(batch), range(batch, batch + columns)
    return x.transpose([*before, *range(batch + columns, x.ndim), *middle])
