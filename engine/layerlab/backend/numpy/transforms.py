"""What NumPy has of transforms: vectorization by a loop and shapes by trial. No gradients, no compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.numpy.arrays import dtype_name, is_array
from layerlab.backend.protocol import Array, ArraySpec
from layerlab.dtypes import numpy_dtype
from layerlab.errors import UnsupportedError, explain

__all__ = [
    "checkpoint",
    "compile_step",
    "custom_gradient",
    "eval_shape",
    "jit",
    "stop_gradient",
    "value_and_grad",
    "vmap",
]


def value_and_grad(function: Callable[..., Any], has_aux: bool = False) -> Callable[..., Any]:
    raise UnsupportedError(
        explain("The numpy back end cannot train.", fix='layerlab.config.set_backend("jax"), or "torch"')
    )


def stop_gradient(x: Array) -> Array:
    return x


def custom_gradient(function: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
    return lambda *args: function(*args)[0]


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def compile_step(
    step: Callable[[Any, Any], tuple[Any, Any]], *, jit: bool, donate: bool, repeats: bool
) -> Callable[..., Any]:
    """The step itself: there is no compiler, and an old state is freed when nobody holds it."""
    return step


def vmap(function: Callable[..., Any], in_axes: int | Sequence[int | None] = 0) -> Callable[..., Any]:
    def mapped(*args: object) -> Any:
        axes = in_axes if isinstance(in_axes, list | tuple) else (in_axes,) * len(args)
        length = next(
            leaf.shape[axis]
            for arg, axis in zip(args, axes, strict=True)
            if axis is not None
            for leaf in tree.flatten(arg)
        )
        rows = [function(*map(_row, args, axes, [index] * len(args))) for index in range(length)]
        return tree.map_structure(lambda *leaves: np.stack(leaves), *rows)

    return mapped


def _row(arg: object, axis: int | None, index: int) -> Any:
    return arg if axis is None else tree.map_structure(lambda leaf: np.take(leaf, index, axis), arg)


def eval_shape(function: Callable[..., Any], *args: object) -> Any:
    """NumPy has no abstract values: the function runs on zeros."""
    with np.errstate(all="ignore"):
        return tree.map_structure(_abstract, function(*tree.map_structure(_zeros, args)))


def _zeros(leaf: object) -> Any:
    return np.zeros(leaf.shape, numpy_dtype(leaf.dtype)) if isinstance(leaf, ArraySpec) else leaf


def _abstract(value: object) -> Any:
    return ArraySpec(tuple(value.shape), dtype_name(value)) if is_array(value) else value
