"""Many steps in one compiled program: a loop with as many turns as there are batches.

A step of a small model takes less time than the call of its program from Python. The batches of a call are
copied into memory that XLA uses as it is; one such memory is filled while the steps on the other run.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from layerlab import tree
from layerlab.backend.jax.matrix_products import with_fast_products
from layerlab.backend.jax.operation_count import operations
from layerlab.backend.jax.state_program import StateProgram
from layerlab.backend.jax.tracing_context import SlowInLoop, traced_as
from layerlab.backend.protocol import Loop
from layerlab.typing import State

__all__ = ["compile_loop"]

_ALIGNMENT = 64  # bytes; XLA copies host memory that begins elsewhere
_BUFFERS = 2
_LONG_STEP = 2 * 10**7  # operations, some 0.2 ms: the call of a program takes less


def compile_loop(
    step: Callable[[Any, Any], tuple[Any, Any]],
    *,
    jit: bool,
    repeats: bool,
    capacity: int,
    donate: bool,
    keep_all: bool,
) -> Loop | None:
    return _Loop(step, capacity, donate, keep_all) if jit else None


class _Loop:
    def __init__(self, step: Any, capacity: int, donate: bool, keep_all: bool) -> None:
        self._program = StateProgram(_looped(step, donate, keep_all), donate)
        self._capacity = capacity
        # To another device all of the memory is sent, however little of it is filled.
        self.few = 0 if jax.default_backend() == "cpu" else capacity // 8
        self._staging: list[_Staging] = []

    def __call__(self, state: State, batches: list[Any]) -> tuple[Any, Any, Any] | None:
        if not self._staging:
            self._staging.extend(_Staging(batches[0], self._capacity) for _ in range(_BUFFERS))
        free = self._staging[0]
        try:
            new, last, series = self._program(state, free.fill(batches), len(batches))
        except SlowInLoop:
            return None
        free.reader = last
        self._staging.append(self._staging.pop(0))
        return new, last, series

    def rest(self) -> None:
        self._staging.clear()


def _looped(step: Callable[[Any, Any], tuple[Any, Any]], trains: bool, keep_all: bool) -> Callable[..., Any]:
    def program(state: State, batches: object, count: Array) -> tuple[Any, Any, Any]:
        def at(index: object) -> Any:
            return jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, index, keepdims=False), batches)

        # Traced here, once: the loop needs to know the outputs before it can be traced.
        with traced_as(trains=trains, in_loop=True):
            traced, (_, specs) = jax.make_jaxpr(step, return_shape=True)(state, jax.eval_shape(at, 0))
        run, leaves = with_fast_products(traced), jax.tree.leaves(specs)
        values, structure = jax.tree.flatten(state)
        # What a step only reads (all weights, in predict) is not carried along: it would be copied.
        before, after = traced.jaxpr.invars[: len(values)], traced.jaxpr.outvars[: len(values)]
        changed = [
            place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] is not pair[1]
        ]
        if not changed and operations(traced.jaxpr) > _LONG_STEP and jax.default_backend() == "cpu":
            raise SlowInLoop  # steps that do not need each other run beside each other
        capacity = jax.tree.leaves(batches)[0].shape[0]
        last = [jnp.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
        series = [
            jnp.zeros((capacity, *leaf.shape), leaf.dtype) if keep_all or leaf.shape == () else None
            for leaf in leaves
        ]

        def merged(new: list[Array]) -> list[Array]:
            all_values = list(values)
            for place, value in zip(changed, new, strict=True):
                all_values[place] = value
            return all_values

        def turn(index: object, carry: Any) -> Any:
            new, _, series = carry
            flat = run(*merged(new), *jax.tree.leaves(at(index)))
            last = flat[len(values) :]
            kept = [_put(kept, index, value) for kept, value in zip(series, last, strict=True)]
            return [flat[place] for place in changed], last, kept

        new, last, series = lax.fori_loop(
            0, count, turn, ([values[place] for place in changed], last, series)
        )
        outputs = jax.tree.structure(specs)
        state = jax.tree.unflatten(structure, merged(new))
        return state, jax.tree.unflatten(outputs, last), jax.tree.unflatten(outputs, series)

    return program


def _put(kept: Array | None, index: object, value: Array) -> Array | None:
    return None if kept is None else lax.dynamic_update_index_in_dim(kept, value, index, 0)


class _Staging:
    """Host memory for `capacity` batches like this one."""

    def __init__(self, batch: object, capacity: int) -> None:
        self._memory = tree.map_structure(lambda leaf: _like(leaf, capacity), batch)
        self.reader: Any = None  # outputs of the program that reads the memory

    def fill(self, batches: list[Any]) -> Any:
        """The batches as device arrays over this memory, once the program before has read it."""
        if self.reader is not None:
            jax.block_until_ready(self.reader)
        for place, batch in enumerate(batches):
            for memory, leaf in zip(tree.flatten(self._memory), tree.flatten(batch), strict=True):
                if memory is not None:
                    memory[place] = leaf
        return tree.map_structure(_as_device_array, self._memory)


def _like(leaf: Any, capacity: int) -> Any:
    if leaf is None:
        return None
    shape, dtype = (capacity, *leaf.shape), jax.dtypes.canonicalize_dtype(leaf.dtype)
    size = prod(shape) * dtype.itemsize
    raw = np.empty(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size].view(dtype).reshape(shape)


def _as_device_array(memory: object) -> Any:
    return None if memory is None else jax.device_put(memory)
