"""Convolutions and pooling on JAX on a CPU: layerlab's form beside XLA's own, in microseconds.

Each alone and as the body of a compiled loop; forward, and forward with the gradients of input and kernel.
`python -m tests.benchmarks.bench_convolutions depthwise transposed` measures two of the kinds, without names
all. A '-' stands where layerlab does not train in a loop, but calls a program a step.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from layerlab.backend.jax import nn, pooling
from layerlab.backend.jax.tracing_context import SlowInLoop, traced_as
from tests.benchmarks.report import facts, load

_SECONDS = 0.3  # for each number
_TURNS = 2  # of a loop
Form = Callable[[Any, Any], Any]

# image (batch, height, width, channels), window, strides; then filters, dilation or groups.
_PLAIN = [((32, 28, 28, 1), 3, 1, 32), ((32, 13, 13, 32), 3, 1, 64), ((32, 16, 16, 64), 1, 1, 128)]
_STRIDED = [((32, 32, 32, 16), 3, 2, 32), ((32, 16, 16, 64), 3, 2, 128), ((32, 32, 32, 3), 7, 2, 32)]
_DILATED = [((32, 28, 28, 32), 3, 2), ((8, 64, 64, 16), 3, 4)]
_GROUPED = [((32, 16, 16, 64), 3, 4), ((32, 16, 16, 64), 3, 8), ((32, 8, 8, 128), 3, 32)]
_DEPTHWISE = [
    ((32, 28, 28, 32), 3, 1),
    ((32, 16, 16, 128), 3, 1),
    ((32, 32, 32, 64), 3, 2),
    ((32, 4, 4, 512), 3, 1),
    ((32, 14, 14, 96), 7, 1),
]
_TRANSPOSED = [
    ((32, 8, 8, 64), 2, 2, 32),
    ((8, 32, 32, 64), 2, 2, 32),
    ((32, 14, 14, 64), 3, 2, 32),
    ((32, 7, 7, 128), 4, 2, 64),
    ((32, 14, 14, 64), 3, 1, 32),
]
_POOLED = [
    ((32, 32, 32, 32), 3, 2),
    ((32, 16, 16, 64), 3, 1),
    ((32, 28, 28, 16), 2, 2),
    ((32, 8, 8, 256), 2, 1),
]


def _conv(image: Any, window: int, strides: int, filters: int, dilation: int = 1, groups: int = 1) -> Any:
    sides, steps, spread = (window,) * 2, (strides,) * 2, (dilation,) * 2
    padding = _same(image, (window - 1) * dilation + 1, strides)
    kernel = (*sides, image[-1] // groups, filters)

    def xla(x: Any, kernel: Any) -> Any:
        numbers = ("NHWC", "HWIO", "NHWC")
        options = {"dimension_numbers": numbers, "feature_group_count": groups}
        return lax.conv_general_dilated(x, kernel, steps, padding, rhs_dilation=spread, **options)

    return kernel, lambda x, kernel: nn.conv(x, kernel, steps, padding, spread, groups), xla


def _transposed(image: Any, window: int, strides: int, filters: int) -> Any:
    crop = [((window - strides) // 2, (window - strides + 1) // 2)] * 2
    padding = [(window - 1 - before, window - 1 - after) for before, after in crop]

    def xla(x: Any, kernel: Any) -> Any:
        options = {"lhs_dilation": (strides,) * 2, "dimension_numbers": ("NHWC", "HWOI", "NHWC")}
        return lax.conv_general_dilated(x, jnp.flip(kernel, (0, 1)), (1, 1), padding, **options)

    kernel = (window, window, filters, image[-1])
    return kernel, lambda x, kernel: nn.conv_transpose(x, kernel, (strides,) * 2, crop, (1, 1)), xla


def _pooled(pool: Any, initial: float, combine: Any) -> Callable[..., Any]:
    def case(image: Any, window: int, strides: int) -> Any:
        sides, steps, padding = (window,) * 2, (strides,) * 2, _same(image, window, strides)
        sizes = ((1, *sides, 1), (1, *steps, 1), ((0, 0), *padding, (0, 0)))

        def xla(x: Any, _: Any) -> Any:
            return lax.reduce_window(x, np.float32(initial), combine, *sizes)

        return (1, 1, 1, 1), lambda x, _: pool(x, sides, steps, padding), xla

    return case


def _same(image: Any, reach: int, strides: int) -> list[tuple[int, int]]:
    totals = [max((-(-size // strides) - 1) * strides + reach - size, 0) for size in image[1:-1]]
    return [(total // 2, total - total // 2) for total in totals]


KINDS: dict[str, Iterator[tuple[str, Any, Any]]] = {
    "plain": ((str(case), case[0], _conv(*case)) for case in _PLAIN),
    "strided": ((str(case), case[0], _conv(*case)) for case in _STRIDED),
    "dilated": ((str(c), c[0], _conv(c[0], c[1], 1, c[0][-1], dilation=c[2])) for c in _DILATED),
    "grouped": ((str(c), c[0], _conv(c[0], c[1], 1, c[0][-1], groups=c[2])) for c in _GROUPED),
    "depthwise": ((str(c), c[0], _conv(*c, filters=c[0][-1], groups=c[0][-1])) for c in _DEPTHWISE),
    "transposed": ((str(case), case[0], _transposed(*case)) for case in _TRANSPOSED),
    "largest of": (
        (str(case), case[0], _pooled(pooling.max_pool, -np.inf, lax.max)(*case)) for case in _POOLED
    ),
    "mean of": ((str(case), case[0], _pooled(pooling.sum_pool, 0.0, lax.add)(*case)) for case in _POOLED),
}


def measured(form: Form, x: Any, kernel: Any) -> list[float | None]:
    """Microseconds forward, with gradients, and the same in a loop."""

    def gradients(x: Any, kernel: Any) -> Any:
        return jax.grad(lambda x, kernel: (form(x, kernel) ** 2).sum(), (0, 1))(x, kernel)

    def looped(x: Any, kernel: Any) -> Any:
        def turn(_: Any, last: Any) -> Any:  # depends on the turn before, so that it is not taken out
            return form(x + last.ravel()[0] * 1e-9, kernel)

        return lax.fori_loop(0, _TURNS, turn, jnp.zeros_like(form(x, kernel)))

    def trained_in_loop(x: Any, kernel: Any) -> Any:
        return lax.fori_loop(0, _TURNS, lambda _, values: gradients(*values), (x, kernel))

    found: list[float | None] = []
    for run, trains, in_loop in (
        (form, False, False),
        (gradients, True, False),
        (looped, False, True),
        (trained_in_loop, True, True),
    ):
        try:
            with traced_as(trains=trains, in_loop=in_loop):
                compiled = jax.jit(lambda *values, run=run: run(*values)).lower(x, kernel).compile()
            found.append(_microseconds(compiled, x, kernel) / (_TURNS if in_loop else 1))
        except SlowInLoop:
            found.append(None)
    return found


def _microseconds(run: Any, *arguments: Any) -> float:
    """The first quartile: on a machine that others use as well the median is theirs."""
    jax.block_until_ready(run(*arguments))
    seconds: list[float] = []
    end = time.perf_counter() + _SECONDS
    while time.perf_counter() < end or len(seconds) < 3:
        start = time.perf_counter()
        jax.block_until_ready(run(*arguments))
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 4] * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []])
    kinds = parser.parse_args().kinds or list(KINDS)
    print(facts())
    heads = ("forward", "with gradients", "forward, loop", "gradients, loop")
    print(f"{load()}\n{'layerlab / XLA':52}", *(f"{head:>19}" for head in heads))
    random = np.random.default_rng(0)
    for kind in kinds:
        for name, image, (kernel_shape, ours, xla) in KINDS[kind]:
            x, kernel = (random.normal(size=size).astype("float32") for size in (image, kernel_shape))
            pairs = zip(measured(ours, x, kernel), measured(xla, x, kernel), strict=True)
            cells = [f"{'-' if one is None else f'{one:,.0f}'} / {other:,.0f}" for one, other in pairs]
            print(f"{kind:11} {name:40}", *(f"{cell:>19}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
