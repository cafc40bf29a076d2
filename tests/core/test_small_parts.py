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
from layerlab.core.tracking import Look, remembered, tracked


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


def replace_an_attribute(holder: Any, other: Any) -> None:
    holder.single = other


def add_an_attribute(holder: Any, other: Any) -> None:
    holder.further = other


def append(holder: Any, other: Any) -> None:
    holder.listed.append(other)


def replace_deep_inside(holder: Any, other: Any) -> None:
    holder.listed[0]["of"] = other


def replace_a_list_by_an_equal_one_and_append(holder: Any, other: Any) -> None:
    holder.listed = list(holder.listed)
    holder.listed.append(other)


def remove_an_attribute(holder: Any, other: Any) -> None:
    del holder.single


@pytest.mark.parametrize(
    "change",
    [
        replace_an_attribute,
        add_an_attribute,
        append,
        replace_deep_inside,
        replace_a_list_by_an_equal_one_and_append,
        remove_an_attribute,
    ],
)
def test_a_look_that_is_opened_again_sees_what_was_changed(change: Any) -> None:
    holder, look, other = SimpleNamespace(), Look(), layers.Dense(7)
    holder.single, holder.listed, holder.number = layers.Dense(2), [{"of": layers.Dense(1)}], 1
    made: list[int] = []

    def counted() -> list[Any]:
        made.append(len(made))
        return tracked(holder, "layer")

    with look:
        assert remembered(holder, "layers", counted) == tracked(holder, "layer")
    holder.number = 2.5  # holds nothing
    with look:
        assert len(remembered(holder, "layers", counted)) == 2 and made == [0]
    change(holder, other)
    with look:
        assert remembered(holder, "layers", counted) == tracked(holder, "layer") and made == [0, 1]
        seen = tracked(holder, "layer")
    assert seen == tracked(holder, "layer")
    assert (other in seen) == (change is not remove_an_attribute)


@pytest.mark.parametrize("is_same", [True, False])
def test_a_look_within_a_look_ends_with_the_outer_one(is_same: bool) -> None:
    holder, look = SimpleNamespace(), Look()
    holder.layers = [layers.Dense(1)]
    with look:
        with look if is_same else Look():
            first = tracked(holder, "layer")
        holder.layers.append(layers.Dense(2))
        assert tracked(holder, "layer") == first
    assert tracked(holder, "layer") == holder.layers
    with look:
        assert tracked(holder, "layer") == holder.layers


def test_a_look_may_be_open_in_two_threads() -> None:
    holder, look = SimpleNamespace(layers=[layers.Dense(1)]), Look()
    opened, go_on = threading.Event(), threading.Event()
    found: list[Any] = []

    def other() -> None:
        with look:
            found.append(tracked(holder, "layer"))
            opened.set()
            go_on.wait(20)
        found.append(tracked(holder, "layer"))

    with look:
        first = tracked(holder, "layer")
        thread = threading.Thread(target=other)
        thread.start()
        assert opened.wait(20)
    holder.layers.append(layers.Dense(2))
    assert tracked(holder, "layer") == holder.layers
    go_on.set()
    thread.join(20)
    assert found == [first, holder.layers]
    with look:
        assert tracked(holder, "layer") == holder.layers


def test_within_one_look_an_object_is_walked_once() -> None:
    holder, first, second = SimpleNamespace(), layers.Dense(1), layers.Dense(2)
    holder.layers = [first]
    with Look():
        assert tracked(holder, "layer") == [first]
        holder.layers.append(second)
        assert tracked(holder, "layer") == [first] and tracked(holder, "variable") == []
    assert tracked(holder, "layer") == [first, second]
