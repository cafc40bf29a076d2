"""Copies by pickle, copy.deepcopy, joblib and cloudpickle: they predict the same, and train on the same."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops

X = np.random.default_rng(1).normal(size=(12, 4, 3)).astype("float32")
Y = np.random.default_rng(2).normal(size=(12, 2)).astype("float32")


def by_joblib(value: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(value, file)
    file.seek(0)
    return joblib.load(file)


def by_cloudpickle(value: Any) -> Any:
    return pickle.loads(pytest.importorskip("cloudpickle").dumps(value))


WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "old pickle": lambda value: pickle.loads(pickle.dumps(value, protocol=2)),
    "deepcopy": copy.deepcopy,
    "joblib": by_joblib,
    "cloudpickle": by_cloudpickle,
}


class Scaled(layers.Layer):
    """A layer of a user, with a list of layers and a metric."""

    def __init__(self, factor: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        self.inside = [layers.Dense(3), layers.LayerNormalization()]
        self.seen = keras.metrics.Mean(name="seen")

    def call(self, inputs: Any, training: bool = False) -> Any:
        for layer in self.inside:
            inputs = layer(inputs)
        self.add_loss(0.01 * ops.mean(inputs**2))
        if training:
            self.seen.update_state(ops.mean(inputs))
        return inputs * self.factor


class Subclass(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="sub")
        self.parts = {"a": Scaled(0.5), "b": layers.SimpleRNN(2)}
        self.drop = layers.Dropout(0.3)

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.parts["b"](self.drop(self.parts["a"](inputs), training=training))


def functional() -> Any:
    """A shared layer, an inner model, ops with numbers, a symbolic loss, dropout."""
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3, activation="tanh")], name="inner")
    inputs = keras.Input((4, 3), name="x")
    shared = layers.Dense(3, name="shared", kernel_regularizer="l2", kernel_constraint="max_norm")
    hidden = shared(inputs) * 2.0 + ops.relu(shared(inputs[:, ::-1]))
    hidden = layers.TimeDistributed(inner)(layers.Dropout(0.4)(hidden))
    hidden = layers.BatchNormalization()(layers.Flatten()(hidden))
    model = keras.Model(inputs, layers.Dense(2, name="out")(hidden), name="graph")
    model.add_loss(ops.mean(ops.abs(hidden)))
    return model


MODELS: dict[str, Callable[[], Any]] = {"functional": functional, "subclass": Subclass}


def trained(name: str) -> Any:
    model = MODELS[name]()
    optimizer = keras.optimizers.AdamW(0.01, use_ema=True, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, keras.losses.Huber(), metrics=["mae", keras.metrics.R2Score()])
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    return model


numbers = ops.convert_to_numpy


def state(model: Any) -> list[Any]:
    """All numbers of a model, its optimizer and its metrics, and their names."""
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [(variable.path, variable.numpy().tobytes()) for variable in variables]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_copies_of_a_trained_model_predict_and_train_on_bit_for_bit(backend: str, name: str) -> None:
    model = trained(name)
    copies = {way: copied(model) for way, copied in WAYS.items()}
    for way, other in copies.items():
        assert type(other) is type(model) and state(other) == state(model), way
        assert not {id(v) for v in other.variables} & {id(v) for v in model.variables}, way
        assert np.array_equal(numbers(other(X)), numbers(model(X))), way
    # The numbers of how it went on are those of the original; of copies of copies too.
    other = copies["pickle"] = copy.deepcopy(copies["pickle"])
    logs = []
    for one in (model, other):
        keras.utils.set_random_seed(3)
        logs.append(one.fit(X, Y, batch_size=4, epochs=2, verbose=0).history)
    assert logs[0] == logs[1] and state(other) == state(model)
    assert state(copies["deepcopy"]) != state(model)  # which trained on, and left its copies alone
    assert state(copies["deepcopy"]) == state(copies["joblib"])


def test_a_model_used_in_predict_and_evaluate_alone_is_copied(backend: str) -> None:
    model = keras.Sequential([layers.Dense(2)])
    expected = model.predict(X, verbose=0)
    for way, copied in WAYS.items():
        assert np.array_equal(numbers(copied(model)(X)), expected), way


def test_a_history_and_callbacks_are_copied(backend: str, tmp_path: Any) -> None:
    model = keras.Sequential([keras.Input((4, 3)), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    callbacks = [
        keras.callbacks.EarlyStopping(monitor="loss", patience=3, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="loss"),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.ModelCheckpoint(tmp_path / "m.keras", save_freq=100),
        keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        keras.callbacks.TerminateOnNaN(),
    ]
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=callbacks)
    for way, copied in WAYS.items():
        other, *others = copied([history, *callbacks])
        assert other.history == history.history and other.epoch == [0, 1], way
        assert other.model is others[0].model is not model, way
        assert others[0].best == callbacks[0].best and others[0].wait == callbacks[0].wait, way  # type: ignore[attr-defined]
    again = other.model.fit(X, Y, epochs=3, initial_epoch=2, verbose=0, callbacks=[other, *others])
    assert again is other and len(again.history["loss"]) == 3
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 2  # the copy has begun it anew


def test_parts_are_copied_alone(backend: str) -> None:
    model = functional()
    out = model.get_layer("out")
    for way, copied in WAYS.items():
        other = copied(out)
        assert [v.path for v in other.weights] == [v.path for v in out.weights], way
        assert np.array_equal(other.get_weights()[0], out.get_weights()[0]), way
        with pytest.raises(AttributeError, match="never called"):
            _ = other.input  # it is in no graph
        for part in (keras.metrics.AUC(), keras.losses.MeanSquaredError(), keras.initializers.HeNormal(3)):
            assert copied(part).get_config() == part.get_config(), way
        variable = copied(keras.Variable([1.0, 2.0], dtype="bfloat16", trainable=False, name="v"))
        assert (variable.name, variable.dtype, variable.trainable) == ("v", "bfloat16", False)
        assert np.asarray(variable.numpy(), "float32").tolist() == [1.0, 2.0]
        two = copied([model, keras.Model(model.input, model.get_layer("shared").output)])
        assert two[1].layers[-1] is two[0].get_layer("shared"), way  # shared layers are shared by the copies


def test_a_copy_has_the_graph_of_the_model(backend: str) -> None:
    model = functional()
    other = pickle.loads(pickle.dumps(model))
    assert other.to_json() == model.to_json()
    assert [tensor.name for tensor in other.inputs] == [tensor.name for tensor in model.inputs]
    part = keras.Model(other.input, other.get_layer("shared").output)
    expected = keras.Model(model.input, model.get_layer("shared").output)
    assert np.array_equal(numbers(part(X)), numbers(expected(X)))
    # What is made from the copy's tensors does not touch the original.
    count = len(model.get_layer("out")._outbound_nodes)
    keras.Model(other.input, layers.Dense(1)(other.output))
    assert len(model.get_layer("out")._outbound_nodes) == count


def test_deep_graphs_are_copied(backend: str) -> None:
    """A chain longer than Python's stack is deep."""
    inputs = keras.Input((1,))
    hidden = inputs
    for _ in range(300):
        hidden = hidden + 1.0
    model = keras.Model(inputs, hidden)
    for copied in (WAYS["pickle"], copy.deepcopy):
        assert numbers(copied(model)(np.zeros((1, 1), "float32"))).tolist() == [[300.0]]


