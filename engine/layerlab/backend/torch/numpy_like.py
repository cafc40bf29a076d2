"""NumPy's functions that torch lacks, or has under the same name with another meaning.

Shapes, elementwise functions and products; `array_creation` and `reductions` have the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

import array_api_compat.torch as compat
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor as Array

from layerlab.errors import InvalidArgumentError, UnsupportedError, explain
from layerlab.typing import TensorLike

__all__ = [
    "abs", "array_split", "cbrt", "convolve", "correlate", "cross", "diagonal", "dot", "expand_dims",
    "fliplr", "flipud", "imag", "inner", "ndim", "outer", "pad", "polyval", "repeat", "rint", "rot90",
    "round", "select", "shape", "size", "split", "squeeze", "take", "take_along_axis", "trace",
    "transpose", "vdot",
]  # fmt: skip

Axis = int | tuple[int, ...] | None


# -- shape and order --------------------------------------------------------------------------------


def shape(x: Array) -> tuple[int, ...]:
    return tuple(x.shape)


def ndim(x: Array) -> int:
    return x.ndim


def size(x: Array) -> int:
    return x.numel()


def transpose(x: Array, axes: Sequence[int] | None = None) -> Array:
    return x.permute(tuple(axes) if axes is not None else tuple(reversed(range(x.ndim))))


def squeeze(x: Array, axis: Axis = None) -> Array:
    return torch.squeeze(x) if axis is None else compat.squeeze(x, axis)


def expand_dims(x: Array, axis: int | Sequence[int]) -> Array:
    axes = [axis] if isinstance(axis, int) else list(axis)
    rank = x.ndim + len(axes)
    for position in sorted(a % rank for a in axes):
        x = x.unsqueeze(position)
    return x


def fliplr(x: Array) -> Array:
    return x.flip(1)


def flipud(x: Array) -> Array:
    return x.flip(0)


def rot90(x: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    return torch.rot90(x, k, axes)


def split(x: Array, sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    if isinstance(sections, int) and x.shape[axis] % sections:
        raise InvalidArgumentError(
            explain(
                f"split into {sections} equal parts",
                got=f"axis {axis} of size {x.shape[axis]}",
                fix="array_split",
            )
        )
    return array_split(x, sections, axis)


def array_split(x: Array, sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    size = x.shape[axis]
    if isinstance(sections, int):
        if size and size % sections == 0:
            return list(torch.split(x, size // sections, dim=axis))  # its gradient is one concatenation
        return list(torch.tensor_split(x, sections, dim=axis))
    cuts = [int(index) for index in sections]
    if all(a <= b for a, b in itertools.pairwise([0, *cuts, size])):
        return list(torch.split(x, [b - a for a, b in itertools.pairwise([0, *cuts, size])], dim=axis))
    return list(torch.tensor_split(x, tuple(cuts), dim=axis))


def repeat(x: Array, repeats: int | Sequence[int] | Array, axis: int | None = None) -> Array:
    counts = repeats if isinstance(repeats, int) else torch.as_tensor(repeats, device=x.device)
    return torch.repeat_interleave(x, counts, dim=axis)


def pad(
    x: Array,
    pad_width: int | Sequence[int] | Sequence[Sequence[int]],
    mode: str = "constant",
    constant_values: float = 0,
) -> Array:
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    if mode == "constant":
        return F.pad(x, [amount for pair in reversed(widths) for amount in pair], value=constant_values)
    for axis, width in enumerate(widths):
        # NumPy pads the positions; the values follow.
        positions = np.pad(np.arange(x.shape[axis]), width, mode=mode)  # type: ignore[call-overload]
        x = torch.index_select(x, axis, torch.as_tensor(positions, device=x.device))
    return x


def take(x: Array, indices: Array, axis: int | None = None) -> Array:
    if axis is None:
        x, axis = x.reshape(-1), 0
    positions = _positions(indices, x.shape[axis], x.device)
    if axis == 0 and x.ndim == 2 and x.is_floating_point():
        return torch.embedding(x, positions)  # its gradient does not copy the whole table
    taken = torch.index_select(x, axis, positions.reshape(-1))
    axis %= x.ndim
    return taken.reshape((*x.shape[:axis], *positions.shape, *x.shape[axis + 1 :]))


def take_along_axis(x: Array, indices: Array, axis: int | None = -1) -> Array:
    if axis is None:
        x, axis = x.reshape(-1), 0
    return torch.take_along_dim(x, _positions(indices, x.shape[axis], x.device), axis)


def _positions(indices: TensorLike, length: int, device: torch.device) -> Array:
    """int64 and not negative, as torch wants them."""
    wanted = torch.as_tensor(indices, device=device).long()
    return torch.where(wanted < 0, wanted + length, wanted)


def select(conditions: Sequence[Array], choices: Sequence[Array], default: object = 0) -> Array:
    chosen = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        chosen = compat.where(condition, choice, chosen)
    return chosen


# -- elementwise ----------------------------------------------------------------------------------------


def abs(x: Array) -> Array:
    return x if x.dtype == torch.bool else torch.abs(x)


def cbrt(x: Array) -> Array:
    return torch.sign(x) * torch.abs(x) ** (1 / 3)


def imag(x: Array) -> Array:
    return x.imag if x.is_complex() else torch.zeros_like(x)


def rint(x: Array) -> Array:
    return torch.round(x)


def round(x: Array, decimals: int = 0) -> Array:
    if not (x.is_floating_point() or x.is_complex()):
        return x
    return torch.round(x, decimals=decimals)


def polyval(coefficients: Array, x: Array) -> Array:
    value = torch.zeros_like(x)
    for coefficient in coefficients:
        value = value * x + coefficient
    return value


# -- products ---------------------------------------------------------------------------------------------


def outer(a: Array, b: Array) -> Array:
    return torch.outer(a.reshape(-1), b.reshape(-1))


def inner(a: Array, b: Array) -> Array:
    return a * b if 0 in (a.ndim, b.ndim) else torch.tensordot(a, b, dims=([-1], [-1]))


def dot(a: Array, b: Array) -> Array:
    if 0 in (a.ndim, b.ndim):
        return a * b
    return torch.tensordot(a, b, dims=([-1], [max(b.ndim - 2, 0)]))


def vdot(a: Array, b: Array) -> Array:
    return torch.sum(torch.conj(a.reshape(-1)) * b.reshape(-1))


def cross(
    a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = torch.movedim(a, axisa, -1), torch.movedim(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise UnsupportedError(
            explain(
                "cross",
                expected="vectors of 3 components",
                got=f"{a.shape[-1]} and {b.shape[-1]}",
                fix="append a 0",
            )
        )
    return torch.movedim(torch.linalg.cross(*torch.broadcast_tensors(a, b), dim=-1), -1, axisc)


def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return torch.diagonal(x, offset, axis1, axis2)


def trace(
    x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: torch.dtype | None = None
) -> Array:
    return torch.sum(diagonal(x, offset, axis1, axis2), dim=-1, dtype=dtype)


def convolve(a: Array, v: Array, mode: Literal["full", "same", "valid"] = "full") -> Array:
    if a.shape[0] < v.shape[0]:
        a, v = v, a
    return _slide(a, v.flip(0), mode)


def correlate(a: Array, v: Array, mode: Literal["full", "same", "valid"] = "valid") -> Array:
    if a.shape[0] < v.shape[0]:
        return _slide(v, a, mode).flip(0)
    return _slide(a, v, mode)


def _slide(a: Array, v: Array, mode: str) -> Array:
    """Correlation of the longer `a` with `v`, cut as NumPy cuts it."""
    reach = v.shape[0] - 1
    before = {"full": reach, "same": reach - reach // 2, "valid": 0}[mode]
    after = {"full": reach, "same": reach // 2, "valid": 0}[mode]
    return F.conv1d(F.pad(a[None, None], (before, after)), v[None, None])[0, 0]
