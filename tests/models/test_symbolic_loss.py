"""add_loss with tensors of a functional model's graph."""

import numpy as np
import pytest

import layerlab as keras
from layerlab import ops

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")


def build():
    """A model whose loss goes through a layer that its outputs do not need."""
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(2, name="hidden")(inputs)
    model = keras.Model(inputs, hidden, name="net")
    model.add_loss(ops.mean(ops.square(keras.layers.Dense(1, name="critic")(hidden))))
    return model


def value(model):
    hidden = X @ model.get_layer("hidden").kernel.numpy()
    return float(np.mean((hidden @ model.get_layer("critic").kernel.numpy()) ** 2))


def test_the_loss_is_computed_anew_for_each_batch_and_trains_the_layers_on_its_way(backend):
    model = build()
    assert [layer.name for layer in model.layers][1:] == ["hidden", "critic"]
    model.compile("sgd")
    expected = value(model)
    assert model.evaluate(X, verbose=0) == pytest.approx(expected, rel=1e-4)
    critic = model.get_layer("critic").kernel.numpy()
    assert model.fit(X, batch_size=12, verbose=0).history["loss"] == [pytest.approx(expected, rel=1e-4)]
    assert not np.allclose(critic, model.get_layer("critic").kernel.numpy())
    assert value(model) < expected
    model.add_loss(ops.sum(model.output) * 0.0 + 5.0)  # a second one is added to the first
    assert model.evaluate(X, verbose=0) == pytest.approx(value(model) + 5.0, rel=1e-4)


@pytest.mark.parametrize(
    "copy", [lambda m: keras.Model.from_config(m.get_config()), keras.models.clone_model]
)
def test_a_copy_has_the_loss_too(backend, copy):
    model = build()
    twin = copy(model)
    twin.set_weights(model.get_weights())
    twin.compile("sgd")
    assert twin.evaluate(X, verbose=0) == pytest.approx(value(model), rel=1e-4)


def test_what_is_no_scalar_or_of_another_graph_is_refused(backend):
    model = build()
    with pytest.raises(ValueError, match="scalars"):
        model.add_loss(model.output)
    with pytest.raises(ValueError, match="disconnected"):
        model.add_loss(ops.sum(keras.Input((4,))))
    with pytest.raises(NotImplementedError, match="no graph"):
        keras.Sequential([keras.layers.Dense(1)]).add_loss(ops.sum(keras.Input((4,))))
    model.compile("sgd")
    assert model.evaluate(X, verbose=0) == pytest.approx(value(model), rel=1e-4)
