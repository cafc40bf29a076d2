"""Gradients, compilation, vectorization and abstract evaluation by JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax import Array

from layerlab import tree
from layerlab.backend.jax.arrays import dtype_name, held_as, is_array
from layerlab.backend.protocol import ArraySpec

__all__ = ["checkpoint", "custom_gradient", "eval_shape", "jit", "stop_gradient", "value_and_grad", "vmap"]


def value_and_grad(function: Callable[..., Any], has_aux: bool = False) -> Callable[..., Any]:
    return jax.value_and_grad(function, has_aux=has_aux)


def stop_gradient(x: Array) -> Array:
    return jax.lax.stop_gradient(x)


def custom_gradient(function: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
    return jax.custom_gradient(function)


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    return jax.checkpoint(function)


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jit(function)


def vmap(function: Callable[..., Any], in_axes: int | Sequence[int | None] = 0) -> Callable[..., Any]:
    return jax.vmap(function, in_axes=in_axes)


def eval_shape(function: Callable[..., Any], *args: object) -> Any:
    leaves = tree.flatten(args)
    specs = [leaf for leaf in leaves if isinstance(leaf, ArraySpec)]
    results: list[Any] = []

    def traced(arrays: list[Array]) -> None:
        remaining = iter(arrays)
        filled = [next(remaining) if isinstance(leaf, ArraySpec) else leaf for leaf in leaves]
        # Read here, not from what jax.eval_shape returns: results may hold None, strings, or objects.
        results.append(tree.map_structure(_abstract, function(*tree.pack(args, filled))))

    jax.eval_shape(traced, [_struct(spec) for spec in specs])
    return results[0]


def _struct(spec: ArraySpec) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(tuple(spec.shape), held_as(spec.dtype))


def _abstract(value: object) -> Any:
    return ArraySpec(tuple(value.shape), dtype_name(value)) if is_array(value) else value
