"""Public methods have the arguments and defaults of Keras 3.13; older call forms work and warn once."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import layerlab as keras

# What Python prints for each, without types, in the order in which one meets them: training, one batch,
# steps, losses and metrics, state, text, looking at it, and what is deprecated.
METHODS = {
    "compile": (
        "(self, optimizer='rmsprop', loss=None, loss_weights=None, metrics=None, weighted_metrics=None,"
        " run_eagerly=False, steps_per_execution=1, jit_compile='auto', auto_scale_loss=True)"
    ),
    "fit": (
        "(self, x=None, y=None, batch_size=None, epochs=1, verbose='auto', callbacks=None,"
        " validation_split=0.0, validation_data=None, shuffle=True, class_weight=None, sample_weight=None,"
        " initial_epoch=0, steps_per_epoch=None, validation_steps=None, validation_batch_size=None,"
        " validation_freq=1)"
    ),
    "evaluate": (
        "(self, x=None, y=None, batch_size=None, verbose='auto', sample_weight=None, steps=None,"
        " callbacks=None, return_dict=False, **kwargs)"
    ),
    "predict": "(self, x, batch_size=None, verbose='auto', steps=None, callbacks=None)",
    "train_on_batch": "(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False)",
    "test_on_batch": "(self, x, y=None, sample_weight=None, return_dict=False)",
    "predict_on_batch": "(self, x)",
    "train_step": "(self, data)",
    "test_step": "(self, data)",
    "predict_step": "(self, data)",
    "make_train_function": "(self, force=False)",
    "make_test_function": "(self, force=False)",
    "make_predict_function": "(self, force=False)",
    "compute_loss": "(self, x=None, y=None, y_pred=None, sample_weight=None)",
    "compute_metrics": "(self, x, y, y_pred, sample_weight=None)",
    "get_metrics_result": "(self)",
    "reset_metrics": "(self)",
    "reset_states": "(self)",
    "loss": "(self, y, y_pred, sample_weight=None)",
    "compiled_loss": "(self, y, y_pred, sample_weight=None, regularization_losses=None)",
    "stateless_compute_loss": (
        "(self, trainable_variables, non_trainable_variables, metrics_variables, x=None, y=None, y_pred=None,"
        " sample_weight=None)"
    ),
    "get_compile_config": "(self)",
    "compile_from_config": "(self, config)",
    "get_state_tree": "(self, value_format='backend_tensor')",
    "set_state_tree": "(self, state_tree)",
    "get_config": "(self)",
    "from_config": "(config, custom_objects=None)",
    "to_json": "(self, **kwargs)",
    "to_yaml": "(self, **kwargs)",
    "symbolic_call": "(self, *args, **kwargs)",
    "summary": (
        "(self, line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False,"
        " layer_range=None)"
    ),
    "get_layer": "(self, name=None, index=None)",
    "fit_generator": (
        "(self, generator, steps_per_epoch=None, epochs=1, verbose=1, callbacks=None, validation_data=None,"
        " validation_steps=None, validation_freq=1, class_weight=None, max_queue_size=10, workers=1,"
        " use_multiprocessing=False, shuffle=True, initial_epoch=0)"
    ),
    "evaluate_generator": (
        "(self, generator, steps=None, callbacks=None, max_queue_size=10, workers=1,"
        " use_multiprocessing=False, verbose=0)"
    ),
    "predict_generator": (
        "(self, generator, steps=None, callbacks=None, max_queue_size=10, workers=1,"
        " use_multiprocessing=False, verbose=0)"
    ),
}
OTHERS: dict[str, tuple[Callable[[], Any], str]] = {
    "KerasTensor": (
        lambda: keras.KerasTensor,
        "(shape, dtype='float32', sparse=False, ragged=False, record_history=True, name=None, **kwargs)",
    ),
    "Model": (lambda: keras.Model, "(*args, **kwargs)"),
    "Sequential": (lambda: keras.Sequential.__init__, "(self, layers=None, trainable=True, name=None)"),
    "Function": (lambda: keras.Function, "(inputs, outputs, name=None)"),
    "PyDataset": (
        lambda: keras.utils.PyDataset,
        "(workers=1, use_multiprocessing=False, max_queue_size=10)",
    ),
    "Metric.stateless_update_state": (
        lambda: keras.metrics.Metric.stateless_update_state,
        "(self, metric_variables, *args, **kwargs)",
    ),
    "Metric.stateless_result": (
        lambda: keras.metrics.Metric.stateless_result,
        "(self, metric_variables)",
    ),
    "Metric.stateless_reset_state": (lambda: keras.metrics.Metric.stateless_reset_state, "(self)"),
    "Optimizer.stateless_apply": (
        lambda: keras.optimizers.Optimizer.stateless_apply,
        "(self, optimizer_variables, grads, trainable_variables)",
    ),
    "Layer.stateless_call": (
        lambda: keras.layers.Layer.stateless_call,
        "(self, trainable_variables, non_trainable_variables, *args, return_losses=False, **kwargs)",
    ),
    "models.model_from_json": (
        lambda: keras.models.model_from_json,
        "(json_string, custom_objects=None)",
    ),
    "models.model_from_yaml": (
        lambda: keras.models.model_from_yaml,
        "(yaml_string, custom_objects=None)",
    ),
    "models.clone_model": (
        lambda: keras.models.clone_model,
        "(model, input_tensors=None, clone_function=None, call_function=None, recursive=False, **kwargs)",
    ),
}


def without_types(callable_: Any) -> str:
    signature = inspect.signature(callable_)
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()
    ]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("cls", [keras.Model, keras.Sequential], ids=lambda cls: cls.__name__)
def test_methods_of_models_have_the_documented_arguments_and_defaults(cls: Any, name: str) -> None:
    assert without_types(getattr(cls, name)) == METHODS[name]


@pytest.mark.parametrize("name", OTHERS)
def test_what_stands_beside_models_has_the_documented_arguments_and_defaults(name: str) -> None:
    find, expected = OTHERS[name]
    assert without_types(find()) == expected


# -- older forms ----------------------------------------------------------------------------------------

X, Y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")


class Batches(keras.utils.Sequence):
    """Two batches of four."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        return X[:4], Y[:4]


