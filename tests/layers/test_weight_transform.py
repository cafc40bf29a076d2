"""A declared weight replaced by a function of several variables: in formulas, in training, in files."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as k
from layerlab import ops
from layerlab.dtypes import standardize_dtype
from layerlab.layers.weight_transform import (
    TransformedWeight,
    WeightTransform,
    computed_once,
    restore_weight,
    take_rows,
    transform_weight,
)

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

rng = np.random.default_rng(3)


class LowRank(WeightTransform):
    """base + down @ up * 0.5, over the last axis."""

    def __init__(self, rank: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rank, self.times = rank, 0

    def build(self, base_shape: Any) -> None:
        self.down = self.add_weight((*base_shape[:-1], self.rank), initializer="ones", name="down")
        self.up = self.add_weight((self.rank, base_shape[-1]), initializer="zeros", name="up")

    def call(self, base: Any) -> Any:
        self.times += 1
        return base + ops.matmul(self.down, self.up) * 0.5


class Int8(WeightTransform):
    """table * scale, a scale for each column; the layer's own variable goes."""

    keeps_base = False

    def build(self, base_shape: Any) -> None:
        self.table = self.add_weight(base_shape, "zeros", "int8", trainable=False, name="table")
        self.scale = self.add_weight(base_shape[-1:], "ones", name="scale")

    def begin(self, base: Any) -> None:
        scale = np.abs(k.ops.convert_to_numpy(base)).max(axis=tuple(range(len(base.shape) - 1))) / 127
        self.scale.assign(scale)
        self.table.assign(np.round(k.ops.convert_to_numpy(base) / scale))

    def call(self, base: Any) -> Any:
        assert base is None
        return ops.cast(self.table, self.scale.dtype) * self.scale

    def rows(self, base: Any, indices: Any) -> Any:
        return ops.cast(ops.take(self.table, indices, axis=0), self.scale.dtype) * self.scale


def head(layer: Any) -> Any:
    return layer._query_dense


CASES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], str, tuple[int, ...]]] = {
    "Dense": (lambda: k.layers.Dense(3), lambda layer: layer, "kernel", (4,)),
    "Conv2D": (lambda: k.layers.Conv2D(3, 2), lambda layer: layer, "kernel", (4, 4, 2)),
    "LSTM": (lambda: k.layers.LSTM(3), lambda layer: layer.cell, "recurrent_kernel", (4, 2)),
    "heads": (lambda: SelfAttention(), lambda layer: head(layer.attention), "kernel", (3, 4)),
    "Embedding": (lambda: k.layers.Embedding(5, 3), lambda layer: layer, "embeddings", ()),
    "LayerNormalization": (lambda: k.layers.LayerNormalization(), lambda layer: layer, "gamma", (4,)),
}


