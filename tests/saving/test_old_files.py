"""HDF5 files as older Keras wrote them: weights, what was compiled, and how far the optimizer was."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from tests.helpers import tolerance
from tests.saving.old_files import (
    cudnn_weights,
    first,
    graph,
    gru,
    hard_sigmoid,
    layer,
    lstm,
    numbers,
    sequential,
    sigmoid,
    with_modules,
    write_archive,
    write_h5,
)

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

# -- the optimizer ---------------------------------------------------------------------------------------

KERNEL, BIAS = numbers(3, 1), numbers(1, seed=1)
M = [numbers(3, 1, seed=2), numbers(1, seed=3)]
V = [np.abs(numbers(3, 1, seed=4)), np.abs(numbers(1, seed=5))]
HATS = [value + 1 for value in V]
STEPS = 7
X, Y = numbers(4, 3, seed=6), numbers(4, 1, seed=7)
NAMES = ["dense/kernel", "dense/bias"]
COUNT = ("Adam/iter:0", np.int64(STEPS))


def gradients() -> list[np.ndarray]:
    """Of the mean squared error."""
    error = 2 * (X @ KERNEL + BIAS - Y) / len(X)
    return [X.T @ error, error.sum(0)]


def at_the_end(slots: dict[str, Sequence[Any]], count: Any = COUNT) -> Any:
    """tf.keras up to 2.10: one slot of all variables, then the next."""
    pairs = [
        (f"Adam/{v}/{slot}:0", a)
        for slot, arrays in slots.items()
        for v, a in zip(NAMES, arrays, strict=True)
    ]
    return [count, *pairs]


def by_turns(slots: dict[str, Sequence[Any]], turning: int = 2) -> Any:
    """tf.keras from 2.11 on: the first slots by turns, then the others."""
    items = list(slots.items())
    turns = [(f"Adam/{slot}/{NAMES[k]}:0", arrays[k]) for k in range(2) for slot, arrays in items[:turning]]
    rest = [(f"Adam/{slot}/{NAMES[k]}:0", arrays[k]) for slot, arrays in items[turning:] for k in range(2)]
    return [("iteration:0", np.int64(STEPS)), ("learning_rate:0", np.float32(9.0)), *turns, *rest]


def without_names(*groups: Sequence[Any], count: bool = True) -> Any:
    """Keras 2.0 to 2.2: `Variable_3`."""
    arrays = [array for group in groups for array in group]
    named = [(f"training/Adam/Variable{f'_{k}' if k else ''}:0", array) for k, array in enumerate(arrays)]
    return [*([("Adam/iterations:0", np.int64(STEPS))] if count else []), *named]


def loaded(tmp_path: Path, version: str, name: str, config: dict[str, Any], optimizer: Any) -> Any:
    model = sequential(
        layer("Dense", "dense", units=1, activation="linear", batch_input_shape=[None, 3], dtype="float32")
    )
    training = {
        "loss": "mean_squared_error",
        "metrics": [],
        "sample_weight_mode": None,
        "loss_weights": None,
        "optimizer_config": {"class_name": name, "config": config},
    }
    weights = {"dense": [("dense/kernel:0", KERNEL), ("dense/bias:0", BIAS)]}
    path = write_h5(tmp_path / "old.h5", model, weights, version, training, optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return keras.models.load_model(path)


def after_one_step(model: Any) -> list[np.ndarray]:
    model.train_on_batch(X, Y)
    return model.get_weights()


def adam(step: int = STEPS + 1, rate: float = 0.1, hats: Any = None) -> list[np.ndarray]:
    """Kernel and bias after one more step of Adam."""
    alpha = rate * np.sqrt(1 - 0.9980**step) / (1 - 0.8**step)
    values = []
    for k, (value, g) in enumerate(zip([KERNEL, BIAS], gradients(), strict=True)):
        m, v = 0.8 * M[k] + 0.2 * g, 0.998 * V[k] + 0.002 * g * g
        v = v if hats is None else np.maximum(hats[k], v)
        values.append(value - alpha * m / (np.sqrt(v) + 1e-7))
    return values


ADAM = {"lr": 0.1, "beta_1": 0.8, "beta_2": 0.998, "epsilon": 1e-7, "decay": 0.0, "amsgrad": False}
ADAM_TF = {"name": "Adam", "learning_rate": 0.1, **{key: ADAM[key] for key in ADAM if key != "lr"}}
ADAM_LATE = {key: ADAM_TF[key] for key in ADAM_TF if key != "decay"} | {
    "weight_decay": None,
    "clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "jit_compile": True,
    "is_legacy_optimizer": False,
}
LONE = [np.zeros(1, "float32")] * 2  # what Keras 2.1 wrote where amsgrad is off


@pytest.mark.parametrize(
    ("version", "config", "stored"),
    [
        ("2.4.0", ADAM_TF, at_the_end({"m": M, "v": V})),
        ("2.2.4-tf", ADAM_TF, [(f"training/{name}", a) for name, a in at_the_end({"m": M, "v": V})]),
        ("2.13.1", ADAM_LATE, by_turns({"m": M, "v": V})),
        ("2.0.8", ADAM, without_names(M, V)),
        ("2.2.4", ADAM, without_names(M, V, LONE)),
        (
            "2.3.1",
            ADAM,
            [("Adam/iterations:0", np.int64(STEPS))]
            + [
                (f"training/Adam/{s}_{k}:0", a[k])
                for s, a in (("m", M), ("v", V), ("vhat", LONE))
                for k in range(2)
            ],
        ),
    ],
)
def test_adam_goes_on_where_it_was(
    backend: str, version: str, config: dict[str, Any], stored: Any, tmp_path: Path
) -> None:
    model = loaded(tmp_path, version, "Adam", config, stored)
    assert int(model.optimizer.iterations) == STEPS
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)  # of the config, as in Keras 2
    for value, expected in zip(after_one_step(model), adam(), strict=True):
        np.testing.assert_allclose(value, expected, **tolerance())


@pytest.mark.parametrize(
    ("version", "name", "inner", "stored"),
    [
        ("2.8.0", "LossScaleOptimizer", ADAM_TF, at_the_end({"m": M, "v": V})),
        ("2.12.0", "Custom>LossScaleOptimizerV3", ADAM_LATE, by_turns({"m": M, "v": V})),
    ],
)
def test_the_optimizer_inside_of_a_loss_scale_goes_on(
    version: str, name: str, inner: Any, stored: Any, tmp_path: Path
) -> None:
    config = {
        "inner_optimizer": {"class_name": "Adam", "config": inner},
        "dynamic": True,
        "initial_scale": 1.0,
    }
    scale = [("loss_scale:0", np.float32(8)), ("good_steps:0", np.int64(3))]
    model = loaded(tmp_path, version, name, config, [*stored, *scale])
    assert int(model.optimizer.iterations) == STEPS
    for value, expected in zip(after_one_step(model), adam(), strict=True):
        np.testing.assert_allclose(value, expected, **tolerance())


@pytest.mark.parametrize("turning", [False, True])
def test_amsgrad_has_its_maxima(turning: bool, tmp_path: Path) -> None:
    slots = {"m": M, "v": V, "vhat": HATS}
    stored = by_turns(slots) if turning else at_the_end(slots)
    config = {**(ADAM_LATE if turning else ADAM_TF), "amsgrad": True}
    model = loaded(tmp_path, "2.12.0" if turning else "2.10.0", "Adam", config, stored)
    for value, expected in zip(after_one_step(model), adam(hats=HATS), strict=True):
        np.testing.assert_allclose(value, expected, **tolerance())


def test_a_rate_that_decays_by_itself_goes_on_decaying(tmp_path: Path) -> None:
    model = loaded(tmp_path, "2.2.4", "Adam", {**ADAM, "decay": 0.5}, without_names(M, V, LONE))
    rate = 0.1 / (1 + 0.5 * STEPS)
    for value, expected in zip(after_one_step(model), adam(rate=rate), strict=True):
        np.testing.assert_allclose(value, expected, **tolerance())


def sgd(k: int, g: np.ndarray) -> np.ndarray:
    return 0.9 * M[k] - 0.1 * g


def rmsprop(k: int, g: np.ndarray) -> np.ndarray:
    return -0.1 * g / np.sqrt(0.9 * V[k] + 0.1 * g * g + 1e-7)


def adagrad(k: int, g: np.ndarray) -> np.ndarray:
    return -0.1 * g / np.sqrt(V[k] + g * g + 1e-7)


def adadelta(k: int, g: np.ndarray) -> np.ndarray:
    kept = 0.95 * V[k] + 0.05 * g * g
    return -0.1 * np.sqrt(HATS[k] + 1e-7) * g / np.sqrt(kept + 1e-7)


def adamax(k: int, g: np.ndarray) -> np.ndarray:
    norm = np.maximum(0.999 * V[k], np.abs(g))
    return -0.1 * (0.9 * M[k] + 0.1 * g) / ((1 - 0.9 ** (STEPS + 1)) * (norm + 1e-7))


RATE = {"lr": 0.1, "decay": 0.0}


@pytest.mark.parametrize(
    ("version", "name", "config", "stored", "change"),
    [
        ("2.2.4", "SGD", {**RATE, "momentum": 0.9, "nesterov": False}, without_names(M), sgd),
        ("2.4.0", "SGD", {"learning_rate": 0.1, "momentum": 0.9}, at_the_end({"momentum": M}), sgd),
        ("2.12.0", "SGD", {"learning_rate": 0.1, "momentum": 0.9}, by_turns({"m": M}, 1), sgd),
        ("2.2.4", "SGD", {**RATE, "momentum": 0.0}, without_names(M), lambda k, g: -0.1 * g),
        ("2.2.4", "RMSprop", {**RATE, "rho": 0.9, "epsilon": 1e-7}, without_names(V, count=False), rmsprop),
        (
            "2.9.0",
            "RMSprop",
            {"learning_rate": 0.1, "rho": 0.9, "momentum": 0.0},
            at_the_end({"rms": V}),
            rmsprop,
        ),
        ("2.15.0", "RMSprop", {"learning_rate": 0.1}, by_turns({"velocity": V}, 1), rmsprop),
        ("2.2.4", "Adagrad", {**RATE, "epsilon": 1e-7}, without_names(V, count=False), adagrad),
        (
            "2.4.0",
            "Adadelta",
            {"learning_rate": 0.1},
            at_the_end({"accum_grad": V, "accum_var": HATS}),
            adadelta,
        ),
        ("2.2.4", "Adadelta", RATE, without_names(V, HATS, count=False), adadelta),
        ("2.4.0", "Adamax", {"learning_rate": 0.1}, at_the_end({"m": M, "v": V}), adamax),
        ("2.12.0", "Adamax", {"learning_rate": 0.1}, by_turns({"m": M, "u": V}), adamax),
    ],
)
def test_other_optimizers_go_on_as_well(
    version: str, name: str, config: dict[str, Any], stored: Any, change: Any, tmp_path: Path
) -> None:
    model = loaded(tmp_path, version, name, config, stored)
    expected = [
        value + change(k, g) for k, (value, g) in enumerate(zip([KERNEL, BIAS], gradients(), strict=True))
    ]
    for value, wanted in zip(after_one_step(model), expected, strict=True):
        np.testing.assert_allclose(value, wanted, **tolerance())


def test_the_momentum_of_nadam_is_told_to_be_another(tmp_path: Path) -> None:
    stored = [
        ("Nadam/iter:0", np.int64(STEPS)),
        ("Nadam/momentum_cache:0", np.float32(0.25)),
        *at_the_end({"m": M, "v": V})[1:],
    ]
    config = {"learning_rate": 0.1, "beta_1": 0.9, "decay": 0.004}
    with pytest.raises(UserWarning, match="warmed up more slowly"):
        loaded(tmp_path, "2.8.0", "Nadam", config, stored)
    with pytest.warns(UserWarning, match="warmed up more slowly"):
        model = keras.models.load_model(tmp_path / "old.h5")
    assert int(model.optimizer.iterations) == STEPS and float(model.optimizer.learning_rate) == pytest.approx(
        0.1
    )
    assert [float(v.numpy()) for v in model.optimizer.variables if v.path.endswith("u_product")] == [0.25]


@pytest.mark.parametrize(
    "stored",
    [
        at_the_end({"m": M}),
        at_the_end({"m": M, "v": V[::-1]}),
        without_names(M, V[:1]),
        [("Adam/iter:0", np.int64(STEPS))],
        at_the_end({"m": M, "v": V}, ("Adam/iter:0", np.zeros(2, "int64"))),
    ],
)
def test_a_state_that_does_not_fit_is_told_and_left_out(stored: Any, tmp_path: Path) -> None:
    with pytest.raises(UserWarning, match=r"old\.h5: the optimizer starts anew"):
        loaded(tmp_path, "2.4.0", "Adam", ADAM_TF, stored)
    with pytest.warns(UserWarning, match="the optimizer starts anew"):
        model = keras.models.load_model(tmp_path / "old.h5")
    assert int(model.optimizer.iterations) == 0
    assert all(not v.numpy().any() for v in model.optimizer.variables if "momentum" in v.path)
    np.testing.assert_array_equal(model.get_weights()[0], KERNEL)


# -- weights that were laid out otherwise ----------------------------------------------------------------

SERIES = numbers(4, 5, 2)
LSTM_WEIGHTS = [numbers(2, 12), numbers(3, 12, seed=1), numbers(2, 12, seed=2)]
GRU_WEIGHTS = [numbers(2, 9), numbers(3, 9, seed=1), numbers(2, 9, seed=2)]
SUMMED = [*LSTM_WEIGHTS[:2], LSTM_WEIGHTS[2].sum(0)]


def named(arrays: Sequence[Any], prefix: str = "r") -> list[tuple[str, Any]]:
    kinds = ("kernel", "recurrent_kernel", "bias")
    return [(f"{prefix}_{k // 3}/{kinds[k % 3]}:0", array) for k, array in enumerate(arrays)]


def computed(model: Any, x: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x))


def test_weights_of_cudnn_are_turned(backend: str, tmp_path: Path) -> None:
    shared = {"units": 3, "batch_input_shape": [None, 5, 2]}
    one = sequential(layer("CuDNNLSTM", "r", **shared))
    path = write_h5(tmp_path / "l.h5", one, {"r": named(cudnn_weights(LSTM_WEIGHTS, 4))}, "2.2.4")
    model = keras.models.load_model(path)
    assert type(model.layers[0]).__name__ == "LSTM"
    np.testing.assert_allclose(computed(model, SERIES), lstm(SERIES, SUMMED, sigmoid)[1], **tolerance())

    fresh = keras.Sequential([keras.Input((5, 2)), keras.layers.LSTM(3)])
    fresh.load_weights(path)
    np.testing.assert_array_equal(fresh.get_weights()[0], model.get_weights()[0])

    two = sequential(layer("CuDNNGRU", "r", **shared))
    path = write_h5(tmp_path / "g.h5", two, {"r": named(cudnn_weights(GRU_WEIGHTS, 3))}, "2.2.4")
    expected = gru(SERIES, GRU_WEIGHTS, sigmoid, reset_after=True)
    np.testing.assert_allclose(computed(keras.models.load_model(path), SERIES), expected, **tolerance())


def test_weights_of_cudnn_are_turned_inside_of_wrappers_and_models(tmp_path: Path) -> None:
    two_ways = layer("Bidirectional", "b", layer=layer("CuDNNLSTM", "r", units=3), merge_mode="sum")
    config = sequential(
        first("x", [5, 2], in_graph=False), sequential(first("i", [5, 2], False), two_ways, name="in")
    )
    stored = named(cudnn_weights(LSTM_WEIGHTS, 4) * 2)
    model = keras.models.load_model(write_h5(tmp_path / "b.h5", config, {"in": stored}, "2.2.4"))
    ends = [lstm(x, SUMMED, sigmoid)[1] for x in (SERIES, SERIES[:, ::-1])]
    np.testing.assert_allclose(computed(model, SERIES), ends[0] + ends[1], **tolerance())


def test_cudnn_weights_that_do_not_fit_are_an_error_of_shapes(tmp_path: Path) -> None:
    config = sequential(layer("CuDNNLSTM", "r", units=3, batch_input_shape=[None, 5, 4]))
    path = write_h5(tmp_path / "l.h5", config, {"r": named(cudnn_weights(LSTM_WEIGHTS, 4))}, "2.2.4")
    with pytest.raises(ValueError, match=r"expected(.|\n)*\(4, 12\)|Expected(.|\n)*\(4, 12\)"):
        keras.models.load_model(path)


@pytest.mark.parametrize("rank", [1, 2])
def test_kernels_from_theano_are_mirrored_back(rank: int, tmp_path: Path) -> None:
    shape, kernel = [6] * rank, numbers(*[3] * rank, 1, 2)
    config = {"filters": 2, "kernel_size": [3] * rank, "batch_input_shape": [None, *shape, 1]}
    model = sequential(layer(f"Conv{rank}D", "c", **config))
    weights = {"c": [("c/kernel:0", kernel), ("c/bias:0", np.zeros(2, "float32"))]}
    x = numbers(1, *shape, 1)
    results = []
    for backend in ("theano", "tensorflow"):
        path = write_h5(tmp_path / f"{backend}.h5", model, weights, "2.1.0", backend=backend)
        results.append(computed(keras.models.load_model(path), x))
    for found, used in zip(results, (np.flip(kernel, tuple(range(rank))), kernel), strict=True):
        window = x[0, :3] if rank == 1 else x[0, :3, :3]
        np.testing.assert_allclose(
            found[0].reshape(-1, 2)[0], np.tensordot(window, used, rank + 1), **tolerance()
        )


def test_kernels_from_theano_of_an_unknown_layout_are_refused(tmp_path: Path) -> None:
    model = sequential(layer("DepthwiseConv2D", "c", kernel_size=[2, 2], batch_input_shape=[None, 4, 4, 1]))
    weights = {"c": [("c/kernel:0", numbers(2, 2, 1, 1)), ("c/bias:0", np.zeros(1, "float32"))]}
    path = write_h5(tmp_path / "t.h5", model, weights, "2.2.4", backend="theano")
    with pytest.raises(NotImplementedError, match="Theano"):
        keras.models.load_model(path)


# -- whole files -----------------------------------------------------------------------------------------


def test_an_image_model_and_its_head_come_back_from_hdf5(backend: str, tmp_path: Path) -> None:
    """A base that is partly frozen, a pooling layer and a head, as Teachable Machine writes it.

    The weights that are trained come first, then the others layer by layer.
    """
    frozen = {"trainable": False}
    base = graph(
        "base",
        [
            first("i", [4, 4, 2]),
            layer("Conv2D", "c", [["i", 0, 0, {}]], filters=3, kernel_size=[2, 2], **frozen),
            layer("BatchNormalization", "n", [["c", 0, 0, {}]], axis=[3], epsilon=0.25, **frozen),
            layer("ThresholdedReLU", "t", [["n", 0, 0, {}]], theta={"type": "ndarray", "value": 0.5}),
            layer("Dense", "e", [["t", 0, 0, {}]], units=2, activation="linear"),
        ],
        [["i", 0, 0]],
        [["e", 0, 0]],
    )
    inner = sequential(base, layer("GlobalAveragePooling2D", "p"), name="features")
    head = layer("Dense", "d", units=2, activation="hard_sigmoid", use_bias=False)
    kernel, bias, end, last = (
        numbers(2, 2, 2, 3),
        numbers(3, seed=1),
        numbers(3, 2, seed=2),
        numbers(2, seed=3),
    )
    gamma, beta, mean, variance = (np.abs(numbers(3, seed=seed)) for seed in range(4, 8))
    top = numbers(2, 2, seed=8)
    arrays = [end, last, kernel, bias, gamma, beta, mean, variance]
    weights = {
        "features": [(f"w/{k}:0", array) for k, array in enumerate(arrays)],
        "d": [("d/kernel:0", top)],
    }
    path = write_h5(tmp_path / "t.h5", sequential(inner, head), weights, "2.2.4")
    model = keras.models.load_model(path)

    x = numbers(3, 4, 4, 2)
    patches = np.stack([x[:, i : i + 3, j : j + 3] for i in range(2) for j in range(2)], 3)
    maps = np.einsum("nabkc,kcf->nabf", patches, kernel.reshape(4, 2, 3)) + bias
    maps = (maps - mean) / np.sqrt(variance + 0.25) * gamma + beta
    features = (np.where(maps > 0.5, maps, 0) @ end + last).mean((1, 2))
    np.testing.assert_allclose(model.predict(x, verbose=0), hard_sigmoid(features @ top), **tolerance())


@pytest.mark.parametrize("folder", ["_layer_checkpoint_dependencies", "layers"])
def test_an_archive_of_the_last_keras_2_means_what_keras_2_meant(
    backend: str, folder: str, tmp_path: Path
) -> None:
    config = with_modules(
        graph(
            "m",
            [
                first("x", [3]),
                layer("Dense", "one", [["x", 0, 0, {}]], units=2, activation="hard_sigmoid"),
                layer("Dense", "two", [["one", 0, 0, {}]], units=1, activation="linear"),
            ],
            [["x", 0, 0]],
            [["two", 0, 0]],
            "Functional",
        )
    )
    optimizer = {
        "module": "keras.optimizers",
        "class_name": "Adam",
        "config": ADAM_LATE,
        "registered_name": None,
    }
    config["compile_config"] = {
        "optimizer": optimizer,
        "loss": "mse",
        "metrics": None,
        "loss_weights": None,
        "weighted_metrics": None,
        "run_eagerly": None,
        "steps_per_execution": None,
        "jit_compile": False,
        "pss_evaluation_shards": 0,
    }
    kernels = [numbers(3, 2), numbers(2, seed=1), numbers(2, 1, seed=2), numbers(1, seed=3)]
    places = [f"{folder}/{name}/vars/{k}" for name in ("dense", "dense_1") for k in range(2)]
    state = [np.int64(STEPS)] + [kernel + turn for kernel in kernels for turn in (1, 2)]
    arrays = dict(zip(places, kernels, strict=True)) | {f"optimizer/vars/{k}": a for k, a in enumerate(state)}
    model = keras.models.load_model(write_archive(tmp_path / "m.keras", config, arrays, "2.13.1"))

    x = numbers(4, 3)
    expected = hard_sigmoid(x @ kernels[0] + kernels[1]) @ kernels[2] + kernels[3]
    np.testing.assert_allclose(computed(model, x), expected, **tolerance())
    assert int(model.optimizer.iterations) == STEPS and float(model.optimizer.learning_rate) == pytest.approx(
        0.1
    )
    np.testing.assert_array_equal(model.optimizer.variables[3].numpy(), kernels[0] + 2)
    assert model.jit_compile == (backend == "jax")


def test_a_file_of_keras_1_says_so(tmp_path: Path) -> None:
    config = sequential(layer("Dense", "d", output_dim=2, batch_input_shape=[None, 3]), as_list=True)
    path = write_h5(tmp_path / "one.h5", config, {}, "1.2.2")
    with pytest.raises(NotImplementedError, match=r"one\.h5(.|\n)*Keras 1(.|\n)*Fix"):
        keras.models.load_model(path)


def test_losses_and_metrics_of_old_names_are_those_of_today(tmp_path: Path) -> None:
    model = sequential(layer("Dense", "dense", units=1, batch_input_shape=[None, 3]))
    training = {
        "loss": {"dense": "cosine_proximity"},
        "metrics": ["mae"],
        "optimizer_config": {"class_name": "SGD", "config": {"lr": {"type": "ndarray", "value": 0.5}}},
    }
    weights = {"dense": [("dense/kernel:0", KERNEL), ("dense/bias:0", BIAS)]}
    loaded = keras.models.load_model(write_h5(tmp_path / "m.h5", model, weights, "2.1.0", training))
    assert float(loaded.optimizer.learning_rate) == 0.5
    expected = -np.mean(np.sign((X @ KERNEL + BIAS) * Y))  # the cosine of single numbers
    assert loaded.evaluate(X, Y, verbose=0)[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("version", ["2.10.0", "2.12.0"])
def test_a_loss_of_logits_stays_one(version: str, tmp_path: Path) -> None:
    """From 2.11 on the config names the function of the loss beside its arguments."""
    model = sequential(layer("Dense", "dense", units=1, batch_input_shape=[None, 3]))
    arguments = {"reduction": "auto", "name": "bce", "from_logits": True, "label_smoothing": 0.2, "axis": -1}
    named = {"fn": "binary_crossentropy"} if version == "2.12.0" else {}
    training = {
        "loss": {"class_name": "BinaryCrossentropy", "config": {**arguments, **named}},
        "metrics": [
            [{"class_name": "MeanMetricWrapper", "config": {"name": "acc", "fn": "binary_accuracy"}}]
        ],
        "optimizer_config": {"class_name": "Custom>SGD", "config": {"learning_rate": 0.5}},
    }
    weights = {"dense": [("dense/kernel:0", KERNEL), ("dense/bias:0", BIAS)]}
    loaded = keras.models.load_model(write_h5(tmp_path / "m.h5", model, weights, version, training))
    labels = np.array([[0.0], [1.0], [1.0], [0.0]], "float32")
    logits, wanted = X @ KERNEL + BIAS, labels * 0.8 + 0.1
    expected = np.mean(np.log1p(np.exp(logits)) - wanted * logits)
    assert loaded.evaluate(X, labels, verbose=0)[0] == pytest.approx(expected, rel=1e-5)
