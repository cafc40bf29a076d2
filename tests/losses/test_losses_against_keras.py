"""Every loss has the numbers, names, arguments and configs of Keras."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import jax
import keras
import numpy as np
import pytest

from layerlab import losses, ops
from layerlab.backend.active import backend as active
from layerlab.core.masking import set_mask
from tests.losses.cases import LOSSES, NAMED_WITHOUT_CONFIG, data

pytestmark = pytest.mark.oracle

REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]
CASES = [
    pytest.param(index, kind, id=f"{name}-{kind}-{'-'.join(arguments) or 'defaults'}")
    for index, (name, arguments, kinds) in enumerate(LOSSES)
    for kind in kinds
]
FIRST_KINDS = [
    pytest.param(index, kinds[0], id=f"{name}-{kinds[0]}-{'-'.join(arguments) or 'defaults'}")
    for index, (name, arguments, kinds) in enumerate(LOSSES)
]
WEIGHTS = [None, np.linspace(0.0, 2.0, 6).astype("float32"), np.arange(6)[:, None]]
CLASSES = sorted({name for name, _, _ in LOSSES})
FUNCTIONS = sorted(
    name for name in dir(keras.losses) if name.islower() and inspect.isfunction(getattr(keras.losses, name))
)
FUNCTIONS = [name for name in FUNCTIONS if name not in ("deserialize", "get", "serialize", "ctc")]


def same(ours: Any, theirs: Any, tolerance: float = 2e-6) -> None:
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours), np.asarray(theirs), rtol=5 * tolerance, atol=tolerance
    )


@cache
def expected_values(index: int, kind: str, weight: int) -> Any:
    """Keras' unreduced values, once for all back ends; None where it cannot weigh.

    It fails for (batch, steps) by (batch,), or multiplies them out.
    """
    name, arguments, _ = LOSSES[index]
    loss, pair = getattr(keras.losses, name)(reduction="none", **arguments), data(kind)
    try:
        values = loss(*pair, sample_weight=WEIGHTS[weight])
    except (TypeError, ValueError):
        return None
    return values if weight == 0 or values.size == expected_values(index, kind, 0).size else None


@cache
def expected_gradient(index: int, kind: str) -> Any:
    name, arguments, _ = LOSSES[index]
    (y_true, y_pred), loss = data(kind, seed=1), getattr(keras.losses, name)(**arguments)
    return jax.grad(lambda p: loss(y_true, p))(y_pred)


@pytest.mark.parametrize(("index", "kind"), CASES)
@pytest.mark.parametrize("weight", range(len(WEIGHTS)))
def test_values_are_those_of_keras(backend: str, index: int, kind: str, weight: int) -> None:
    name, arguments, _ = LOSSES[index]
    expected = expected_values(index, kind, weight)
    if expected is not None:
        ours = getattr(losses, name)(reduction="none", **arguments)
        same(ours(*data(kind), sample_weight=WEIGHTS[weight]), expected)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("kind", ["reals", "column", "steps"])
def test_reductions_are_those_of_keras(backend: str, reduction: str | None, kind: str) -> None:
    ours, theirs = (module.MeanSquaredError(reduction=reduction) for module in (losses, keras.losses))
    for weight in (*WEIGHTS, 0.5, np.zeros(6)):
        if kind != "steps" or np.ndim(weight) != 1:
            same(ours(*data(kind), weight), theirs(*data(kind), weight))


@pytest.mark.parametrize(("index", "kind"), FIRST_KINDS)
def test_gradients_are_those_of_keras(backend: str, index: int, kind: str) -> None:
    name, arguments, _ = LOSSES[index]
    (y_true, y_pred), loss = data(kind, seed=1), getattr(losses, name)(**arguments)
    _, gradients = active().value_and_grad(lambda p: loss(y_true, p["y"]))(
        {"y": ops.convert_to_tensor(y_pred)}
    )
    same(gradients["y"], expected_gradient(index, kind), 1e-5)


@pytest.mark.parametrize(("index", "kind"), FIRST_KINDS)
def test_compiled_values_equal_eager_ones(index: int, kind: str) -> None:
    name, arguments, _ = LOSSES[index]
    loss, pair = getattr(losses, name)(**arguments), data(kind)
    same(jax.jit(loss)(*pair), loss(*pair))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_mask_on_the_predictions_hides_padding(backend: str, reduction: str, weighted: bool) -> None:
    y_true, y_pred = data("class steps")
    mask = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1], [1, 1, 0], [0, 1, 1]], bool)
    weight = np.arange(18, dtype="float32").reshape(6, 3) if weighted else None
    ours, theirs = ops.convert_to_tensor(y_pred), keras.ops.convert_to_tensor(y_pred)
    set_mask(ours, ops.convert_to_tensor(mask))
    keras.src.backend.set_keras_mask(theirs, keras.ops.convert_to_tensor(mask))
    for arguments in ({}, {"ignore_class": 2}):
        loss = losses.SparseCategoricalCrossentropy(reduction=reduction, **arguments)
        expected = keras.losses.SparseCategoricalCrossentropy(reduction=reduction, **arguments)
        same(loss(y_true, ours, weight), expected(y_true, theirs, weight))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_the_parameters_of_keras(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (losses, keras.losses))
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}
    assert list(ours) == list(theirs)


@pytest.mark.parametrize("name", [*CLASSES, "Loss"])
def test_classes_have_the_parameters_of_keras(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (losses, keras.losses))
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}
    assert list(ours) == list(theirs)


def test_every_public_name_of_keras_is_there() -> None:
    expected = {name for name in dir(keras.losses) if not name.startswith("_")}
    missing = expected - set(dir(losses))
    assert missing <= {"CTC", "ctc"}, missing


@pytest.mark.parametrize(("name", "arguments", "kinds"), LOSSES)
def test_configs_are_those_of_keras_and_go_both_ways(
    name: str, arguments: dict[str, Any], kinds: Any
) -> None:
    ours = getattr(losses, name)(name="mine", reduction="sum", **arguments)
    theirs = getattr(keras.losses, name)(name="mine", reduction="sum", **arguments)
    added = NAMED_WITHOUT_CONFIG.get(name, set())
    assert {k: v for k, v in ours.get_config().items() if k not in added} == theirs.get_config()
    y_true, y_pred = data(kinds[0])
    again = losses.deserialize(losses.serialize(ours))
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    same(again(y_true, y_pred), theirs(y_true, y_pred))
    if name not in keras.src.losses.ALL_OBJECTS_DICT:
        return  # Keras cannot read its own config of this one
    there = keras.losses.deserialize(losses.serialize(ours))
    same(ours(y_true, y_pred), there(y_true, y_pred))
    back = losses.deserialize(keras.losses.serialize(theirs))
    assert back.name == "mine"


@pytest.mark.parametrize("name", sorted(keras.src.losses.ALL_OBJECTS_DICT))
def test_every_name_that_keras_knows_means_the_same(name: str) -> None:
    if name in ("CTC", "ctc", "Loss", "LossFunctionWrapper"):
        return
    ours, theirs = losses.get(name), keras.losses.get(name)
    assert getattr(ours, "__name__", type(ours).__name__) == getattr(
        theirs, "__name__", type(theirs).__name__
    )
