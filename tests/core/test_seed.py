"""Seeds: the process-wide one, generators whose counter is a variable, and equal first weights everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import config, layers, ops, random, utils
from layerlab.core.seed import SeedGenerator, draw_key
from layerlab.core.state import StateScope
from layerlab.errors import InvalidArgumentError


def key(generator: Any) -> list[int]:
    return ops.convert_to_numpy(draw_key(generator)).tolist()


def test_each_draw_takes_the_next_key(backend: str) -> None:
    generator = SeedGenerator(7)
    assert [key(generator) for _ in range(3)] == [[7, 0], [7, 1], [7, 2]]
    assert generator.state.numpy().tolist() == [7, 3]
    assert generator.state.dtype == "uint32" and not generator.state.trainable


def test_an_integer_is_always_the_same_key(backend: str) -> None:
    assert key(5) == key(np.int64(5)) == [5, 0]
    assert np.array_equal(*(ops.convert_to_numpy(random.normal((3,), seed=5)) for _ in range(2)))


def test_the_process_seed_decides_what_is_drawn_without_one(backend: str) -> None:
    drawn = []
    for _ in range(2):
        utils.set_random_seed(3)
        drawn.append([ops.convert_to_numpy(random.normal((3,))).tolist() for _ in range(2)])
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]


def test_a_draw_inside_a_scope_is_part_of_its_state(backend: str) -> None:
    generator = SeedGenerator(7)
    with StateScope() as scope:
        key(generator)
    assert generator.state.numpy().tolist() == [7, 0]
    assert scope.assigned() == [generator.state]


@pytest.mark.parametrize("wrong", [-1, 2**32, 1.5, True, "1", None])
def test_a_process_seed_is_an_integer_of_32_bits(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="an integer from 0"):
        utils.set_random_seed(wrong)


@pytest.mark.parametrize("wrong", [1.5, True, "1"])
def test_a_generator_takes_an_integer_or_none(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="an integer"):
        SeedGenerator(wrong)
    with pytest.raises(InvalidArgumentError, match="an integer"):
        draw_key(wrong)


MAKERS = {
    "Dense": lambda: (layers.Dense(3), (None, 4)),
    "Conv2D": lambda: (layers.Conv2D(3, 2, kernel_initializer="he_normal"), (None, 5, 5, 2)),
    "Embedding": lambda: (layers.Embedding(7, 3), (None, 4)),
    "LSTM": lambda: (layers.LSTM(3), (None, 5, 2)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_seed_gives_the_same_first_weights_bit_for_bit_on_every_back_end(name: str) -> None:
    if not hasattr(layers, name):
        pytest.skip(f"there is no {name} yet")
    weights = []
    for back_end in ("jax", "torch", "numpy"):
        config.set_backend(back_end)
        try:
            keras.utils.set_random_seed(11)
            layer, shape = MAKERS[name]()
            layer.build(shape)
            weights.append(layer.get_weights())
        finally:
            config.set_backend("jax")
    for others in weights[1:]:
        for first, other in zip(weights[0], others, strict=True):
            assert first.tobytes() == other.tobytes()
    assert weights[0][0].std() > 0