def endless() -> Iterator[Any]:
    while True:
        yield X[:4], Y[:4]


def inputs_only() -> Iterator[Any]:
    while True:
        yield X[:4]


QUEUE = {"max_queue_size": 4, "workers": 1, "use_multiprocessing": False}

OLD_CALLS: dict[str, Callable[[Any], Any]] = {
    "fit(queue)": lambda m: m.fit(Batches(), verbose=0, **QUEUE),
    "fit(arrays, queue)": lambda m: m.fit(X, Y, verbose=0, **QUEUE),
    "evaluate(queue)": lambda m: m.evaluate(Batches(), verbose=0, **QUEUE),
    "predict(queue)": lambda m: m.predict(Batches(), verbose=0, **QUEUE),
    "fit(workers)": lambda m: m.fit(Batches(), verbose=0, workers=0),
    "train_on_batch(reset_metrics)": lambda m: m.train_on_batch(X, Y, reset_metrics=True),
    "test_on_batch(reset_metrics)": lambda m: m.test_on_batch(X, Y, reset_metrics=False),
    "compile(old order)": lambda m: m.compile("sgd", "mse", ["mae"]),
    "compile(old order, one metric)": lambda m: m.compile("sgd", "mse", {"out": "mae"}),
    "compile(old order, weights)": lambda m: m.compile("sgd", "mse", None, [0.5]),
    "compile(old order, everything)": lambda m: m.compile("sgd", "mse", ["mae"], [0.5], None, ["mse"]),
    "compile(sample_weight_mode=None)": lambda m: m.compile("sgd", "mse", sample_weight_mode=None),
    "compile(sample_weight_mode)": lambda m: m.compile("sgd", "mse", sample_weight_mode="temporal"),
    "compile(unknown)": lambda m: m.compile("sgd", "mse", target_tensors=None),
    "fit_generator": lambda m: m.fit_generator(endless(), 2, 1, 0),
    "fit_generator(newer order)": lambda m: m.fit_generator(
        Batches(), None, 2, 0, None, Batches(), None, 1, None, 10, 1, False, True, 1
    ),
    "fit_generator(oldest order)": lambda m: m.fit_generator(
        endless(), 2, 2, 0, None, (X, Y), None, {0: 1.0, 1: 2.0}, 10, 1, False, 1
    ),
    "evaluate_generator(newer order)": lambda m: m.evaluate_generator(Batches(), None, None, 10, 1, False, 0),
    "evaluate_generator(oldest order)": lambda m: m.evaluate_generator(endless(), 2, 10, 1, False),
    "predict_generator(newer order)": lambda m: m.predict_generator(Batches(), None, None, 10, 1, False, 0),
    "predict_generator(oldest order)": lambda m: m.predict_generator(inputs_only(), 2, 10, 1, False, 0),
}


