"""Normalization.mean and .variance have the shape that they have in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.oracle import agree

DATA = np.random.default_rng(0).normal(2.0, 3.0, (6, 4, 3)).astype("float32")


@pytest.mark.oracle
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"axis": None},
        {"axis": 1},
        {"axis": (1, 2)},
        {"mean": 3.0, "variance": 2.0},
        {"mean": [1.0, 2.0, 3.0], "variance": [2.0, 3.0, 4.0]},
        {"axis": None, "mean": 3.0, "variance": 2.0},
        {"invert": True, "axis": -1},
    ],
)
def test_statistics_have_the_rank_of_the_input(backend: str, arguments: dict[str, Any]) -> None:
    def scenario(k: Any) -> Any:
        layer = k.layers.Normalization(**arguments)
        before = layer.mean
        if "mean" in arguments:
            layer.build(DATA.shape)
        else:
            layer.adapt(DATA)
        mean, variance = (k.ops.convert_to_numpy(value) for value in (layer.mean, layer.variance))
        values.append([mean, variance, k.ops.convert_to_numpy(layer(DATA))])
        return before, mean.shape, variance.shape

    values: list[Any] = []
    assert agree(scenario)[1][0] == 1
    for theirs, ours in zip(*values, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