def test_weights_made_after_a_copy_was_read_come_after_its_own(backend: str) -> None:
    layer = layers.Dense(2)
    layer.build((None, 3))
    other = pickle.loads(pickle.dumps(layer))
    other.late = keras.Variable([1.0], name="late")
    assert [v.name for v in other.weights] == ["kernel", "bias", "late"]


_WRITE = """
import pickle, sys, numpy as np, layerlab as keras
keras.config.set_backend(sys.argv[2])
class Mine(keras.layers.Layer):
    def build(self, input_shape):
        super().build(input_shape)
        self.w = self.add_weight(shape=(input_shape[-1],), initializer="random_normal", name="w")
    def call(self, inputs):
        return inputs * self.w
model = keras.Sequential([keras.Input((3,)), Mine(), keras.layers.Dense(1, activation=lambda x: x * 2)])
model.compile("adam", lambda y, p: keras.ops.mean((y - p) ** 2))
x = np.arange(6, dtype="float32").reshape(2, 3)
model.fit(x, x[:, :1], verbose=0)
import cloudpickle
with open(sys.argv[1], "wb") as file:
    cloudpickle.dump((model, model.predict(x, verbose=0)), file)
"""


@pytest.mark.slow
def test_a_model_goes_with_its_classes_to_another_process_and_back_end(backend: str, tmp_path: Any) -> None:
    """As process pools send it: what a notebook defined is in the pickle."""
    pytest.importorskip("cloudpickle")
    path = tmp_path / "model.pickle"
    other = {"jax": "torch", "torch": "jax"}[backend]
    subprocess.run([sys.executable, "-c", _WRITE, str(path), other], check=True, timeout=120)
    model, expected = pickle.loads(path.read_bytes())
    x = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)
    before = model.get_weights()
    model.fit(x, x[:, :1], verbose=0)
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