class SelfAttention(k.layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attention = k.layers.MultiHeadAttention(2, 3)

    def call(self, inputs: Any) -> Any:
        return self.attention(inputs, inputs)


def made(name: str) -> tuple[Any, Any, str, np.ndarray]:
    """A model of one layer, the layer that has the weight, the weight's name, inputs."""
    make, owner, weight, shape = CASES[name]
    layer = make()
    inputs = rng.normal(size=(8, *shape)).astype("float32") if shape else rng.integers(0, 5, (8, 2))
    model = k.Sequential([layer, k.layers.Flatten(), k.layers.Dense(1)])
    model(inputs)
    return model, owner(layer), weight, inputs


def array(value: Any) -> np.ndarray:
    return k.ops.convert_to_numpy(value)


@pytest.mark.parametrize("name", CASES)
def test_a_low_rank_addition_is_trained_and_its_base_is_not(backend: str, name: str) -> None:
    model, layer, weight, inputs = made(name)
    base, before = getattr(layer, weight), array(model(inputs))
    transform = LowRank(2)
    transform_weight(layer, weight, transform)
    np.testing.assert_allclose(array(model(inputs)), before, atol=1e-6)  # `up` begins at 0

    model.compile("sgd", "mse")
    first = base.numpy()
    model.fit(inputs, np.ones((8, 1)), epochs=2, batch_size=4, verbose=0)
    assert np.abs(transform.up.numpy()).max() > 0
    np.testing.assert_array_equal(base.numpy(), first)
    expected = first + 0.5 * transform.down.numpy() @ transform.up.numpy()
    np.testing.assert_allclose(getattr(layer, weight).numpy(), expected, rtol=1e-5, atol=1e-6)
    after = model.predict(inputs, verbose=0)
    np.testing.assert_allclose(after, array(model(inputs)), atol=1e-5)

    restore_weight(layer, weight, merge=True)
    assert getattr(layer, weight) is base and base.trainable
    np.testing.assert_allclose(model.predict(inputs, verbose=0), after, atol=1e-5)


@pytest.mark.parametrize("name", ["Dense", "Embedding", "Conv2D"])
def test_a_quantized_table_takes_the_place_of_its_base(backend: str, name: str) -> None:
    model, layer, weight, inputs = made(name)
    before, outputs = getattr(layer, weight).numpy(), model.predict(inputs, verbose=0)
    names = [w.path for w in layer.weights]
    transform_weight(layer, weight, Int8())
    assert [w.dtype for w in layer.weights if w.name == "table"] == ["int8"]
    assert names[0] not in [w.path for w in model.weights]  # no float copy is kept
    step = np.abs(before).max() / 127
    np.testing.assert_allclose(getattr(layer, weight).numpy(), before, atol=step / 2 + 1e-6)
    quantized = model.predict(inputs, verbose=0)
    assert 0 < np.abs(quantized - outputs).max() < 0.1
    model.compile("sgd", "mse")
    table = getattr(layer, f"{weight}_transform").table.numpy()
    model.fit(inputs, np.ones((8, 1)), verbose=0)
    np.testing.assert_array_equal(getattr(layer, f"{weight}_transform").table.numpy(), table)

    value = getattr(layer, weight).numpy()
    restore_weight(layer, weight)
    assert [w.path for w in layer.weights] == names  # in their order
    assert layer.weights[0] is getattr(layer, weight) and layer.weights[0].trainable
    np.testing.assert_array_equal(layer.weights[0].numpy(), value)


def test_variables_are_tracked_in_order_and_saved(backend: str, tmp_path: Path) -> None:
    model, layer, _, inputs = made("Dense")
    plain, place = [w.path for w in layer.weights], layer.path
    transform_weight(layer, "kernel", LowRank(name="low"))
    assert [w.path for w in layer.weights] == [*plain, *(f"{place}/low/{name}" for name in ("down", "up"))]
    assert [w.name for w in layer.trainable_weights] == ["bias", "down", "up"]
    assert f"{place}/low/up" in [v.path for v in model.trainable_variables]
    layer.kernel_transform.up.assign(np.full((1, 3), 2.0))
    path = tmp_path / "w.weights.h5"
    model.save_weights(path)
    expected = array(model(inputs))
    layer.kernel_transform.up.assign(np.zeros((1, 3)))
    model.load_weights(path)
    np.testing.assert_allclose(array(model(inputs)), expected, atol=1e-6)
    values = model.get_weights()
    assert [v.shape for v in values[:4]] == [(4, 3), (3,), (4, 1), (1, 3)]
    tree = model.get_state_tree()["trainable_variables"]["sequential"]["dense"]
    assert sorted(tree) == ["bias", "low"] and tree["low"]["up"].shape == (1, 3)


def test_freezing_and_thawing_the_layer_leaves_the_base_frozen() -> None:
    _, layer, _, _ = made("Dense")
    transform_weight(layer, "kernel", LowRank())
    layer.trainable = False
    assert not layer.trainable_weights
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["bias", "down", "up"]
    restore_weight(layer, "kernel")
    assert [w.name for w in layer.trainable_weights] == ["kernel", "bias"]
    assert [w.name for w in layer.weights] == ["kernel", "bias"]


def test_programs_that_ran_before_do_not_go_on_without_the_transform(backend: str) -> None:
    model, layer, _, inputs = made("Dense")
    before = model.predict(inputs, verbose=0)
    transform = LowRank()
    transform_weight(layer, "kernel", transform)
    transform.up.assign(np.ones((1, 3)))
    after = model.predict(inputs, verbose=0)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(after, array(model(inputs)), atol=1e-5)
    restore_weight(layer, "kernel")
    np.testing.assert_allclose(model.predict(inputs, verbose=0), before, atol=1e-6)


def test_the_value_has_the_dtype_of_the_computation(backend: str) -> None:
    layer = k.layers.Dense(2, dtype="mixed_bfloat16")
    layer.build((None, 3))
    seen = []

    class Seen(LowRank):
        def call(self, base: Any) -> Any:
            seen.append(standardize_dtype(base.dtype))
            return super().call(base)

    transform_weight(layer, "kernel", Seen())
    assert standardize_dtype(layer(np.ones((1, 3))).dtype) == "bfloat16"
    assert layer.kernel.numpy().dtype == "float32" and seen == ["bfloat16", "float32"]
    norm = k.layers.LayerNormalization(dtype="mixed_bfloat16")  # computes with gamma in float32
    norm.build((None, 3))
    seen.clear()
    transform_weight(norm, "gamma", Seen())
    norm(np.ones((1, 3)))
    assert seen == ["float32"]


def test_a_loop_over_steps_computes_the_weight_once() -> None:
    layer = k.layers.RNN([k.layers.GRUCell(3), k.layers.SimpleRNNCell(2)], unroll=True)
    inputs = np.ones((2, 5, 4), "float32")
    layer(inputs)
    transforms = [LowRank(), LowRank()]
    for cell, transform in zip(layer.cell.cells, transforms, strict=True):
        transform_weight(cell, "recurrent_kernel", transform)
        transform.up.assign(np.ones(transform.up.shape))
        transform.times = 0
    outputs = array(layer(inputs))
    assert [transform.times for transform in transforms] == [1, 1]
    for cell in layer.cell.cells:
        restore_weight(cell, "recurrent_kernel", merge=True)
    np.testing.assert_allclose(array(layer(inputs)), outputs, atol=1e-6)


def test_rows_are_taken_of_the_table_where_the_transform_can() -> None:
    _, layer, _, _ = made("Embedding")
    transform_weight(layer, "embeddings", Int8())
    whole = layer.embeddings.numpy()
    layer.embeddings_transform.call = None  # not needed for rows
    np.testing.assert_allclose(array(take_rows(layer.embeddings, np.array([[4, 1]]))), whole[[[4, 1]]])
    np.testing.assert_allclose(array(layer(np.array([2, 2]))), whole[[2, 2]])


@pytest.mark.parametrize("way", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_copy_has_a_transform_of_its_own(backend: str, way: Callable[[Any], Any]) -> None:
    layer = k.layers.Dense(3)
    layer.build((None, 4))
    transform_weight(layer, "kernel", LowRank())
    other = way(layer)
    other.kernel_transform.up.assign(np.ones((1, 3)))
    np.testing.assert_allclose(other.kernel.numpy() - layer.kernel.numpy(), np.full((4, 3), 0.5), atol=1e-6)
    assert other.kernel.transform is other.kernel_transform and other.kernel.base is other.weights[0]


def test_a_transform_inside_of_build_has_the_path_of_the_layer() -> None:
    class Own(k.layers.Dense):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            transform_weight(self, "kernel", LowRank(name="low"))

    layer = Own(2, name="own")
    model = k.Sequential([layer])
    model(np.ones((1, 3)))
    prefix = layer.kernel.path.removesuffix("/kernel")
    assert [w.path for w in layer.weights[2:]] == [f"{prefix}/low/down", f"{prefix}/low/up"]


def unbuilt() -> Any:
    return k.layers.Dense(3)


def built(**kwargs: Any) -> Any:
    layer = k.layers.Dense(3, name="d", **kwargs)
    layer.build((None, 4))
    return layer


def transformed() -> Any:
    layer = built()
    transform_weight(layer, "kernel", LowRank())
    return layer


class Plain(WeightTransform):
    def build(self, base_shape: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: transform_weight(unbuilt(), "kernel", LowRank()), "no weights yet"),
        (lambda: transform_weight(built(), "kernal", LowRank()), "'kernal' of Dense.*kernel, bias"),
        (lambda: transform_weight(built(use_bias=False), "bias", LowRank()), "without this weight"),
        (lambda: transform_weight(transformed(), "kernel", LowRank()), "restore_weight first"),
        (lambda: transform_weight(built(), "kernel", transformed().kernel_transform), "in use already"),
        (lambda: transform_weight(built(), "kernel", Plain()), "has no variables"),
        (lambda: transform_weight(k.layers.Flatten(), "kernel", LowRank()), "layers inside"),
        (lambda: restore_weight(built(), "kernel"), "no transform is in its place"),
        (lambda: transformed().kernel.assign(np.ones((4, 3))), "d/kernel' cannot be assigned"),
        (lambda: setattr(transformed().kernel, "trainable", True), "cannot be trained"),
    ],
)
def test_what_cannot_be_is_said(use: Callable[[], None], words: str) -> None:
    with pytest.raises(k.errors.LayerlabError, match=words):
        use()


def test_a_refused_transform_leaves_the_layer_as_it_was() -> None:
    layer = built()
    before = dict(vars(layer))
    with pytest.raises(k.errors.InvalidArgumentError):
        transform_weight(layer, "kernel", Plain())
    assert vars(layer) == before and layer.kernel.trainable


def test_without_a_transform_nothing_is_asked() -> None:
    layer = built()
    assert type(layer.kernel) is k.Variable and vars(layer)["kernel"] is layer.kernel
    assert inspect.getattr_static(type(layer), "kernel", None) is None
    with computed_once([layer, object()]):
        assert not isinstance(layer.kernel, TransformedWeight)
