"""Gradients, compilation, vectorization and abstract evaluation by torch."""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor as Array
from torch._guards import detect_fake_mode
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.checkpoint import checkpoint as recompute

from layerlab import tree
from layerlab.backend.protocol import ArraySpec
from layerlab.backend.torch.arrays import default_device, dtype_name, is_array, torch_dtype

__all__ = [
    "checkpoint",
    "custom_gradient",
    "eval_shape",
    "jit",
    "stop_gradient",
    "value_and_grad",
    "vmap",
]


class _Depth(threading.local):
    """How many `value_and_grad` calls are open in this thread."""

    value = 0


_depth = _Depth()
_log = logging.getLogger("torch._subclasses.fake_tensor")


def is_differentiated_twice() -> bool:
    """Whether what is computed now is inside a `value_and_grad` that is itself differentiated."""
    return _depth.value > 1


def value_and_grad(function: Callable[..., Any], has_aux: bool = False) -> Callable[..., Any]:
    def compute(first: object, *args: object, **kwargs: object) -> Any:
        # Inside another value_and_grad the gradients are themselves differentiated.
        nested = _depth.value > 0
        _depth.value += 1
        try:
            with torch.enable_grad():
                leaves = [_differentiable(leaf, nested) for leaf in tree.flatten(first)]
                result = function(tree.pack(first, leaves), *args, **kwargs)
                gradients = _gradients(result[0] if has_aux else result, leaves, nested)
        finally:
            _depth.value -= 1
        computed = (result, tree.pack(first, gradients))
        return computed if nested else tree.map_structure(_detach, computed)

    return compute


def _differentiable(leaf: Array, nested: bool) -> Array:
    return leaf.view_as(leaf) if nested and leaf.requires_grad else leaf.detach().requires_grad_()


def _gradients(value: Array, leaves: list[Array], nested: bool) -> list[Array]:
    if not value.requires_grad:  # constant
        return [torch.zeros_like(leaf) for leaf in leaves]
    return list(
        torch.autograd.grad(value, leaves, create_graph=nested, allow_unused=True, materialize_grads=True)
    )


def _detach(leaf: object) -> Any:
    return leaf.detach() if is_array(leaf) else leaf


def stop_gradient(x: Array) -> Array:
    return x.detach()


def custom_gradient(function: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
    def call(*args: object) -> Any:
        structures: list[Any] = [args]
        outputs = _CustomGradient.apply(function, structures, *tree.flatten(args))
        return tree.pack(structures[1], outputs)

    return call


class _CustomGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, function: Callable[..., Any], structures: list[Any], *leaves: Any) -> Any:
        args = structures[0]
        output, ctx.gradient_function = function(*tree.pack(args, leaves))
        structures.append(output)
        ctx.structures = structures
        return tuple(tree.flatten(output))

    @staticmethod
    def backward(ctx: Any, *upstream: Array) -> Any:
        args, output = ctx.structures
        gradients = ctx.gradient_function(tree.pack(output, upstream))
        return None, None, *tree.flatten(gradients if len(args) > 1 else [gradients])


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: object, **kwargs: object) -> Any:
        return recompute(function, *args, use_reentrant=False, **kwargs)

    return call


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """torch.compile. Where it fails (no C++ compiler, an untraceable function): one warning, then eager."""
    compiled = torch.compile(function)

    def call(*args: object, **kwargs: object) -> Any:
        nonlocal compiled
        if compiled is function:
            return function(*args, **kwargs)
        try:
            return compiled(*args, **kwargs)
        except RuntimeError as error:
            if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise
            message = str(error).strip().splitlines()[0]
            warnings.warn(f"torch.compile failed ({message}); running eagerly.", stacklevel=2)
            compiled = function
            return function(*args, **kwargs)

    return call


def vmap(function: Callable[..., Any], in_axes: int | Sequence[int | None] = 0) -> Callable[..., Any]:
    return torch.func.vmap(function, in_dims=in_axes)


def eval_shape(function: Callable[..., Any], *args: object) -> Any:
    # One mode for nested calls: fake tensors of two modes do not mix.
    open_mode = detect_fake_mode()
    mode = contextlib.nullcontext() if open_mode else FakeTensorMode(allow_non_fake_inputs=True)
    with mode, torch.no_grad(), _unlogged():
        result = function(*tree.map_structure(_fake, args))
    return tree.map_structure(_abstract, result)


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Without torch's own log of what failed on abstract values: the error says it, and others may fit."""
    before, _log.disabled = _log.disabled, True
    try:
        yield
    finally:
        _log.disabled = before


def _fake(leaf: object) -> Any:
    if not isinstance(leaf, ArraySpec):
        return leaf
    return torch.empty(tuple(leaf.shape), dtype=torch_dtype(leaf.dtype), device=default_device())


def _abstract(value: object) -> Any:
    return ArraySpec(tuple(value.shape), dtype_name(value)) if is_array(value) else value