def made() -> Any:
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(1, name="out")(inputs))
    model.compile("sgd", "mse")
    return model


@pytest.fixture(scope="module")
def model() -> Any:
    """One for all calls, so that a step is compiled once."""
    return made()


@pytest.mark.parametrize("name", OLD_CALLS)
def test_an_older_form_works_and_warns_once_at_the_line_of_the_caller(model: Any, name: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        OLD_CALLS[name](model)
    deprecations = [warning for warning in caught if issubclass(warning.category, DeprecationWarning)]
    assert len(deprecations) == 1, [str(warning.message) for warning in deprecations]
    assert deprecations[0].filename == __file__
    assert name.split("(")[0] in str(deprecations[0].message)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch"], indirect=True)
@pytest.mark.parametrize("name", OLD_CALLS)
def test_an_older_form_works_on_torch_as_well(backend: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        OLD_CALLS[name](made())


def test_both_orders_of_compile_mean_the_same(backend: str) -> None:
    old, new = made(), made()
    new.set_weights(old.get_weights())
    with pytest.warns(DeprecationWarning):
        old.compile("sgd", "mse", ["mae"], [0.5], None, ["mse"])
    new.compile("sgd", "mse", [0.5], ["mae"], ["mse"])
    results = [model.evaluate(X, 3 * Y, verbose=0, return_dict=True) for model in (old, new)]
    assert results[0] == results[1]
    assert set(results[0]) == {"loss", "mae", "mse"}


def test_both_orders_of_fit_generator_mean_the_same(backend: str) -> None:
    def batches() -> Iterator[Any]:
        while True:
            yield X[:4], np.array([[0.0], [1.0], [0.0], [1.0]], "float32")

    histories = []
    for arguments in (
        (None, (X, Y), None, 1, {0: 1.0, 1: 3.0}, 10, 1, False, True, 1),
        (None, (X, Y), None, {0: 1.0, 1: 3.0}, 10, 1, False, 1),
    ):
        model = made()
        model.set_weights([np.ones((2, 1)), np.zeros(1)])
        with pytest.warns(DeprecationWarning):
            histories.append(model.fit_generator(batches(), 2, 3, 0, *arguments))
    assert histories[0].epoch == histories[1].epoch == [1, 2]
    assert histories[0].history == histories[1].history


@pytest.mark.parametrize("method", ["evaluate", "fit", "predict", "train_on_batch", "test_on_batch"])
def test_keywords_that_no_version_knew_are_refused(model: Any, method: str) -> None:
    with pytest.raises((TypeError, ValueError), match="nonsense"):
        getattr(model, method)(X, nonsense=1)


def test_a_misspelt_argument_of_compile_is_not_taken_for_an_old_one(model: Any) -> None:
    with pytest.raises(ValueError, match="Did you mean 'metrics'"):
        model.compile("sgd", "mse", metric=["mae"])


def test_the_newest_forms_do_not_warn(model: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        model.compile("sgd", "mse", None, ["mae"])
        model.compile("sgd", "mse", [0.5], metrics=["mae"])
        model.fit(Batches(), verbose=0, validation_data=(X, Y))
        model.evaluate(X, Y, verbose=0)
        model.train_on_batch(X, Y)


class OwnAdam(keras.optimizers.Adam):
    def __init__(self, speed, **kwargs):
        super().__init__(learning_rate=speed, **kwargs)


@pytest.mark.parametrize(
    ("cls", "shown"),
    [
        (keras.Sequential, "(layers=None, trainable=True, name=None)"),
        (keras.initializers.Zeros, "()"),
        (OwnAdam, "(speed, **kwargs)"),
    ],
)
def test_the_help_of_a_class_shows_what_its_constructor_takes(cls, shown):
    parameters = inspect.signature(cls).parameters.values()
    bare = inspect.Signature([p.replace(annotation=inspect.Parameter.empty) for p in parameters])
    assert str(bare) == shown


def test_the_help_of_a_layer_shows_what_its_call_takes():
    assert "units" not in inspect.signature(keras.layers.Dense(3)).parameters
