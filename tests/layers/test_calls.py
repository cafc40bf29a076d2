"""What layers do in a model's life beyond numbers: masks, states, randomness, and errors that help."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from layerlab import config, initializers, layers
from layerlab.backend.active import backend as active
from layerlab.core.masking import get_mask
from layerlab.core.naming import reset_names
from layerlab.core.state import StateScope
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import ShapeError, UnsupportedError


def to_numpy(x: Any) -> np.ndarray:
    return active().to_numpy(x)


def floats(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# -- masks -------------------------------------------------------------------------------------------


def test_embedding_mask_reaches_the_lstm_behind_it(backend: str) -> None:
    tokens = np.array([[3, 1, 0, 0]])
    embedding, lstm = layers.Embedding(5, 3, mask_zero=True), layers.LSTM(2)
    masked = to_numpy(lstm(embedding(tokens)))
    short = to_numpy(lstm(embedding(tokens[:, :2])))
    np.testing.assert_allclose(masked, short, rtol=1e-6)


def test_masking_marks_steps_whose_features_equal_the_value(backend: str) -> None:
    x = np.array([[[1.0, 2.0], [0.0, 0.0], [0.0, 3.0]]], "float32")
    assert to_numpy(get_mask(layers.Masking()(x))).tolist() == [[True, False, True]]


def test_masks_pass_through_layers_that_keep_time(backend: str) -> None:
    x = layers.Masking()(np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32"))
    for layer in (
        layers.Dense(3),
        layers.Dropout(0.5),
        layers.LayerNormalization(),
        layers.Activation("relu"),
    ):
        assert to_numpy(get_mask(layer(x))).tolist() == [[True, False]]


def test_masks_end_where_time_ends(backend: str) -> None:
    x = layers.Masking()(np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32"))
    assert get_mask(layers.LSTM(2)(x)) is None
    assert get_mask(layers.GlobalAveragePooling1D()(x)) is None
    assert to_numpy(get_mask(layers.LSTM(2, return_sequences=True)(x))).tolist() == [[True, False]]


def test_a_layer_that_drops_a_mask_says_so(backend: str) -> None:
    x = layers.Masking()(np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32"))
    with pytest.warns(UserWarning, match="does not support masking"):
        layers.Flatten()(x)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [(layers.Add, [True, True]), (layers.Concatenate, [True, True]), (layers.Maximum, [True, True])],
)
def test_merged_masks_let_through_what_any_input_has(backend: str, layer: Any, expected: list[bool]) -> None:
    first = layers.Masking()(np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32"))
    second = layers.Masking()(np.array([[[0.0, 0.0], [1.0, 5.0]]], "float32"))
    assert to_numpy(get_mask(layer()([first, second]))).tolist() == [expected]


def test_maximum_leaves_masked_steps_out(backend: str) -> None:
    first = layers.Masking()(np.array([[[-1.0, -2.0], [0.0, 0.0]]], "float32"))
    second = layers.Masking()(np.array([[[-3.0, -1.0], [-4.0, -5.0]]], "float32"))
    assert to_numpy(layers.Maximum()([first, second])).tolist() == [[[-1.0, -1.0], [-4.0, -5.0]]]


def test_a_symbolic_embedding_passes_a_symbolic_mask_on(backend: str) -> None:
    tokens = layers.Input((4,), dtype="int32")
    mask = get_mask(layers.Embedding(5, 3, mask_zero=True)(tokens))
    assert isinstance(mask, KerasTensor)
    assert mask.shape == (None, 4)


# -- training, randomness, states ------------------------------------------------------------------------


def test_dropout_keeps_the_mean_and_drops_the_rate(backend: str) -> None:
    y = to_numpy(layers.Dropout(0.25, seed=1)(np.ones((100, 100), "float32"), training=True))
    assert abs((y == 0).mean() - 0.25) < 0.02
    assert abs(y.mean() - 1) < 0.03
    assert np.allclose(y[y != 0], 1 / 0.75)


def test_dropout_draws_anew_each_time_and_the_same_from_the_same_seed(backend: str) -> None:
    x = np.ones((10, 10), "float32")
    first, second = layers.Dropout(0.5, seed=3), layers.Dropout(0.5, seed=3)
    draws = [to_numpy(first(x, training=True)) for _ in range(2)]
    assert not np.array_equal(*draws)
    assert np.array_equal(draws[0], to_numpy(second(x, training=True)))


def test_spatial_dropout_drops_whole_features(backend: str) -> None:
    y = to_numpy(layers.SpatialDropout1D(0.5, seed=1)(np.ones((4, 6, 8), "float32"), training=True))
    assert ((y == 0).all(axis=1) | (y != 0).all(axis=1)).all()


def test_alpha_dropout_keeps_mean_and_variance(backend: str) -> None:
    y = to_numpy(layers.AlphaDropout(0.3, seed=1)(floats(300, 300), training=True))
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02


def test_gaussian_noise_has_the_stated_deviation(backend: str) -> None:
    y = to_numpy(layers.GaussianNoise(0.5, seed=1)(np.zeros((200, 200), "float32"), training=True))
    assert abs(y.std() - 0.5) < 0.01


def test_recurrent_dropout_uses_one_pattern_for_all_steps(backend: str) -> None:
    layer = layers.SimpleRNN(
        3, activation="linear", dropout=0.5, return_sequences=True, use_bias=False, seed=2
    )
    x = np.ones((1, 6, 4), "float32")
    layer.build((None, 6, 4))
    layer.set_weights([np.eye(4, 3, dtype="float32"), np.zeros((3, 3), "float32")])
    y = to_numpy(layer(x, training=True))
    assert (y == y[:, :1]).all()


def test_batch_normalization_writes_statistics_into_the_open_scope_only(backend: str) -> None:
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    with StateScope() as scope:
        layer(floats(8, 3), training=True)
    assert {v.name for v in scope.assigned()} == {"moving_mean", "moving_variance"}
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0, 0.0]


def test_a_frozen_batch_normalization_keeps_its_statistics(backend: str) -> None:
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    layer.trainable = False
    layer(floats(8, 3), training=True)
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0, 0.0]


@pytest.mark.slow
def test_a_stateful_lstm_goes_on_where_it_stopped(backend: str) -> None:
    x = floats(2, 6, 3)
    reset_names()
    whole = layers.LSTM(4)
    expected = to_numpy(whole(x))
    parts = layers.LSTM(4, stateful=True)
    parts.build((2, 3, 3))
    parts.set_weights(whole.get_weights())
    parts(x[:, :3])
    np.testing.assert_allclose(to_numpy(parts(x[:, 3:])), expected, rtol=1e-5)
    parts.reset_state()
    np.testing.assert_allclose(to_numpy(parts(x)), expected, rtol=1e-5)
    assert len(parts.weights) == 3


def test_an_own_cell_runs_inside_rnn(backend: str) -> None:
    class Sum(layers.Layer):
        state_size = 3

        def call(self, inputs: Any, states: Any) -> Any:
            total = states[0] + inputs
            return total, [total]

    x = floats(2, 5, 3)
    y = layers.RNN(Sum(), return_sequences=True)(x)
    np.testing.assert_allclose(to_numpy(y), np.cumsum(x, axis=1), rtol=1e-5)


def test_a_cell_can_be_called_by_itself(backend: str) -> None:
    cell, x = layers.GRUCell(4), floats(2, 3)
    output, states = cell(x, [np.zeros((2, 4), "float32")])
    layer = layers.RNN(cell)
    np.testing.assert_allclose(to_numpy(layer(x[:, None])), to_numpy(output), rtol=1e-6)
    assert to_numpy(states[0]).shape == (2, 4)


def test_shape_of_an_rnn_on_unknown_time_is_told_without_running(backend: str) -> None:
    assert layers.LSTM(4, return_sequences=True)(layers.Input((None, 3))).shape == (None, None, 4)


@pytest.mark.slow
def test_spectral_normalization_makes_the_largest_singular_value_one(backend: str) -> None:
    layer = layers.SpectralNormalization(layers.Dense(4), power_iterations=50)
    layer(floats(2, 6), training=True)
    assert abs(np.linalg.svd(layer.layer.kernel.numpy())[1][0] - 1) < 1e-3  # type: ignore[attr-defined]


def test_lambda_gets_its_arguments_mask_and_training(backend: str) -> None:
    def scaled(x: Any, factor: float, training: bool) -> Any:
        return x * factor if training else x

    layer = layers.Lambda(scaled, arguments={"factor": 3.0})
    assert to_numpy(layer(np.ones((1, 1), "float32"), training=True)).item() == 3
    assert to_numpy(layer(np.ones((1, 1), "float32"))).item() == 1


def test_a_lambda_stored_as_bytecode_is_not_run() -> None:
    stored = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
    with pytest.raises(ValueError, match="was not run"):
        layers.Lambda.from_config({"name": "evil", "function": stored})


@pytest.mark.oracle
def test_weights_from_one_seed_are_those_of_keras(backend: str) -> None:
    layer = layers.Conv2D(2, 3, kernel_initializer=initializers.GlorotUniform(seed=5))
    layer.build((None, 8, 8, 1))
    expected = np.asarray(keras.initializers.GlorotUniform(seed=5)((3, 3, 1, 2)))
    np.testing.assert_allclose(layer.kernel.numpy(), expected, rtol=1e-6)


def test_channels_first_gives_what_channels_last_gives(backend: str) -> None:
    x = floats(2, 7, 6, 4)
    last = layers.Conv2D(3, 3, strides=2, padding="same")
    expected = to_numpy(last(x))
    first = layers.Conv2D(3, 3, strides=2, padding="same", data_format="channels_first")
    first.build((None, 4, 7, 6))
    first.set_weights(last.get_weights())
    found = np.moveaxis(to_numpy(first(np.moveaxis(x, -1, 1))), 1, -1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_functional_merges_are_the_layers(backend: str) -> None:
    x, y = floats(2, 3), floats(2, 3, seed=1)
    np.testing.assert_allclose(to_numpy(layers.add([x, y])), x + y, rtol=1e-6)
    np.testing.assert_allclose(to_numpy(layers.concatenate([x, y])), np.concatenate([x, y], -1))
    np.testing.assert_allclose(to_numpy(layers.dot([x, y], axes=1))[:, 0], (x * y).sum(-1), rtol=1e-5)
    assert layers.subtract([layers.Input((3,)), layers.Input((3,))]).shape == (None, 3)


@pytest.mark.slow
@pytest.mark.parametrize("axis", [-1, None, (1, 2)])
def test_normalization_learns_the_statistics_of_the_data(backend: str, axis: Any) -> None:
    x = floats(40, 3, 2) * 3 + 5
    whole, batches = layers.Normalization(axis=axis), layers.Normalization(axis=axis)
    whole.adapt(x)
    batches.adapt([x[:25], x[25:30], x[30:]])
    reduced = {-1: (0, 1), None: None, (1, 2): 0}[axis]
    for layer in (whole, batches):
        np.testing.assert_allclose(layer.adapt_mean.numpy(), x.mean(axis=reduced), rtol=1e-5)
        np.testing.assert_allclose(layer.adapt_variance.numpy(), x.var(axis=reduced), rtol=1e-5)
    np.testing.assert_allclose(to_numpy(whole(x)).mean(axis=reduced), 0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dense(3, activation="relu"),
        lambda: layers.Conv1D(3, 2, padding="causal"),
        lambda: layers.BatchNormalization(),
        lambda: layers.MaxPooling1D(),
        lambda: layers.LSTM(3, return_sequences=True),
        lambda: layers.Bidirectional(layers.GRU(3)),
        lambda: layers.LayerNormalization(),
    ],
)
def test_inference_on_numpy_gives_what_jax_gives(make: Any) -> None:
    x = floats(2, 6, 4)
    reset_names()
    layer = make()
    expected = to_numpy(layer(x))
    weights = layer.get_weights()
    config.set_backend("numpy")
    try:
        copy = make()
        copy.build((None, 6, 4))
        copy.set_weights(weights)
        found = to_numpy(copy(x))
    finally:
        config.set_backend("jax")
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


# -- errors ---------------------------------------------------------------------------------------------

BAD_ARGUMENTS = {
    "dense units": (lambda: layers.Dense(0), ["Dense", "units", "positive"]),
    "conv filters": (lambda: layers.Conv2D(-1, 3), ["Conv2D", "filters"]),
    "conv kernel": (lambda: layers.Conv2D(4, (3, 3, 3)), ["kernel_size", "2"]),
    "conv strides and dilation": (
        lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2),
        ["strides", "dilation"],
    ),
    "conv groups": (lambda: layers.Conv2D(4, 3, groups=3), ["groups=3", "4"]),
    "padding": (lambda: layers.Conv2D(4, 3, padding="smae"), ["smae", "Did you mean 'same'"]),
    "causal": (lambda: layers.Conv2D(4, 3, padding="causal"), ["causal"]),
    "dropout": (lambda: layers.Dropout(1.5), ["Dropout", "rate", "0 to 1", "1.5"]),
    "activation": (lambda: layers.Dense(3, activation="rleu"), ["rleu", "Did you mean 'relu'"]),
    "initializer": (
        lambda: layers.Dense(3, kernel_initializer="glorot_unifrom"),
        ["Did you mean 'glorot_uniform'"],
    ),
    "unknown argument": (lambda: layers.Dense(3, actvation="relu"), ["Dense", "actvation"]),
    "reshape": (lambda: layers.Reshape((-1, -1)), ["Reshape", "-1"]),
    "permute": (lambda: layers.Permute((0, 1)), ["Permute", "1, 2"]),
    "merge mode": (lambda: layers.Bidirectional(layers.GRU(2), merge_mode="cat"), ["cat", "concat"]),
    "input": (lambda: layers.Input(32), ["shape", "(32,)"]),
    "input twice": (lambda: layers.Input((3,), batch_shape=(2, 3)), ["shape", "batch_shape"]),
    "heads": (lambda: layers.GroupQueryAttention(4, 3, 2), ["multiple", "3 and 2"]),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_a_bad_argument_is_refused_by_the_constructor(name: str) -> None:
    make, words = BAD_ARGUMENTS[name]
    with pytest.raises(ValueError) as caught:
        make()
    assert all(word in str(caught.value) for word in words), str(caught.value)


BAD_SHAPES = {
    "dense": (lambda: layers.Dense(3, name="d"), (4, 6), (4, 5), ["d", "(4, 5)", "6"]),
    "conv rank": (lambda: layers.Conv2D(3, 3, name="c"), None, (4, 8, 8), ["c", "4 axes", "x[..., None]"]),
    "conv too small": (lambda: layers.Conv2D(3, 5, name="c"), None, (1, 3, 3, 1), ["c", "(5, 5)", "same"]),
    "conv groups": (
        lambda: layers.Conv2D(4, 3, groups=2, name="c"),
        None,
        (1, 8, 8, 3),
        ["c", "2 groups", "3"],
    ),
    "pool too small": (lambda: layers.MaxPooling2D(4, name="p"), None, (1, 3, 3, 1), ["p", "(4, 4)"]),
    "cropping": (lambda: layers.Cropping1D(2, name="c"), None, (1, 4, 2), ["c", "more than 4"]),
    "reshape": (lambda: layers.Reshape((4, 4), name="r"), None, (1, 12), ["r", "12 values"]),
    "add": (lambda: layers.Add(name="a"), None, [(2, 3), (2, 4)], ["a", "(2, 3), (2, 4)"]),
    "concatenate": (lambda: layers.Concatenate(name="a"), None, [(2, 3, 1), (2, 4, 1)], ["a", "axis -1"]),
    "dot": (lambda: layers.Dot(axes=1, name="a"), None, [(2, 3), (2, 4)], ["a", "3 and 4"]),
    "group norm": (
        lambda: layers.GroupNormalization(4, name="g"),
        None,
        (2, 3),
        ["g", "3 channels", "4 groups"],
    ),
    "einsum": (
        lambda: layers.EinsumDense("abc,cd->abd", (7, 5), name="e"),
        None,
        (2, 3, 4),
        ["'b'", "7", "3"],
    ),
}


@pytest.mark.parametrize("name", BAD_SHAPES)
def test_a_bad_shape_is_told_with_place_expectation_and_advice(name: str) -> None:
    make, first, shape, words = BAD_SHAPES[name]
    layer = make()
    if first is not None:
        layer(np.zeros(first, "float32"))
    arrays = (
        [np.zeros(s, "float32") for s in shape] if isinstance(shape, list) else np.zeros(shape, "float32")
    )
    with pytest.raises(ShapeError) as caught:
        layer(arrays)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_unknown_channels_are_told_to_be_given() -> None:
    with pytest.raises(ShapeError, match="must know the number of channels"):
        layers.Conv2D(3, 3)(layers.Input((8, 8, None)))


def test_what_is_not_supported_is_refused_with_advice() -> None:
    for make in (
        lambda: layers.Dense(3, lora_rank=2),
        lambda: layers.BatchNormalization(synchronized=True),
        lambda: layers.Input((3,), sparse=True),
        lambda: layers.LSTM(3, use_cudnn=True),
    ):
        with pytest.raises(UnsupportedError, match="leave"):
            make()


def test_a_stateful_rnn_asks_for_the_batch_size() -> None:
    with pytest.raises(ShapeError, match="batch_size"):
        layers.LSTM(3, stateful=True)(layers.Input((5, 2)))


def test_layers_serialize_under_the_names_of_keras() -> None:
    stored = layers.serialize(layers.GroupQueryAttention(4, 4, 2))
    assert (stored["module"], stored["class_name"]) == ("keras.layers", "GroupQueryAttention")
    assert type(layers.deserialize(stored)) is layers.GroupQueryAttention
