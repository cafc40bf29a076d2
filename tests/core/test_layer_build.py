"""Layers as holders of weights: when they are built, on what, and under which paths and in which order."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import InvalidArgumentError, NotBuiltError, ShapeError
from tests.oracle import agree

X = np.ones((2, 4), "float32")


def paths(owner: Any) -> list[str]:
    return [variable.path for variable in owner.weights]


class Shapes(layers.Layer):
    """Remembers what build was given."""

    def build(self, input_shape):
        self.seen = input_shape

    def call(self, inputs):
        return inputs


# -- what build is given -------------------------------------------------------------------------------


def test_build_is_given_the_shape_of_the_first_tensor_once(backend: str) -> None:
    layer = Shapes()
    assert not layer.built
    layer(X)
    layer(np.ones((9, 4)))
    assert layer.seen == (2, 4)
    assert layer.built


def test_build_on_a_symbolic_tensor_has_none_for_the_batch(backend: str) -> None:
    layer = Shapes()
    layer(keras.Input((None, 4)))
    assert layer.seen == (None, None, 4)


@pytest.mark.parametrize(
    ("inputs", "shapes"),
    [
        ([X, X], [(2, 4), (2, 4)]),
        ((X, X[:1]), ((2, 4), (1, 4))),
        ({"b": X, "a": [X]}, {"a": [(2, 4)], "b": (2, 4)}),
    ],
)
def test_build_is_given_the_structure_of_shapes_of_a_structure(
    backend: str, inputs: Any, shapes: Any
) -> None:
    layer = Shapes()
    layer(inputs)
    assert layer.seen == shapes


def test_build_with_a_shape_for_each_tensor_is_given_them_by_name(backend: str) -> None:
    class Pair(layers.Layer):
        def build(self, second_shape, first_shape):
            self.seen = first_shape, second_shape

        def call(self, first, second, scale=1.0, training=None):
            return first

    for call in (
        lambda p: p(X, X[:, :1]),
        lambda p: p(X, second=X[:, :1], scale=3.0),
        lambda p: p(first=X, second=X[:, :1]),
    ):
        pair = Pair()
        call(pair)
        assert pair.seen == ((2, 4), (2, 1))


def test_build_asking_for_an_unknown_tensor_says_which(backend: str) -> None:
    class Pair(layers.Layer):
        def build(self, a_shape, c_shape):
            pass

        def call(self, a, b):
            return a

    with pytest.raises(InvalidArgumentError, match=r"(?s)asks for c_shape.*Got: a_shape, b_shape"):
        Pair()(X, X)


def test_super_build_may_be_called_and_built_is_set_without_asking(backend: str) -> None:
    class Base(layers.Layer):
        def build(self, input_shape):
            self.a = self.add_weight(shape=(1,), name="a")

    class Derived(Base):
        def build(self, input_shape):
            super().build(input_shape)
            self.b = self.add_weight(shape=(1,), name="b")

        def call(self, inputs):
            return inputs

    layer = Derived(name="d")
    layer.build((None, 4))
    assert layer.built
    assert paths(layer) == ["d/a", "d/b"]
    assert layer.get_build_config() == {"input_shape": (None, 4)}


def test_a_failed_build_leaves_the_layer_unbuilt(backend: str) -> None:
    class Once(layers.Layer):
        fail = True

        def build(self, input_shape):
            if self.fail:
                raise ValueError("not now")

        def call(self, inputs):
            return inputs

    layer = Once()
    with pytest.raises(ValueError, match="not now"):
        layer(X)
    assert not layer.built
    layer.fail = False
    layer(X)
    assert layer.built


def test_weights_made_while_a_graph_is_drawn_are_real(backend: str) -> None:
    class Late(layers.Layer):
        def call(self, inputs):
            if not hasattr(self, "scale"):
                self.scale = keras.Variable(np.full(4, 2.0), name="scale")
                self.dense = layers.Dense(2)
            return self.dense(inputs * self.scale)

    inputs = keras.Input((4,))
    layer = Late()
    model = keras.Model(inputs, layer(inputs))
    assert model.count_params() == 4 + 4 * 2 + 2
    assert layer.scale.numpy().tolist() == [2.0] * 4
    assert np.isfinite(layer.dense.kernel.numpy()).all()
    assert ops.convert_to_numpy(model(X)).shape == (2, 2)


def test_a_weight_of_unknown_size_is_refused_with_advice(backend: str) -> None:
    with pytest.raises(ShapeError, match=r"(?s)Dense \"d\".*\(None, 3\).*give Input a shape"):
        layers.Dense(3, name="d")(keras.Input((None,)))


def test_a_composite_with_its_own_output_shape_is_built_by_a_graph() -> None:
    def scenario(k: Any) -> Any:
        class Composite(k.layers.Layer):
            def __init__(self):
                super().__init__()
                self.dense = k.layers.Dense(3)

            def call(self, inputs):
                return self.dense(inputs)

            def compute_output_shape(self, input_shape):
                return (*input_shape[:-1], 3)

        inputs = k.Input((4,))
        return paths(k.Model(inputs, Composite()(inputs)))

    assert agree(scenario) == ["composite/dense/kernel", "composite/dense/bias"]


# -- names and order, as in Keras ------------------------------------------------------------------------


def nested(k: Any) -> Any:
    class Inner(k.layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], 2), name="w")

        def call(self, x):
            return x @ self.w

    class Outer(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = Inner()
            self.g = self.add_weight(shape=(), name="g")
            self.v = k.Variable(1.0, name="v")
            self.t = self.add_weight(shape=(), trainable=False, name="t")

        def build(self, input_shape):
            self.late = Inner(name="late")
            self.late.build((None, 2))
            self.u = self.add_weight(shape=(1,))
            self.n = self.add_weight(shape=(1,), trainable=False)

        def call(self, x):
            return self.late(self.inner(x))

    return Outer()


def containers(k: Any) -> Any:
    class Blocks(k.layers.Layer):
        def __init__(self):
            super().__init__()
            self.blocks = [k.layers.Dense(2)]
            self.blocks.append([k.layers.Dense(3)])
            self.named = {"z": k.layers.Dense(2), "a": k.layers.Dense(2)}

        def call(self, x):
            x = self.blocks[1][0](self.blocks[0](x))
            return self.named["a"](self.named["z"](x))

    return Blocks()


def submodels(k: Any) -> Any:
    class Mixed(k.Model):
        def __init__(self):
            super().__init__()
            self.second = k.layers.Dense(3)
            self.first = k.Sequential([k.layers.Dense(3), k.layers.BatchNormalization()])

        def call(self, x):
            return self.second(self.first(x))

    return Mixed()


def random_layers(k: Any) -> Any:
    return k.Sequential([k.layers.Dropout(0.1), k.layers.Dense(2), k.layers.BatchNormalization()])


def replaced(k: Any) -> Any:
    class Base(k.Model):
        def __init__(self):
            super().__init__()
            self.a = k.layers.Dense(2)
            self.b = k.layers.Dense(2)

        def call(self, x):
            return self.b(self.a(x))

    class Derived(Base):
        def __init__(self):
            super().__init__()
            self.a = k.layers.Dense(3)

    return Derived()


@pytest.mark.oracle
@pytest.mark.parametrize("make", [nested, containers, submodels, random_layers, replaced])
def test_paths_and_order_of_variables_are_those_of_keras(make: Any) -> None:
    def scenario(k: Any) -> Any:
        layer = make(k)
        layer(X)
        lists = (
            "weights",
            "variables",
            "trainable_weights",
            "non_trainable_weights",
            "non_trainable_variables",
        )
        return {name: [variable.path for variable in getattr(layer, name)] for name in lists}

    assert agree(scenario)["weights"]


@pytest.mark.oracle
def test_automatic_names_are_those_of_keras() -> None:
    def scenario(k: Any) -> Any:
        class MyLayer2D(k.layers.Layer):
            pass

        class ABTest(k.Model):
            pass

        class GRUCell3(k.layers.Layer):
            pass

        made = [
            k.layers.Dense(1),
            k.layers.Dense(1),
            MyLayer2D(),
            ABTest(),
            GRUCell3(),
            k.Sequential(),
            k.Variable(0.0),
        ]
        made.append(k.Model(*[k.Input((2,), name="i")] * 2))
        return [item.name for item in made]

    assert agree(scenario)[:2] == ["dense", "dense_1"]


@pytest.mark.parametrize("name", ["a/b", 3, "..", "a\0b"])
def test_a_name_that_cannot_be_part_of_a_path_is_refused(name: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="cannot be named"):
        layers.Dense(1, name=name)


def test_a_deleted_layer_is_forgotten(backend: str) -> None:
    layer = containers(keras)
    layer(X)
    del layer.named
    assert len(layer.weights) == 4


# -- trainable -------------------------------------------------------------------------------------------


@pytest.mark.oracle
def test_freezing_and_unfreezing_is_that_of_keras() -> None:
    def scenario(k: Any) -> Any:
        model = k.Sequential([k.Input((4,)), k.layers.Dense(2), k.layers.BatchNormalization()])
        dense, norm = model.layers
        seen = []

        def look() -> None:
            seen.append([v.path for v in model.trainable_weights])
            seen.append([v.path for v in model.non_trainable_weights])
            seen.append([layer.trainable for layer in (model, dense, norm)])

        dense.trainable = False
        look()
        model.trainable = False
        look()
        norm.trainable = True
        look()
        model.trainable = True
        look()
        return seen

    agree(scenario)


def test_a_layer_frozen_before_it_is_built_thaws_as_designed(backend: str) -> None:
    layer = nested(keras)
    layer.trainable = False
    layer(X)
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 7
    layer.trainable = True
    assert [v.path.split("/")[-1] for v in layer.non_trainable_weights] == ["t", "variable_1"]
    assert all(v.trainable for v in layer.trainable_weights)


# -- reading and setting ---------------------------------------------------------------------------------


def test_set_weights_takes_what_get_weights_gave(backend: str) -> None:
    layer = layers.Dense(3)
    layer.build((None, 4))
    values = [np.full((4, 3), 2.0, "float32"), np.arange(3, dtype="float32")]
    layer.set_weights(values)
    for got, expected in zip(layer.get_weights(), values, strict=True):
        assert got.tolist() == expected.tolist()


def test_set_weights_changes_nothing_unless_all_fit(backend: str) -> None:
    layer = layers.Dense(3, name="d")
    layer.build((None, 4))
    before = [value.copy() for value in layer.get_weights()]
    for wrong in ([np.zeros((4, 3))], [np.zeros((4, 3)), np.zeros(2)], [np.zeros((3, 4)), np.zeros(3)]):
        with pytest.raises(
            ShapeError, match=r"(?s)Dense \"d\".*Expected: d/kernel \(4, 3\), d/bias \(3,\).*Got:"
        ):
            layer.set_weights(wrong)
    assert [np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True)] == [True, True]


def test_weights_of_an_unbuilt_layer_cannot_be_counted_or_set(backend: str) -> None:
    with pytest.raises(NotBuiltError, match="no weights yet"):
        layers.Dense(2).count_params()
    with pytest.raises(ShapeError, match="build the layer first"):
        layers.Dense(2).set_weights([np.zeros((4, 2)), np.zeros(2)])


def test_own_variables_survive_a_store(backend: str) -> None:
    source, target = layers.BatchNormalization(), layers.BatchNormalization()
    source.build((None, 3))
    target.build((None, 3))
    source.set_weights([np.full(3, value, "float32") for value in (1, 2, 3, 4)])
    store: dict[str, Any] = {}
    source.save_own_variables(store)
    target.load_own_variables(store)
    assert list(store) == ["0", "1", "2", "3"]
    assert np.array_equal(source.get_weights(), target.get_weights())
    with pytest.raises(ShapeError, match="do not fit"):
        target.load_own_variables({"0": np.zeros(3)})


def test_a_deep_copy_shares_nothing(backend: str) -> None:
    layer = layers.Dense(2)
    layer(X)
    other = copy.deepcopy(layer)
    other.kernel.assign(np.zeros((4, 2)))
    assert layer.kernel.numpy().any()
    assert other.units == 2 and ops.convert_to_numpy(other(X)).tolist() == [[0.0, 0.0]] * 2
