"""What fit, evaluate and the methods for one batch return, and which data they take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import layerlab as keras
from layerlab import ops
from tests.training.models import classes, classifier, compiled_classifier, regression


class Fixed(keras.layers.Layer):
    """One weight per feature; with mean squared error, losses can be worked out by hand."""

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight(shape=(input_shape[-1], 1), initializer="ones", name="w")

    def call(self, inputs: Any) -> Any:
        return ops.matmul(inputs, self.w)


def sum_model(**arguments: Any) -> Any:
    """Predicts the sum of its 4 inputs at first."""
    inputs = keras.Input((4,))
    model = keras.Model(inputs, Fixed(name="sum")(inputs))
    model.compile(keras.optimizers.SGD(0.01), **{"loss": "mse", **arguments})
    return model


def test_evaluate_gives_a_number_a_list_or_a_dict(backend: str) -> None:
    x, y = regression(10)
    error = x.sum(axis=1, keepdims=True) - y
    mse, mae = float((error**2).mean()), float(np.abs(error).mean())

    alone = sum_model()
    assert alone.metrics_names == []
    assert alone.evaluate(x, y, batch_size=4, verbose=0) == pytest.approx(mse, rel=1e-4)
    assert alone.metrics_names == ["loss"]
    model = sum_model(metrics=["mae"])
    assert model.evaluate(x, y, batch_size=4, verbose=0) == pytest.approx([mse, mae], rel=1e-4)
    assert model.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(
        {"loss": mse, "mae": mae}, rel=1e-4
    )
    assert model.metrics_names == ["loss", "mae"]


def test_one_batch_methods_tell_of_that_batch_alone(backend: str) -> None:
    x, y = regression(8)
    model = sum_model(metrics=["mae"])
    error = x.sum(axis=1, keepdims=True) - y
    before = model.get_weights()[0]

    first = model.test_on_batch(x[:4], y[:4], return_dict=True)
    second = model.train_on_batch(x[4:].tolist(), y[4:].tolist())

    assert first == pytest.approx(
        {"loss": float((error[:4] ** 2).mean()), "mae": float(np.abs(error[:4]).mean())}, rel=1e-4
    )
    assert second == pytest.approx(
        [float((error[4:] ** 2).mean()), float(np.abs(error[4:]).mean())], rel=1e-4
    )
    np.testing.assert_allclose(
        model.get_weights()[0], before - 0.01 * 2 * x[4:].T @ error[4:] / 4, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(model.predict_on_batch(x), x @ model.get_weights()[0], rtol=1e-4, atol=1e-5)
    assert int(model.optimizer.iterations) == 1


def test_weights_of_samples_and_of_classes_multiply(backend: str) -> None:
    x, y = regression(4)
    squared = ((x.sum(axis=1, keepdims=True) - y) ** 2)[:, 0]
    model = sum_model()

    weighted = model.test_on_batch(x, y, sample_weight=[1, 2, 0, 1])

    assert weighted == pytest.approx(float((squared * [1, 2, 0, 1]).sum() / 4), rel=1e-4)
    labels = np.array([0, 1, 1, 0])
    both = sum_model().train_on_batch(x, labels, sample_weight=[1, 2, 0, 1], class_weight={1: 3.0})
    error = (x.sum(axis=1) - labels) ** 2
    assert both == pytest.approx(float((error * [1, 6, 0, 1]).sum() / 4), rel=1e-4)


class Batches(keras.Model):
    """Notes the first column of each training batch in place of training."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[float]] = []
        self.dense = keras.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, *_ = data
        self.seen.append([float(value) for value in x[:, 0]])
        return {"loss": ops.sum(x) * 0.0}


@pytest.fixture
def seen() -> Any:
    """fit on numbered samples -> the numbers, batch by batch. The order does not depend on the back end."""

    def run(samples: int = 10, **arguments: Any) -> list[list[float]]:
        model = Batches()
        model.compile(loss="mse", run_eagerly=True)
        x = np.arange(samples, dtype="float32")[:, None]
        model.fit(x, x, batch_size=3, verbose=0, **arguments)
        return model.seen

    keras.utils.set_random_seed(0)
    return run


def joined(batches: list[list[float]]) -> list[float]:
    return [value for batch in batches for value in batch]


def test_without_shuffling_batches_come_in_order_and_the_last_is_smaller(seen: Any) -> None:
    assert seen(shuffle=False) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


def test_shuffling_orders_the_samples_anew_in_each_epoch(seen: Any) -> None:
    batches = seen(epochs=2)

    first, second = joined(batches[:4]), joined(batches[4:])
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert first != list(range(10))


def test_shuffling_batches_keeps_each_together(seen: Any) -> None:
    batches = seen(22, shuffle="batch")

    assert sorted(batches[:-1]) == [[3 * i, 3 * i + 1, 3 * i + 2] for i in range(7)]
    assert batches[:-1] != sorted(batches[:-1])
    assert batches[-1] == [21]


def test_the_split_for_validation_is_taken_before_shuffling(seen: Any) -> None:
    assert sorted(joined(seen(validation_split=0.4))) == [0, 1, 2, 3, 4, 5]


def test_steps_per_epoch_goes_on_where_the_last_epoch_ended(seen: Any) -> None:
    batches = seen(shuffle=False, epochs=3, steps_per_epoch=2)

    assert batches == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9], [0, 1, 2], [3, 4, 5]]


def test_every_validation_sees_the_same_batches(backend: str) -> None:
    x, y = regression(12)
    model = sum_model()
    model.optimizer.learning_rate = 0.0

    history = model.fit(
        x, y, epochs=3, verbose=0, validation_data=(x, y), validation_batch_size=5, validation_steps=1
    ).history

    first = float(((x[:5].sum(axis=1, keepdims=True) - y[:5]) ** 2).mean())
    assert history["val_loss"] == pytest.approx([first] * 3, rel=1e-4)


