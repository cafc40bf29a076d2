"""Convolution and pooling against loops in NumPy, and against each other's gradients."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.helpers import tolerance

Pairs = Sequence[tuple[int, int]]


def random_array(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def window_positions(
    shape: Sequence[int], window: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Any:
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(shape, window, strides, dilation)]
    return counts, itertools.product(*map(range, counts))


def conv_by_loops(
    x: np.ndarray, kernel: np.ndarray, strides: Any, padding: Pairs, dilation: Any, groups: int
) -> np.ndarray:
    rank = len(strides)
    x = np.pad(x, [(0, 0), *padding, (0, 0)])
    window, per_group, filters = kernel.shape[:rank], kernel.shape[-2], kernel.shape[-1]
    counts, positions = window_positions(x.shape[1:-1], window, strides, dilation)
    out = np.zeros((x.shape[0], *counts, filters))
    for position in positions:
        cut = tuple(
            slice(p * s, p * s + d * (k - 1) + 1, d)
            for p, s, d, k in zip(position, strides, dilation, window)
        )
        patch = x[(slice(None), *cut)]
        for f in range(filters):
            group = f // (filters // groups)
            channels = patch[..., group * per_group : (group + 1) * per_group]
            out[(slice(None), *position, f)] = (channels * kernel[..., f]).reshape(len(x), -1).sum(axis=1)
    return out


CONVOLUTIONS = {
    # name: (spatial shape, window, strides, padding, dilation, groups)
    "1D": ((9,), (3,), (1,), ((0, 0),), (1,), 1),
    "1D causal, dilated": ((9,), (3,), (1,), ((4, 0),), (2,), 1),
    "2D same": ((6, 5), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    "2D strided with uneven padding": ((7, 6), (3, 2), (2, 2), ((0, 1), (1, 2)), (1, 1), 1),
    "2D dilated": ((7, 8), (3, 2), (1, 1), ((1, 1), (0, 0)), (2, 3), 1),
    "2D in groups": ((5, 5), (3, 3), (1, 2), ((1, 1), (0, 1)), (1, 1), 2),
    "2D depthwise": ((5, 5), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 4),
    "3D": ((4, 5, 3), (2, 3, 2), (1, 2, 1), ((0, 1), (1, 1), (0, 0)), (1, 1, 1), 1),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_conv_equals_loops(module: ModuleType, name: str) -> None:
    shape, window, strides, padding, dilation, groups = CONVOLUTIONS[name]
    x, kernel = random_array(2, *shape, 4), random_array(*window, 4 // groups, 8, seed=1)
    y = module.conv(module.asarray(x), module.asarray(kernel), strides, padding, dilation, groups)
    expected = conv_by_loops(x, kernel, strides, padding, dilation, groups)
    np.testing.assert_allclose(module.to_numpy(y), expected, **tolerance("float32"))


@pytest.mark.parametrize(
    ("size", "window", "strides", "crop", "dilation"),
    [
        ((5,), (3,), (2,), ((0, 0),), (1,)),
        ((5,), (2,), (3,), ((0, -1),), (1,)),  # negative: a row of zeros more
        ((4, 5), (3, 2), (2, 1), ((1, 0), (0, 1)), (1, 1)),
        ((4, 3), (3, 3), (1, 1), ((2, 2), (1, 1)), (2, 1)),
        ((2, 3, 4), (2, 2, 3), (2, 1, 2), ((0, 0), (0, 1), (1, 0)), (1, 1, 1)),
    ],
)
def test_conv_transpose_spreads_each_input_over_its_window(
    module: ModuleType, size: Any, window: Any, strides: Any, crop: Pairs, dilation: Any
) -> None:
    x, kernel = random_array(2, *size, 3), random_array(*window, 5, 3, seed=1)
    full_size = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in zip(size, strides, dilation, window)]
    full = np.zeros((2, *full_size, 5))
    for position in itertools.product(*map(range, size)):
        for offset in itertools.product(*map(range, window)):
            place = tuple(p * s + o * d for p, s, o, d in zip(position, strides, offset, dilation))
            full[(slice(None), *place)] += x[(slice(None), *position)] @ kernel[offset].T
    added = np.pad(full, [(0, 0), *((max(-a, 0), max(-b, 0)) for a, b in crop), (0, 0)])
    kept = tuple(slice(max(a, 0), added.shape[axis + 1] - max(b, 0)) for axis, (a, b) in enumerate(crop))
    y = module.conv_transpose(module.asarray(x), module.asarray(kernel), strides, crop, dilation)
    np.testing.assert_allclose(module.to_numpy(y), added[(slice(None), *kept)], **tolerance("float32"))


POOLS = {
    # name: (spatial shape, window, strides, padding)
    "1D": ((7,), (3,), (2,), ((0, 0),)),
    "2D tiles": ((4, 6), (2, 3), (2, 3), ((0, 0), (0, 0))),
    "2D that leaves a rest": ((5, 6), (2, 2), (2, 2), ((0, 0), (0, 0))),
    "2D overlapping, padded": ((6, 5), (3, 3), (2, 1), ((0, 1), (1, 1))),
    "2D padded by more than half a window": ((4, 4), (2, 2), (2, 2), ((0, 2), (2, 0))),
    "3D": ((4, 3, 5), (2, 2, 2), (2, 1, 2), ((0, 0), (0, 1), (1, 0))),
}


def pool_by_loops(
    x: np.ndarray, window: Any, strides: Any, padding: Pairs, fill: float, reduce: Callable[..., Any]
) -> np.ndarray:
    x = np.pad(x, [(0, 0), *padding, (0, 0)], constant_values=fill)
    counts, positions = window_positions(x.shape[1:-1], window, strides, (1,) * len(window))
    out = np.zeros((x.shape[0], *counts, x.shape[-1]), x.dtype)
    for position in positions:
        cut = tuple(slice(p * s, p * s + k) for p, s, k in zip(position, strides, window))
        out[(slice(None), *position)] = reduce(x[(slice(None), *cut)], axis=tuple(range(1, len(window) + 1)))
    return out


@pytest.mark.parametrize("name", POOLS)
def test_max_pool_equals_loops(module: ModuleType, name: str) -> None:
    shape, window, strides, padding = POOLS[name]
    x = random_array(2, *shape, 3)
    y = module.max_pool(module.asarray(x), window, strides, padding)
    expected = pool_by_loops(x, window, strides, padding, -np.inf, np.max)
    np.testing.assert_array_equal(module.to_numpy(y), expected)


@pytest.mark.parametrize("name", POOLS)
def test_sum_pool_equals_loops(module: ModuleType, name: str) -> None:
    shape, window, strides, padding = POOLS[name]
    x = random_array(2, *shape, 3)
    y = module.sum_pool(module.asarray(x), window, strides, padding)
    expected = pool_by_loops(x, window, strides, padding, 0, np.sum)
    np.testing.assert_allclose(module.to_numpy(y), expected, **tolerance("float32"))


def test_pools_take_integers(module: ModuleType) -> None:
    x = np.arange(-12, 12, dtype=np.int32).reshape(1, 4, 6, 1)
    args = ((2, 2), (1, 2), ((0, 1), (0, 0)))
    largest = module.max_pool(module.asarray(x), *args)
    total = module.sum_pool(module.asarray(x), *args)
    np.testing.assert_array_equal(
        module.to_numpy(largest), pool_by_loops(x, *args, np.iinfo("int32").min, np.max)
    )
    np.testing.assert_array_equal(module.to_numpy(total), pool_by_loops(x, *args, 0, np.sum))
    assert module.dtype_name(largest) == module.dtype_name(total) == "int32"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_the_dtype_is_kept(module: ModuleType, dtype: str) -> None:
    x = module.asarray(random_array(1, 4, 4, 2), dtype)
    kernel = module.asarray(random_array(3, 3, 2, 2), dtype)
    none = ((0, 0), (0, 0))
    results = [
        module.conv(x, kernel, (1, 1), none, (1, 1), 1),
        module.conv_transpose(x, kernel, (1, 1), none, (1, 1)),
        module.max_pool(x, (2, 2), (2, 2), none),
        module.sum_pool(x, (2, 2), (1, 1), none),
    ]
    assert [module.dtype_name(result) for result in results] == [dtype] * 4


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_gradients_of_conv_equal_finite_differences(training_module: ModuleType, name: str) -> None:
    module = training_module
    shape, window, strides, padding, dilation, groups = CONVOLUTIONS[name]
    x, kernel = random_array(2, *shape, 4), random_array(*window, 4 // groups, 8, seed=1)
    directions = {"x": random_array(*x.shape, seed=2), "kernel": random_array(*kernel.shape, seed=3)}

    def loss_by_loops(t: float) -> float:
        moved = (
            x + t * directions["x"].astype(np.float64),
            kernel + t * directions["kernel"].astype(np.float64),
        )
        return float((conv_by_loops(*moved, strides, padding, dilation, groups) ** 2).sum())

    def loss(arrays: Any) -> Any:
        y = module.conv(arrays["x"], arrays["kernel"], strides, padding, dilation, groups)
        return module.xp.sum(y * y)

    _, gradients = module.value_and_grad(loss)({"x": module.asarray(x), "kernel": module.asarray(kernel)})
    along = sum(float((module.to_numpy(gradients[key]) * directions[key]).sum()) for key in directions)
    difference = (loss_by_loops(1e-4) - loss_by_loops(-1e-4)) / 2e-4
    assert along == pytest.approx(difference, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize("name", POOLS)
def test_gradient_of_max_pool_goes_to_the_largest(training_module: ModuleType, name: str) -> None:
    module = training_module
    shape, window, strides, padding = POOLS[name]
    x = random_array(2, *shape, 3)
    weights = random_array(*pool_by_loops(x, window, strides, padding, -np.inf, np.max).shape, seed=1)
    weights = np.where(np.isfinite(pool_by_loops(x, window, strides, padding, -np.inf, np.max)), weights, 0)
    direction = random_array(*x.shape, seed=2)

    def loss_by_loops(t: float) -> float:
        pooled = pool_by_loops(x + t * direction.astype(np.float64), window, strides, padding, -1e9, np.max)
        return float((pooled * weights).sum())

    def loss(array: Any) -> Any:
        pooled = module.max_pool(array, window, strides, padding)
        finite = module.xp.where(module.xp.isfinite(pooled), pooled, 0.0)
        return module.xp.sum(finite * module.asarray(weights, "float32"))

    _, gradient = module.value_and_grad(loss)(module.asarray(x))
    along = float((module.to_numpy(gradient) * direction).sum())
    assert along == pytest.approx((loss_by_loops(1e-6) - loss_by_loops(-1e-6)) / 2e-6, rel=1e-3, abs=1e-3)
