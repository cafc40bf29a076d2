"""Every metric has the numbers, names, variables, arguments and configs of Keras, over several batches."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import jax
import keras
import numpy as np
import pytest

from layerlab import metrics, ops
from tests.losses.cases import data

pytestmark = pytest.mark.oracle

_REAL = ("reals", "integer targets", "column", "steps")
_EVEN = [0.0, 0.25, 0.5, 0.75, 1.0]
METRICS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("Accuracy", {}, ("integers", "integer column")),
    ("BinaryAccuracy", {}, ("binary", "binary column")),
    ("BinaryAccuracy", {"threshold": 0.7}, ("binary",)),
    ("CategoricalAccuracy", {}, ("one-hot",)),
    ("SparseCategoricalAccuracy", {}, ("classes", "class columns", "class steps")),
    ("TopKCategoricalAccuracy", {"k": 2}, ("one-hot",)),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, ("classes", "class steps")),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, ("sorted ids",)),
    ("MeanSquaredError", {}, _REAL),
    ("RootMeanSquaredError", {}, _REAL),
    ("MeanAbsoluteError", {}, _REAL),
    ("MeanAbsolutePercentageError", {}, _REAL),
    ("MeanSquaredLogarithmicError", {}, ("positive",)),
    ("CosineSimilarity", {}, ("reals",)),
    ("CosineSimilarity", {"axis": 1}, ("steps",)),
    ("LogCoshError", {}, ("reals",)),
    ("R2Score", {}, ("reals",)),
    ("R2Score", {"class_aggregation": None}, ("reals",)),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2}, ("reals",)),
    ("BinaryCrossentropy", {}, ("binary",)),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ("binary logits",)),
    ("CategoricalCrossentropy", {}, ("one-hot",)),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ("one-hot logits",)),
    ("SparseCategoricalCrossentropy", {}, ("classes", "class steps")),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1, "from_logits": True}, ("classes", "class steps")),
    ("KLDivergence", {}, ("one-hot",)),
    ("Poisson", {}, ("positive",)),
    ("Hinge", {}, ("signs",)),
    ("SquaredHinge", {}, ("binary",)),
    ("CategoricalHinge", {}, ("one-hot",)),
    ("PearsonCorrelation", {}, ("reals",)),
    ("PearsonCorrelation", {"axis": 0}, ("reals",)),
    ("ConcordanceCorrelation", {}, ("reals",)),
    ("F1Score", {}, ("one-hot",)),
    ("F1Score", {"average": "macro", "threshold": 0.4}, ("binary",)),
    ("FBetaScore", {"average": "micro", "beta": 2.0}, ("one-hot",)),
    ("FBetaScore", {"average": "weighted", "beta": 0.5, "threshold": 0.5}, ("binary",)),
    *((name, {}, ("binary", "binary column", "one-hot")) for name in ("FalsePositives", "FalseNegatives")),
    *((name, {"thresholds": [0.8, 0.2]}, ("binary",)) for name in ("TruePositives", "TrueNegatives")),
    ("TruePositives", {"thresholds": _EVEN}, ("binary",)),
    *((name, {}, ("binary", "binary column")) for name in ("Precision", "Recall")),
    *((name, {"thresholds": [0.3, 0.6]}, ("binary",)) for name in ("Precision", "Recall")),
    *((name, {"top_k": 2}, ("one-hot",)) for name in ("Precision", "Recall")),
    *((name, {"class_id": 1}, ("one-hot",)) for name in ("Precision", "Recall")),
    *((name, {"top_k": 2, "class_id": 1}, ("one-hot",)) for name in ("Precision", "Recall")),
    ("SensitivityAtSpecificity", {"specificity": 0.5}, ("binary",)),
    ("SensitivityAtSpecificity", {"specificity": 0.3, "num_thresholds": 1}, ("binary",)),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6, "num_thresholds": 11, "class_id": 2}, ("binary",)),
    ("PrecisionAtRecall", {"recall": 0.5}, ("binary",)),
    ("RecallAtPrecision", {"precision": 0.6}, ("binary",)),
    *(
        ("AUC", {"curve": curve, "summation_method": method, "num_thresholds": 21}, ("binary",))
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "minoring", "majoring")
    ),
    ("AUC", {}, ("binary", "binary column")),
    ("AUC", {"thresholds": [0.1, 0.7, 0.4]}, ("binary",)),
    ("AUC", {"multi_label": True, "num_thresholds": 7}, ("binary",)),
    ("AUC", {"multi_label": True, "num_labels": 5, "label_weights": [1.0, 2.0, 0.0, 1.0, 3.0]}, ("binary",)),
    ("AUC", {"label_weights": [1.0, 2.0, 0.0, 1.0, 3.0]}, ("binary",)),
    ("AUC", {"from_logits": True, "curve": "PR"}, ("binary logits",)),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, ("integers",)),
    (
        "IoU",
        {"num_classes": 3, "target_class_ids": [1], "ignore_class": 0, "dtype": "float32"},
        ("integers",),
    ),
    ("BinaryIoU", {}, ("binary",)),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3, "dtype": "float32"}, ("binary",)),
    ("MeanIoU", {"num_classes": 4}, ("integers",)),
    ("MeanIoU", {"num_classes": 4, "sparse_y_pred": False, "dtype": "float32"}, ("classes", "class steps")),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 3]}, ("one-hot",)),
    ("OneHotMeanIoU", {"num_classes": 4, "dtype": "float32"}, ("one-hot",)),
]
# Arguments that Keras leaves out of a config, so that a saved metric comes back with the default.
FORGOTTEN = {
    "CosineSimilarity": {"axis"},
    "SparseTopKCategoricalAccuracy": {"from_sorted_ids"},
}
CASES = [
    pytest.param(index, kind, id=f"{name}-{kind}-{'-'.join(arguments) or 'defaults'}")
    for index, (name, arguments, kinds) in enumerate(METRICS)
    for kind in kinds
]
CLASSES = sorted({name for name, _, _ in METRICS})
FUNCTIONS = [
    name
    for name in dir(keras.metrics)
    if name.islower()
    and inspect.isfunction(getattr(keras.metrics, name))
    and name not in ("deserialize", "get", "serialize")
]


def batch(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    r = np.random.default_rng(seed)
    if kind == "integers":
        return r.integers(0, 4, (6, 3)), r.integers(0, 4, (6, 3))
    if kind == "integer column":
        return r.integers(0, 3, 6), r.integers(0, 3, (6, 1))
    if kind == "binary column":
        return r.integers(0, 2, 6), r.uniform(size=(6, 1)).astype("float32")
    if kind == "sorted ids":
        return r.integers(0, 4, 6), np.stack([r.permutation(4) for _ in range(6)])
    return data(kind, seed)


def weights(index: int, kind: str, seed: int) -> Any:
    name = METRICS[index][0]
    if "IoU" in name:
        y_true = batch(kind, seed)[0]
        shape = y_true.shape[:-1] if name.startswith("OneHot") else y_true.shape
        return np.random.default_rng(seed).integers(0, 3, shape)
    return np.random.default_rng(seed).uniform(0.5, 2.0, 6).astype("float32")


def make(module: Any, index: int) -> Any:
    name, arguments, _ = METRICS[index]
    return getattr(module, name)(**arguments)


@cache
def expected(index: int, kind: str, weighted: bool) -> list[np.ndarray] | None:
    """Results of Keras after each of three batches; None where it cannot weigh."""
    metric, results = make(keras.metrics, index), []
    for seed in range(3):
        weight = {"sample_weight": weights(index, kind, seed)} if weighted else {}
        try:
            metric.update_state(*batch(kind, seed), **weight)
        except (TypeError, ValueError):
            if weighted:
                return None
            raise
        results.append(np.asarray(metric.result()))
    return results


def same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ops.convert_to_numpy(ours), theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("index", "kind"), CASES)
def test_results_over_batches_are_those_of_keras(backend: str, index: int, kind: str, weighted: bool) -> None:
    results = expected(index, kind, weighted)
    if results is None:
        return
    metric = make(metrics, index)
    for seed, result in enumerate(results):
        weight = {"sample_weight": weights(index, kind, seed)} if weighted else {}
        metric.update_state(*batch(kind, seed), **weight)
        same(metric.result(), result)
    metric.reset_state()
    same(
        metric(*batch(kind, 0), **({"sample_weight": weights(index, kind, 0)} if weighted else {})),
        results[0],
    )


@pytest.mark.parametrize(("index", "kind"), CASES)
def test_compiled_updates_equal_eager_ones_and_leave_the_metric_alone(index: int, kind: str) -> None:
    metric, other = make(metrics, index), make(metrics, index)
    for each in (metric, other):
        each.build_from_shapes(*(np.shape(x) for x in batch(kind, 0)))
    update, result = jax.jit(metric.stateless_update_state), jax.jit(metric.stateless_result)
    state = metric.stateless_reset_state()
    is_weighted = METRICS[index][1].get("axis") != 0  # else values are no longer per sample
    for seed in range(2):
        weight = weights(index, kind, seed) if is_weighted else None
        state = update(state, *batch(kind, seed), sample_weight=weight)
        other.update_state(*batch(kind, seed), sample_weight=weight)
    same(result(state), ops.convert_to_numpy(other.result()))
    assert all(not np.any(variable.numpy()) for variable in metric.variables)


@pytest.mark.parametrize(
    ("index", "kind"), [case for case in CASES if case.values[1] == METRICS[case.values[0]][2][0]]
)
def test_variables_have_the_names_shapes_and_dtypes_of_keras(index: int, kind: str) -> None:
    name, arguments, _ = METRICS[index]
    described = []
    for module in (metrics, keras.metrics):
        metric = getattr(module, name)(name="m", **arguments)
        metric.update_state(*batch(kind, 0))
        described.append([(v.path, tuple(v.shape), v.dtype) for v in metric.variables])
    assert described[0] == described[1]


@pytest.mark.parametrize("index", range(len(METRICS)))
def test_configs_are_those_of_keras_and_go_both_ways(index: int) -> None:
    name, arguments, kinds = METRICS[index]
    ours = getattr(metrics, name)(**{"name": "mine", **arguments})
    theirs = getattr(keras.metrics, name)(**{"name": "mine", **arguments})
    added, config = FORGOTTEN.get(name, set()), plain(theirs.get_config())
    assert {k: v for k, v in plain(ours.get_config()).items() if k not in added or k in config} == config
    pair = batch(kinds[0], 0)
    result = np.asarray(theirs(*pair))
    again = metrics.deserialize(metrics.serialize(ours))
    assert type(again) is type(ours)
    assert plain(again.get_config()) == plain(ours.get_config())
    same(again(*pair), result)
    np.testing.assert_allclose(
        np.asarray(keras.metrics.deserialize(metrics.serialize(ours))(*pair)), result, rtol=1e-5, atol=1e-6
    )
    assert metrics.deserialize(keras.metrics.serialize(theirs)).name == "mine"


def plain(config: dict[str, Any]) -> dict[str, Any]:
    """Tuples, and the arrays that Keras puts into configs, as lists."""
    return {
        k: np.asarray(v).tolist() if isinstance(v, list | tuple) or hasattr(v, "shape") else v
        for k, v in config.items()
    }


@pytest.mark.parametrize("name", [*CLASSES, "Mean", "Sum", "MeanMetricWrapper", "Metric"])
def test_classes_have_the_parameters_of_keras(name: str) -> None:
    ours, theirs = (
        inspect.signature(getattr(module, name)).parameters for module in (metrics, keras.metrics)
    )
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}
    assert list(ours) == list(theirs)


@pytest.mark.parametrize("name", CLASSES)
def test_directions_are_those_of_keras(name: str) -> None:
    index = [case[0] for case in METRICS].index(name)
    direction = getattr(make(keras.metrics, index), "_direction", None)
    assert direction in (None, make(metrics, index)._direction)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_the_parameters_of_keras(name: str) -> None:
    ours, theirs = (
        inspect.signature(getattr(module, name)).parameters for module in (metrics, keras.metrics)
    )
    assert {k: p.default for k, p in ours.items()} == {k: p.default for k, p in theirs.items()}
    assert list(ours) == list(theirs)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("binary_accuracy", "binary"),
        ("categorical_accuracy", "one-hot"),
        ("sparse_categorical_accuracy", "classes"),
        ("sparse_categorical_accuracy", "class columns"),
        ("sparse_categorical_accuracy", "class steps"),
        ("pearson_correlation", "reals"),
        ("concordance_correlation", "reals"),
    ],
)
def test_functions_have_the_values_of_keras(backend: str, name: str, kind: str) -> None:
    theirs = np.asarray(getattr(keras.metrics, name)(*batch(kind, 0)))
    ours = getattr(metrics, name)(*batch(kind, 0))
    assert tuple(ours.shape) == theirs.shape
    same(ours, theirs)


def test_every_public_name_of_keras_is_there() -> None:
    missing = {name for name in dir(keras.metrics) if not name.startswith("_")} - set(dir(metrics))
    assert not missing


@pytest.mark.parametrize("name", sorted(keras.src.metrics.ALL_OBJECTS_DICT))
def test_every_name_that_keras_knows_means_the_same(name: str) -> None:
    cls = keras.src.metrics.ALL_OBJECTS_DICT[name]
    if cls.__name__ in ("Metric",):
        return
    required = [
        p
        for p in inspect.signature(cls).parameters.values()
        if p.default is p.empty and p.kind != p.VAR_KEYWORD
    ]
    if not required:
        assert type(metrics.get(name)).__name__ == cls.__name__
    assert metrics.get({"class_name": name, "config": METRIC_ARGUMENTS.get(cls.__name__, {})}) is not None


METRIC_ARGUMENTS: dict[str, dict[str, Any]] = {
    "IoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 2},
    "OneHotMeanIoU": {"num_classes": 2},
    "MeanMetricWrapper": {"fn": keras.metrics.serialize(keras.metrics.binary_accuracy)},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
}
