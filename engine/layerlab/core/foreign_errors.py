"""Errors that NumPy, JAX, PyTorch or Python raise inside the engine, told again: where, on what, the fix.

The error itself stays the cause of the one that is told. What the reader's own code raised is left alone.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.core.call_spec import shape_of
from layerlab.errors import InvalidArgumentError, LayerlabError, ShapeError, ValueNeededError, explain

__all__ = ["raise_told", "retold", "shown", "value_needed"]

_OURS = Path(__file__).parent.parent
# Exactly these: a subclass, such as one that says that the memory is full, tells more by itself.
_OF_SHAPES = (ValueError, TypeError, IndexError, RuntimeError, np.exceptions.AxisError)
_OF_STRUCTURES = (*_OF_SHAPES, KeyError, AttributeError)
_FOR_SHAPES = "compare the shapes with those that it takes"
_FOR_INDICES = "compare the indices and axes with the sizes of these shapes"
_FOR_STRUCTURES = (
    "give it tensors, in the structure that its docstring names; a function that was to make one may lack"
    " its `return`"
)
_FOR_ALGEBRA = "add a small multiple of the identity (x + 1e-6 * ops.eye(n)), or use ops.lstsq"
_NEEDED = {
    "value": (
        "uses the value of a tensor in Python (if, while, float(), int(), range()), but here it has none yet:"
        " the code is turned into a graph.",
        "ops.where(condition, a, b) or ops.cond for a choice, ops.while_loop for a loop; or, in a model that"
        " is compiled with run_eagerly=True, plain Python",
    ),
    "array": (
        "gives a tensor to a function of NumPy, but here it has no values yet: the code is turned into a"
        " graph.",
        "the function of the same name in layerlab.ops; or compile with run_eagerly=True",
    ),
    "mask": (
        "picks elements by a condition, so that the number of elements is not known beforehand.",
        "ops.where(condition, x, 0), which keeps the shape; or compile with run_eagerly=True",
    ),
    "assignment": (
        "assigns to elements of a tensor, which never changes on this back end.",
        "ops.slice_update(x, start, updates) or ops.scatter_update, which give a new tensor",
    ),
}


def raise_told(told: LayerlabError | None, error: BaseException) -> None:
    """Raise what is told from the error itself; None raises nothing, and a bare `raise` follows.

    Called in an `except`: calls without an error cost nothing, a `with` about 2 to 5 % of an eager op's time.
    """
    if told is not None:
        raise told from error


def retold(
    error: BaseException, where: str, arguments: object, *, is_ours: bool = False
) -> LayerlabError | None:
    """What to raise from `error`; None if the error tells enough, or is of the reader's own code.

    Args:
        where: what was called: `Dense "encoder/dense_2"`, `ops.matmul`.
        arguments: what it was called on, a structure of tensors and other values.
        is_ours: whether what was called is ours, so that mistakes in the structure of its arguments, which
            Python notices, are told as well.
    """
    if isinstance(error, LayerlabError):
        return None
    needed = value_needed(error, where)
    if needed is not None:
        return needed
    if _is_of_algebra(error):
        return InvalidArgumentError(
            explain(f"{where} failed on {shown(arguments)}.", got=_first_line(error), fix=_FOR_ALGEBRA)
        )
    if type(error) not in (_OF_STRUCTURES if is_ours else _OF_SHAPES) or _is_of_user(error):
        return None
    is_structure = isinstance(error, KeyError | AttributeError) or "NoneType" in str(error)
    fix = _FOR_STRUCTURES if is_structure else _FOR_INDICES if type(error) is IndexError else _FOR_SHAPES
    got = "" if is_structure else _first_line(error)
    return ShapeError(explain(f"{where} cannot be called on {shown(arguments)}.", got=got, fix=fix))


def _is_of_algebra(error: BaseException) -> bool:
    """Of NumPy's or PyTorch's linear algebra: a matrix that is singular, or not positive definite."""
    return type(error).__name__.lstrip("_") == "LinAlgError"


def value_needed(error: BaseException, where: str) -> ValueNeededError | None:
    """What to raise from an error that says that Python needs what an array cannot give; None for others."""
    needed = backend().needed(error)
    if needed is None:
        return None
    problem, fix = _NEEDED[needed]
    return ValueNeededError(explain(f"{where} {problem}", fix=fix))


def _is_of_user(error: BaseException) -> bool:
    """True for what neither layerlab nor an installed package raised: it has its own type and message."""
    frames = traceback.extract_tb(error.__traceback__)
    raised_in = Path(frames[-1].filename) if frames else _OURS
    return _OURS not in raised_in.parents and not {"site-packages", "dist-packages"} & {*raised_in.parts}


def _first_line(error: BaseException) -> str:
    """Of the message; the class if there is none."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def shown(arguments: object) -> str:
    """Arguments as messages show them: shapes and dtypes, never values of arrays."""

    def show(leaf: object) -> Any:
        if hasattr(leaf, "shape") and hasattr(leaf, "dtype"):
            return _Text(f"{shape_of(leaf)} {str(leaf.dtype).rpartition('.')[2]}")
        is_plain = leaf is None or isinstance(leaf, bool | int | float | str)
        return _Text(repr(leaf)[:40] if is_plain else f"a {type(leaf).__name__}")

    if isinstance(arguments, tuple):
        return ", ".join(str(tree.map_structure(show, argument)) for argument in arguments) or "nothing"
    return str(tree.map_structure(show, arguments))


class _Text(str):
    """Text that shows itself without quotes within lists and dicts."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
