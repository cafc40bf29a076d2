"""torch tensors: making, reading, converting and changing them."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeGuard

import numpy as np
import torch
from torch import Tensor as Array
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    unset_fake_temporarily,
)

from layerlab import tree
from layerlab.backend.host_arrays import host_array
from layerlab.dtypes import numpy_dtype
from layerlab.typing import DTypeLike

__all__ = [
    "asarray",
    "block_until_ready",
    "cast",
    "concrete",
    "copy",
    "dtype_name",
    "inference",
    "is_abstract",
    "is_array",
    "is_on_host",
    "leaf",
    "needed",
    "set_at",
    "taped",
    "to_numpy",
    "write",
]

# NumPy and torch exchange these as bytes: neither knows the other's type.
_AS_BYTES = {"bfloat16": np.int16, "float8_e4m3fn": np.uint8, "float8_e5m2": np.uint8}
_COMBINE = {"add": "sum", "max": "amax", "min": "amin"}


@functools.cache
def default_device() -> torch.device:
    """Where new arrays are made: the first CUDA device if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def torch_dtype(dtype: DTypeLike) -> torch.dtype:
    """The torch dtype of a standard name (a torch dtype passes)."""
    return getattr(torch, dtype) if isinstance(dtype, str) else dtype


def is_array(x: object) -> TypeGuard[Array]:
    return isinstance(x, torch.Tensor)


def asarray(x: Any, dtype: str | None = None) -> Array:
    if isinstance(x, torch.Tensor):
        return x if dtype is None else cast(x, dtype)
    if dtype is not None and type(x) in (bool, int, float):  # `y * 2.0`: ten times as fast as by way of NumPy
        return torch.tensor(x, dtype=torch_dtype(dtype), device=default_device())
    if tree.is_nested(x) and any(map(is_array, tree.flatten(x))):
        stacked = torch.stack([asarray(child) for child in x])  # keeps the gradients of its parts
        return stacked if dtype is None else cast(stacked, dtype)
    array = host_array(x, dtype)
    if any(stride < 0 or stride % array.itemsize for stride in array.strides):  # torch reads no such steps
        array = array.copy()
    as_bytes = _AS_BYTES.get(array.dtype.name)
    if as_bytes is None:
        return torch.tensor(array, device=default_device())
    return torch.tensor(array.view(as_bytes), device=default_device()).view(torch_dtype(array.dtype.name))


def to_numpy(x: Array) -> np.ndarray:
    host = x.detach().cpu()
    name = dtype_name(host)
    as_bytes = _AS_BYTES.get(name)
    if as_bytes is None:
        return np.array(host.numpy())
    raw = host.contiguous().view(torch_dtype(np.dtype(as_bytes).name)).numpy()
    return np.array(raw).view(numpy_dtype(name))


def is_on_host(x: Array) -> bool:
    return bool(x.device.type == "cpu")


def copy(x: Array) -> Array:
    return x.detach().clone()


def cast(x: Array, dtype: str) -> Array:
    return x.to(torch_dtype(dtype))


def dtype_name(x: Array) -> str:
    return str(x.dtype).removeprefix("torch.")


def set_at(x: Array, index: object, values: Array, mode: Literal["set", "add", "max", "min"]) -> Array:
    parts = tuple(map(_index_part, index if isinstance(index, tuple) else (index,)))
    if isinstance(values, torch.Tensor):
        values = values.to(x.dtype)
    else:
        values = asarray(values, dtype_name(x))
    result = x.clone()
    if mode == "set":
        result[parts] = values
        return result
    if mode == "add" and all(isinstance(part, torch.Tensor) for part in parts):
        return result.index_put_(parts, values, accumulate=True)
    # Number the elements, take the numbers that the index selects, and combine in the flat array:
    # the one way in which duplicates accumulate for any index and mode.
    places = torch.arange(x.numel(), device=x.device).reshape(x.shape)[parts]
    flat = result.reshape(-1).scatter_reduce(
        0, places.reshape(-1), values.broadcast_to(places.shape).reshape(-1), _COMBINE[mode]
    )
    return flat.reshape(x.shape)


def _index_part(part: object) -> Any:
    if isinstance(part, list | np.ndarray):
        part = asarray(part)
    if isinstance(part, torch.Tensor) and part.dtype != torch.bool:
        return part.long()
    return part


def leaf(value: Array, trainable: bool) -> Array:
    tensor = asarray(value).detach().contiguous()  # as fused kernels want it
    return torch.nn.Parameter(tensor, requires_grad=trainable and tensor.is_floating_point())


def write(current: Array, value: Array) -> Array:
    if current.shape != value.shape or current.dtype != value.dtype:
        return leaf(value, current.requires_grad)
    with torch.no_grad():
        return current.copy_(value)


def block_until_ready(x: object) -> None:
    if any(is_array(array) and array.is_cuda for array in tree.flatten(x)):
        torch.cuda.synchronize()


def inference() -> AbstractContextManager[Any]:
    return torch.no_grad()


def taped() -> AbstractContextManager[Any]:
    return torch.enable_grad()


def concrete() -> AbstractContextManager[Any]:
    return unset_fake_temporarily()


def is_abstract(x: Array) -> bool:
    return isinstance(x, FakeTensor)


def needed(error: BaseException) -> Literal["value", "array", "mask", "assignment"] | None:
    if isinstance(error, DataDependentOutputException) or "torch.func.vmap" in str(error)[:200]:
        return "value"
    if isinstance(error, DynamicOutputShapeException):
        return "mask"
    is_array = isinstance(error, RuntimeError) and ".numpy() is not supported for tensor" in str(error)
    return "array" if is_array else None
