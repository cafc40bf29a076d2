"""clone_model: new layers and weights, hooks, inner models, compiled models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops, tree
from layerlab.models import clone_model
from tests.architectures.example_models import ARCHITECTURES, inputs_for
from tests.oracle import agree

X = np.arange(6, dtype="float32").reshape(2, 3)


def values(outputs: Any) -> list[Any]:
    return [ops.convert_to_numpy(leaf).tolist() for leaf in tree.flatten(outputs)]


def functional(k: Any) -> Any:
    inputs = k.Input((3,), name="in")
    hidden = k.layers.Dense(4, activation="relu", name="d1")(inputs)
    return k.Model(inputs, k.layers.Dense(2, name="d2")(hidden) * 2.0, name="net")


def sequential(k: Any) -> Any:
    return k.Sequential([k.Input((3,), name="in"), k.layers.Dense(4, name="d1")], name="seq")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["shared_layer", "ops_with_constants", "structures", "masks", "sequential_of_models"]
)
def test_a_clone_with_the_same_weights_gives_the_same(backend: str, name: str) -> None:
    model = ARCHITECTURES[name](keras)
    clone = clone_model(model)
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert not {id(v) for v in clone.variables} & {id(v) for v in model.variables}
    clone.set_weights(model.get_weights())
    x = inputs_for(model)
    assert values(clone(x)) == values(model(x))


@pytest.mark.oracle
def test_hooks_see_what_they_see_in_keras() -> None:
    def scenario(k: Any) -> Any:
        seen: list[Any] = []

        def clone(layer: Any) -> Any:
            seen.append(("clone", layer.name))
            return type(layer).from_config(layer.get_config())

        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(("call", layer.name))
            outputs = layer(*args, **kwargs)
            return k.layers.Dropout(0.5, name=f"{layer.name}_drop")(outputs) if "d" in layer.name else outputs

        model = k.models.clone_model(functional(k), clone_function=clone, call_function=call)
        k.models.clone_model(sequential(k), clone_function=clone)
        return seen, [layer.name for layer in model.layers if layer.name != "multiply"]

    def scenario_of_layers(k: Any) -> Any:
        seen, names = scenario(k)
        return [entry for entry in seen if entry[1] != "multiply"], names

    _, names = agree(scenario_of_layers)
    assert names == ["in", "d1", "d1_drop", "d2", "d2_drop"]


def test_the_same_layers_may_be_used_again() -> None:
    model = functional(keras)
    clone = clone_model(model, clone_function=lambda layer: layer)
    assert clone is not model and clone.get_layer("d1") is model.get_layer("d1")
    assert values(clone(X)) == values(model(X))


@pytest.mark.oracle
@pytest.mark.parametrize("recursive", [False, True])
def test_inner_models_are_cloned_as_in_keras(recursive: bool) -> None:
    def scenario(k: Any) -> Any:
        inner = functional(k)
        x = k.Input((3,))
        outer = k.Model(x, k.Sequential([k.Input((2,)), k.layers.Dense(2, name="s")], name="stack")(inner(x)))
        seen: list[str] = []

        def clone(layer: Any) -> Any:
            seen.append(layer.name)
            return type(layer).from_config(layer.get_config())

        k.models.clone_model(outer, clone_function=clone, recursive=recursive)
        return seen

    assert ("d1" in agree(scenario)) == recursive


def test_a_clone_is_built_on_given_tensors() -> None:
    x = keras.Input((3,), name="mine")
    assert clone_model(functional(keras), input_tensors=x).input is x
    assert clone_model(sequential(keras), input_tensors=[x]).output_shape == (None, 4)


def test_a_compiled_model_gives_a_compiled_clone(backend: str) -> None:
    def squared(y: Any, p: Any) -> Any:
        return ops.mean(ops.square(y - p), axis=-1)

    for model in (functional(keras), sequential(keras)):
        model.compile(
            keras.optimizers.SGD(0.125), squared, metrics=[keras.metrics.MeanAbsoluteError(name="m")]
        )
        clone = clone_model(model)
        clone.set_weights(model.get_weights())
        y = np.zeros((2, model.output_shape[-1]))
        assert clone.optimizer is not model.optimizer
        first, second = (m.fit(X, y, epochs=2, verbose=0).history for m in (model, clone))
        assert first.keys() == second.keys() == {"loss", "m"}
        for key, expected in first.items():
            np.testing.assert_allclose(second[key], expected, rtol=1e-5)


class Net(keras.Model):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = layers.Dense(units)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


def test_a_subclassed_model_is_cloned_by_its_config() -> None:
    clone = clone_model(Net(3, name="n"))
    assert type(clone) is Net and clone.name == "n" and clone.dense.units == 3


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        (lambda: Net(3), {"clone_function": lambda layer: layer}),
        (lambda: sequential(keras), {"call_function": lambda layer, x: layer(x)}),
        (lambda: sequential(keras), {"input_tensors": [X]}),
        (lambda: functional(keras), {"input_tensors": [X]}),
        (lambda: functional(keras), {"nonsense": 1}),
        (lambda: layers.Dense(2), {}),
    ],
)
def test_arguments_that_do_not_fit_are_value_errors(model: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        clone_model(model(), **arguments)
