"""What a layer's `call` and `build` take: read once per class from their signatures."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from layerlab import tree
from layerlab.core.context import context
from layerlab.errors import InvalidArgumentError, explain
from layerlab.numeric import is_integer

__all__ = ["CallSpec", "build_arguments", "call_spec", "is_shape", "shape_of", "tensor_arguments"]


@dataclass(frozen=True)
class CallSpec:
    """The parameters of a `call` method without self."""

    names: tuple[str, ...]
    has_training: bool
    training_default: Any
    training_position: int | None
    masks: frozenset[str]
    """'mask' and parameters named like '<tensor argument>_mask'."""
    signature: inspect.Signature

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name; TypeError if they do not fit."""
        return dict(self.signature.bind(*args, **kwargs).arguments)


def call_spec(cls: type) -> CallSpec:
    """The CallSpec of a layer class."""
    return _call_spec(cls)


@functools.cache
def _call_spec(cls: type) -> CallSpec:
    parameters = list(inspect.signature(cls.call).parameters.values())[1:]  # type: ignore[attr-defined]
    names = tuple(parameter.name for parameter in parameters)
    has_training = "training" in names
    position = names.index("training") if has_training else None
    default = parameters[position].default if position is not None else None
    return CallSpec(
        names=names,
        has_training=has_training,
        training_default=None if default is inspect.Parameter.empty else default,
        training_position=position,
        masks=frozenset(name for name in names if name == "mask" or name.endswith("_mask")),
        signature=inspect.Signature(parameters),
    )


def tensor_arguments(spec: CallSpec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are tensors or structures of tensors only, by name, masks left out."""
    if len(args) == 1 and not kwargs and spec.names:
        return {spec.names[0]: args[0]}
    bound = spec.bind(args, kwargs)
    return {
        name: value
        for name, value in bound.items()
        if name not in spec.masks and name != "training" and _is_tensors(value)
    }


def build_arguments(build: Callable[..., Any], tensors: dict[str, Any]) -> dict[str, Any]:
    """What to pass to a layer's `build`: the first tensor's shape, or each `<name>_shape` it asks for."""
    parameters = [
        p
        for p in inspect.signature(build).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if not parameters or not tensors:
        return {}
    shapes = {f"{name}_shape": shape_of(value) for name, value in tensors.items()}
    if len(parameters) == 1:
        return {parameters[0].name: next(iter(shapes.values()))}
    missing = [p.name for p in parameters if p.name not in shapes and p.default is p.empty]
    if (
        missing and parameters[0].name in missing[:1]
    ):  # `build(self, input_shape, ...)`: the first tensor whatever its name
        shapes[parameters[0].name] = next(iter(shapes.values()))
        missing = missing[1:]
    if missing:
        raise InvalidArgumentError(
            explain(
                f"build() asks for {', '.join(missing)}, but call() got no such tensors.",
                expected="names like '<argument of call>_shape'",
                got=", ".join(shapes),
            )
        )
    return {p.name: shapes[p.name] for p in parameters if p.name in shapes}


def shape_of(value: object) -> Any:
    """The shape of a tensor, or the structure of shapes of a structure; None for sizes that are not known."""
    return tree.map_structure(
        lambda leaf: _known(tuple(leaf.shape)) if hasattr(leaf, "shape") else None, value
    )


def _known(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """`shape` without the stand-ins of a running inference. The last axis stays: features are known, and
    weights depend on them."""
    if context.stand_in is None:
        return shape
    last = len(shape) - 1
    return tuple(
        None if size == context.stand_in and (axis == 0 or axis < last) else size
        for axis, size in enumerate(shape)
    )


def is_shape(value: object) -> bool:
    """True for a tuple or list of ints and Nones."""
    return isinstance(value, tuple | list) and all(item is None or is_integer(item) for item in value)


def _is_tensors(value: object) -> bool:
    leaves = tree.flatten(value)
    return bool(leaves) and all(hasattr(leaf, "shape") and hasattr(leaf, "dtype") for leaf in leaves)