def test_epochs_are_numbered_from_the_initial_one_and_validated_when_asked() -> None:
    x, y = regression(6)
    model = sum_model()

    history = model.fit(
        x, y, initial_epoch=2, epochs=6, validation_data=(x, y), validation_freq=[3, 6], verbose=0
    )

    assert history.epoch == [2, 3, 4, 5]
    assert len(history.history["loss"]) == 4
    assert len(history.history["val_loss"]) == 2
    assert (
        len(
            model.fit(x, y, epochs=4, validation_data=(x, y), validation_freq=2, verbose=0).history[
                "val_loss"
            ]
        )
        == 2
    )
    assert model.fit(x, y, epochs=0, verbose=0).history == {}


class Pairs(keras.utils.PyDataset):
    """Three batches of 4; counts its epochs."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = self.ended = 0

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = regression(12)
        return x[4 * index : 4 * index + 4], y[4 * index : 4 * index + 4]

    def on_epoch_begin(self) -> None:
        self.begun += 1

    def on_epoch_end(self) -> None:
        self.ended += 1


def test_all_kinds_of_data_train_alike(backend: str) -> None:
    x, y = regression(12)
    batches = [(x[i : i + 4], y[i : i + 4]) for i in (0, 4, 8)]
    frame = pd.DataFrame(x, columns=list("abcd"))
    dataset = Pairs()
    model = sum_model(metrics=["mae"])
    first = model.get_weights()

    def weights_after(*data: Any, **arguments: Any) -> np.ndarray:
        model.set_weights(first)
        model.fit(*data, batch_size=None, epochs=1, shuffle=False, verbose=0, **arguments)
        return model.get_weights()[0]

    expected = weights_after(batches)
    assert not np.array_equal(expected, first[0])
    for given in ((iter(batches),), (dataset,), ((pair for pair in batches * 2),)):
        steps = {"steps_per_epoch": 3} if given[0] is not dataset else {}
        np.testing.assert_allclose(weights_after(*given, **steps), expected, atol=1e-6)
    assert dataset.begun == dataset.ended == 1
    for given_x, given_y in (
        (frame, pd.Series(y[:, 0])),
        (x.tolist(), y.tolist()),
        ([x], [y]),
        ({"input_layer": x}, y),
    ):
        model.set_weights(first)
        model.fit(given_x, given_y, batch_size=4, shuffle=False, verbose=0)
        np.testing.assert_allclose(model.get_weights()[0], expected, atol=1e-6)


def test_inputs_and_outputs_can_be_named(backend: str) -> None:
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    total = keras.layers.Add(name="total")([a, b])
    model = keras.Model({"a": a, "b": b}, {"total": total, "first": keras.layers.Identity(name="first")(a)})
    model.compile(loss={"total": "mse", "first": "mae"})
    data = {"b": np.ones((3, 2)), "a": np.zeros((3, 2))}

    results = model.evaluate(
        data, {"first": np.ones((3, 2)), "total": np.zeros((3, 2))}, verbose=0, return_dict=True
    )

    assert results == {"loss": 2.0, "total_loss": 1.0, "first_loss": 1.0}
    predicted = model.predict(data, verbose=0)
    assert {name: value.tolist() for name, value in predicted.items()} == {
        "total": [[1.0, 1.0]] * 3,
        "first": [[0.0, 0.0]] * 3,
    }


def test_a_custom_step_may_report_metrics_and_variables_as_they_are(backend: str) -> None:
    class Custom(keras.Model):
        def train_step(self, data: Any) -> dict[str, Any]:
            super().train_step(data)
            return {
                **{metric.name: metric.result() for metric in self.metrics},  # a dict for compile's metrics
                "rate": self.optimizer.learning_rate,
                "steps": self.optimizer.iterations,
            }

    inputs = keras.Input((4,))
    model = Custom(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    events: list[Any] = []
    listener = keras.callbacks.Callback()
    listener.on_event = events.append

    history = model.fit(*classes(12), batch_size=4, verbose=0, callbacks=[listener]).history

    assert sorted(history) == ["accuracy", "loss", "rate", "steps"]
    assert history["rate"] == [0.5]
    told = [value for event in events if event.type == "steps_finished" for value in event.logs["steps"]]
    assert told == [1.0, 2.0, 3.0]  # each step's own, though the next steps change the variable


def test_an_inner_compiled_model_keeps_its_loss_to_itself(backend: str) -> None:
    inner = sum_model()
    inputs = keras.Input((4,))
    model = keras.Model(inputs, inner(inputs))
    model.compile(loss="mse")
    x, y = regression(6)

    error = x.sum(axis=1, keepdims=True) - y
    assert model.evaluate(x, y, verbose=0) == pytest.approx(float((error**2).mean()), rel=1e-4)


def test_what_a_wrong_y_decided_is_forgotten(backend: str) -> None:
    x, y = classes(9)
    model = classifier()
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
        model.fit(x, y, verbose=0)

    one_hot = np.eye(3)[y]
    accuracy = model.evaluate(x, one_hot, verbose=0, return_dict=True)["accuracy"]

    assert accuracy == pytest.approx((model.predict(x, verbose=0).argmax(1) == y).mean())


def test_a_frozen_layer_stays_as_it_is(backend: str) -> None:
    x, y = classes(8)
    model = compiled_classifier()
    model.fit(x, y, verbose=0)
    model.layers[1].trainable = False
    frozen, trained = model.layers[1].get_weights(), model.layers[2].get_weights()

    model.fit(x, y, verbose=0)

    for before, after in zip(frozen, model.layers[1].get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert not np.array_equal(trained[0], model.layers[2].get_weights()[0])
