"""Names, masks beside tensors, and what an object holds."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from layerlab import Variable, layers, metrics, ops, utils
from layerlab.core import masking, naming
from layerlab.core.seed import SeedGenerator
from layerlab.core.tracking import one_look, tracked


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Dense", "dense"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("LSTM", "lstm"),
        ("ELU", "elu"),
        ("My_Own", "my__own"),
    ],
)
def test_class_names_become_snake_case(name: str, snake: str) -> None:
    assert naming.snake_case(name) == snake


def test_names_are_counted_per_prefix_and_anew_after_clear_session() -> None:
    utils.clear_session()
    assert [naming.unique_name(p) for p in ("a", "a", "b", "a")] == ["a", "a_1", "b", "a_2"]
    utils.clear_session()
    assert naming.unique_name("a") == "a"


def test_names_given_in_many_threads_are_unique() -> None:
    utils.clear_session()
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda: names.extend(naming.unique_name("t") for _ in range(200)))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 1000


@pytest.mark.slow
class Mask:
    """Stands for a mask: an object whose end can be seen."""


@pytest.mark.parametrize("kind", ["array", "numpy"])
def test_a_mask_belongs_to_one_array_and_is_forgotten_with_it(backend: str, kind: str) -> None:
    # A NumPy array takes no attributes: its mask is in a table.
    array, other = (ops.ones((2, 3)) if kind == "array" else np.ones((2, 3)) for _ in range(2))
    mask = Mask()
    masking.set_mask(array, mask)
    assert masking.get_mask(array) is mask
    assert masking.get_mask(other) is None
    masking.set_mask(array, None)
    assert masking.get_mask(array) is None
    masking.set_mask(array, mask)
    held = weakref.ref(mask)
    del array, mask
    gc.collect()
    assert held() is None
    masking.set_mask(3.0, "mask")  # carries none
    assert masking.get_mask(3.0) is None


def test_what_an_object_holds_is_found_in_order_once_and_by_kind() -> None:
    Pair = namedtuple("Pair", ["left", "right"])

    class Holder:
        pass

    holder: Any = Holder()
    dense, other, variable = layers.Dense(1), layers.Dense(1), Variable(1.0)
    holder.items = [dense, {"x": (other, dense)}, Pair(variable, None)]
    holder.seed = SeedGenerator(1)
    holder.metric = metrics.Mean()
    holder.array = np.ones(3)
    holder.cls = layers.Dense
    assert tracked(holder, "layer") == [dense, other]
    assert tracked(holder, "variable") == [variable]
    assert tracked(holder, "seed") == [holder.seed]
    assert tracked(holder, "metric") == [holder.metric]


def test_within_one_look_an_object_is_walked_once() -> None:
    holder, first, second = SimpleNamespace(), layers.Dense(1), layers.Dense(2)
    holder.layers = [first]
    with one_look():
        assert tracked(holder, "layer") == [first]
        holder.layers.append(second)
        assert tracked(holder, "layer") == [first] and tracked(holder, "variable") == []
    assert tracked(holder, "layer") == [first, second]
