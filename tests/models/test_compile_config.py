"""get_compile_config and compile_from_config: what is said of compile in files."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops, utils
from layerlab.errors import ConfigError, UnknownNameError

X = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
Y = X[:, :1] - X[:, 1:]


def model() -> Any:
    inputs = keras.Input((2,))
    return keras.Model(inputs, layers.Dense(1, kernel_initializer="ones")(inputs))


def doubled(y_true: Any, y_pred: Any) -> Any:
    return 2.0 * ops.mean(ops.square(y_true - y_pred), axis=-1)


def history(trained: Any) -> dict[str, Any]:
    return trained.fit(X, Y, epochs=2, shuffle=False, verbose=0).history


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        lambda: {"optimizer": "adam", "loss": "mse", "metrics": ["mae", "acc"]},
        lambda: {
            "optimizer": keras.optimizers.SGD(0.125, momentum=0.5),
            "loss": keras.losses.Huber(name="h"),
        },
        lambda: {"optimizer": "sgd", "loss": ["mse"], "loss_weights": [2.0], "weighted_metrics": ["mse"]},
        lambda: {
            "loss": "mae",
            "metrics": [[keras.metrics.RootMeanSquaredError(name="r")]],
            "jit_compile": False,
        },
        lambda: {"loss": keras.losses.mean_squared_error, "metrics": [keras.metrics.mean_absolute_error]},
        lambda: {"loss": "mse", "run_eagerly": True, "steps_per_execution": 2},
    ],
)
def test_a_model_compiled_from_the_config_trains_alike(backend: str, arguments: Any) -> None:
    first, second = model(), model()
    first.compile(**arguments())
    config = json.loads(json.dumps(first.get_compile_config()))
    second.compile_from_config(config)
    assert second.optimizer.built and second.run_eagerly == first.run_eagerly
    assert json.loads(json.dumps(second.get_compile_config())) == config
    expected, got = history(first), history(second)
    assert list(got) == list(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(got[key], values, rtol=1e-5)


def test_the_learning_rate_is_that_of_now() -> None:
    trained = model()
    trained.compile(keras.optimizers.SGD(0.5), "mse")
    trained.optimizer.learning_rate = 0.125
    assert trained.get_compile_config()["optimizer"]["config"]["learning_rate"] == 0.125


def test_before_compile_the_config_is_empty() -> None:
    assert model().get_compile_config() == {}


def test_loss_scaling_that_compile_added_is_not_in_the_config() -> None:
    mixed = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    mixed.dtype_policy = keras.DTypePolicy("mixed_float16")
    mixed.compile("adam", "mse")
    assert isinstance(mixed.optimizer, keras.optimizers.LossScaleOptimizer)
    config = mixed.get_compile_config()
    assert config["optimizer"]["class_name"] == "Adam"
    mixed.compile_from_config(config)
    assert isinstance(mixed.optimizer, keras.optimizers.LossScaleOptimizer)


def test_functions_of_a_user_must_be_registered_or_passed() -> None:
    first, second = model(), model()
    first.compile("sgd", doubled, metrics=[doubled])
    config = json.loads(json.dumps(first.get_compile_config()))
    with pytest.raises(UnknownNameError, match="doubled"):
        second.compile_from_config(config)
    assert not second.compiled
    with utils.custom_object_scope({"doubled": doubled}):
        second.compile_from_config(config)
    assert history(second)["doubled"] == history(first)["doubled"]


def test_registered_functions_and_classes_are_found() -> None:
    @utils.register_keras_serializable("tests_of_compile")
    class Mine(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(ops.abs(y_true - y_pred), axis=-1)

    first, second = model(), model()
    first.compile("sgd", Mine())
    second.compile_from_config(json.loads(json.dumps(first.get_compile_config())))
    assert history(second) == history(first)


def test_a_lambda_is_itself_again_in_this_process_and_bytecode_in_a_file() -> None:
    compiled, other = model(), model()
    function = lambda y, p: ops.mean(y - p)  # noqa: E731
    compiled.compile("sgd", function)
    config = compiled.get_compile_config()
    other.compile_from_config(config)
    assert other._compile_arguments["loss"] is function
    with pytest.raises(ValueError, match="was not run"):
        other.compile_from_config(json.loads(json.dumps(config)))


@pytest.mark.parametrize(
    "config",
    [
        3,
        {"nonsense": 1},
        {"optimizer": "adm", "loss": "mse"},
        {"optimizer": {"module": "os", "class_name": "system", "config": {"command": "true"}}},
        {"loss": {"module": "builtins", "class_name": "function", "config": "eval"}},
        {"steps_per_execution": 0},
    ],
)
def test_a_bad_config_is_a_value_error_and_changes_nothing(config: Any) -> None:
    compiled = model()
    compiled.compile("sgd", "mse")
    before = compiled.get_compile_config()
    with pytest.raises(ValueError):
        compiled.compile_from_config(config)
    assert compiled.get_compile_config() == before


def test_a_config_error_is_what_a_non_dict_gives() -> None:
    with pytest.raises(ConfigError, match="a dict"):
        model().compile_from_config([])


def test_a_model_with_a_compile_of_its_own_is_left_alone_with_a_warning() -> None:
    class Own(keras.Model):
        def compile(self, special: Any = None) -> None:
            super().compile("sgd", "mse")

    inputs = keras.Input((2,))
    own = Own(inputs, layers.Dense(1)(inputs))
    with pytest.warns(UserWarning, match="compile of its own"):
        own.compile_from_config({"optimizer": "adam", "loss": "mse"})
    assert not own.compiled


@pytest.mark.parametrize("key", ["run_eagerly", "steps_per_execution", "jit_compile"])
def test_null_in_a_compile_config_is_the_default(key: str) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_compile_config()[key], getattr(model, key, None)
    model.compile_from_config({**model.get_compile_config(), key: None})
    assert (model.get_compile_config()[key], getattr(model, key, None)) == before
