"""The stateless_ methods take Variables in place of their values, as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops

number = ops.convert_to_numpy


def test_metrics_take_their_own_variables(backend: str) -> None:
    metric = keras.metrics.Mean()
    metric.update_state([1.0, 3.0])
    values = metric.stateless_update_state(metric.variables, [8.0])
    assert [float(number(value)) for value in values] == [12.0, 3.0]
    assert float(number(metric.stateless_result(metric.variables))) == 2.0
    assert float(number(metric.stateless_result(values))) == 4.0  # arrays as ever
    assert float(number(metric.result())) == 2.0  # the metric is as it was
    as_numpy = [np.array(6.0), np.array(2.0)]  # of another dtype than the variables
    assert float(number(metric.stateless_result(as_numpy))) == 3.0


def test_optimizers_take_their_own_variables_and_those_of_the_model(backend: str) -> None:
    weight = keras.Variable([1.0, 2.0], name="w")
    optimizer = keras.optimizers.SGD(0.5, momentum=0.5)
    optimizer.build([weight])
    trained, own = optimizer.stateless_apply(optimizer.variables, [ops.array([2.0, 4.0])], [weight])
    assert number(trained[0]).tolist() == [0.0, 0.0]
    trained, own = optimizer.stateless_apply(own, [ops.array([2.0, 4.0])], trained)
    assert number(trained[0]).tolist() == [-1.5, -3.0]
    assert weight.numpy().tolist() == [1.0, 2.0] and int(optimizer.iterations.numpy()) == 0


def test_layers_and_models_take_their_own_variables(backend: str) -> None:
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(1, "relu", kernel_initializer="ones"), layers.Dropout(0.5)]
    )
    x = np.array([[1.0, 2.0]], "float32")
    outputs, others = model.stateless_call(model.trainable_variables, model.non_trainable_variables, x)
    assert number(outputs).tolist() == [[3.0]] and len(others) == 1
    model.compile("sgd", "mse", metrics=["mae"])
    model.train_on_batch(x, np.array([[5.0]]))
    before = model.get_weights()
    loss, state = model.stateless_compute_loss(
        model.trainable_variables,
        model.non_trainable_variables,
        model.metrics_variables,
        x=x,
        y=np.array([[5.0]]),
        y_pred=np.array([[3.0]]),
    )
    assert float(number(loss)) == 4.0 and [len(part) for part in state] == [
        2,
        1,
        len(model.metrics_variables),
    ]
    assert not any(isinstance(value, keras.Variable) for part in state for value in part)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))


@pytest.mark.parametrize("values", [[1.0], [1.0, [2.0, 3.0]]])
def test_values_that_do_not_fit_are_told(backend: str, values: list[Any]) -> None:
    metric = keras.metrics.Mean(name="m")
    with pytest.raises(ValueError, match=r"Metric 'm'(.|\n)*Expected: (one for each|shape \(\))"):
        metric.stateless_result(values)
