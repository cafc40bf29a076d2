"""CompileMetrics: forms of metrics, labels and their order, weights, what is said when it does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from layerlab import metrics, ops
from layerlab.core.state import StateScope
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import DataError, InvalidArgumentError, ShapeError, UnknownNameError
from layerlab.training.compiled_metrics import CompileMetrics

Y = np.eye(2, dtype="float32")[[0, 1, 0, 1]]
P = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]], "float32")
ACCURACY, MSE = 0.75, float(np.mean((Y - P) ** 2))
NAMES = ["a", "b"]


def two() -> list:
    return [ops.convert_to_tensor(P), ops.convert_to_tensor(P)]


def results(compiled: CompileMetrics) -> dict[str, float]:
    return {label: float(value) for label, value in compiled.result().items()}


def spread(y_true, y_pred):
    return ops.abs(y_true - y_pred)


def test_before_data_there_is_nothing() -> None:
    compiled = CompileMetrics(["mae"])
    assert (compiled.result(), compiled.metrics, compiled.variables, compiled.result_names()) == (
        {},
        [],
        [],
        [],
    )
    compiled.reset_state()


def test_one_output_has_no_prefix_and_strings_stay_labels(backend: str) -> None:
    compiled = CompileMetrics(
        ["mse", "acc", spread, metrics.MeanAbsoluteError(), metrics.AUC], output_names=["a"]
    )
    compiled.update_state(Y, ops.convert_to_tensor(P))
    assert list(compiled.result()) == ["mse", "acc", "spread", "mean_absolute_error", "auc"]
    assert compiled.result_names() == list(compiled.result())
    assert results(compiled)["acc"] == pytest.approx(ACCURACY)
    assert results(compiled)["mse"] == pytest.approx(MSE)
    assert results(compiled)["spread"] == pytest.approx(np.abs(Y - P).mean())


def test_variables_are_named_after_the_class_though_labels_are_not(backend: str) -> None:
    compiled = CompileMetrics(["mae"])
    compiled.build(Y, P)
    assert [variable.path for variable in compiled.variables] == [
        "mean_absolute_error/total",
        "mean_absolute_error/count",
    ]


def test_a_flat_list_goes_to_every_output(backend: str) -> None:
    compiled = CompileMetrics(["mse", "acc"], output_names=NAMES)
    compiled.update_state([Y, 1 - Y], two())
    assert list(compiled.result()) == ["a_mse", "a_acc", "b_mse", "b_acc"]
    assert results(compiled)["a_acc"] == pytest.approx(ACCURACY)
    assert results(compiled)["b_acc"] == pytest.approx(1 - ACCURACY)


@pytest.mark.parametrize(
    "form",
    [
        {"a": "accuracy", "b": ["accuracy", "mse"]},
        [["accuracy"], ["accuracy", "mse"]],
        ["accuracy", ["accuracy", "mse"]],
        ("accuracy", ("accuracy", "mse")),
    ],
)
def test_metrics_by_output(backend: str, form) -> None:
    compiled = CompileMetrics(form, output_names=NAMES)
    compiled.update_state([Y, Y], two())
    assert list(compiled.result()) == ["a_accuracy", "b_accuracy", "b_mse"]


def test_outputs_that_are_not_named_have_no_metrics(backend: str) -> None:
    for form in ({"b": "mse"}, [None, "mse"], [[], ["mse"]]):
        compiled = CompileMetrics(form, output_names=NAMES)
        compiled.update_state({"b": Y}, {"a": two()[0], "b": two()[1]})
        assert list(compiled.result()) == ["b_mse"]


def test_one_object_for_several_outputs_counts_each_on_its_own(backend: str) -> None:
    metric = metrics.MeanSquaredError(name="e")
    compiled = CompileMetrics([metric], output_names=NAMES)
    compiled.update_state([Y, P], two())
    assert results(compiled) == pytest.approx({"a_e": MSE, "b_e": 0.0})
    assert compiled.metrics[0] is metric


def test_nested_outputs_take_nested_metrics(backend: str) -> None:
    y_pred = {"x": [two()[0]], "y": {"z": two()[1]}}
    compiled = CompileMetrics({"x": ["mse"], "y": {"z": "acc"}})
    compiled.update_state({"x": [Y], "y": {"z": Y}}, y_pred)
    assert list(compiled.result()) == ["x/0_mse", "y/z_acc"]


def test_only_weighted_metrics_are_weighted_and_come_after_the_others(backend: str) -> None:
    compiled = CompileMetrics(["mae"], ["mse", "mae"], output_names=NAMES)
    weight = np.array([1.0, 0.0, 0.0, 3.0], "float32")
    compiled.update_state([Y, Y], two(), weight)
    assert list(compiled.result()) == ["a_mae", "a_mse", "a_weighted_mae", "b_mae", "b_mse", "b_weighted_mae"]
    error = np.abs(Y - P).mean(1)
    assert results(compiled)["a_mae"] == pytest.approx(error.mean())
    assert results(compiled)["a_weighted_mae"] == pytest.approx((error * weight).sum() / 4)
    compiled.reset_state()
    compiled.update_state([Y, Y], two(), {"a": weight})
    assert results(compiled)["a_weighted_mae"] == pytest.approx((error * weight).sum() / 4)
    assert results(compiled)["b_weighted_mae"] == pytest.approx(error.mean())


def test_equal_labels_are_numbered(backend: str) -> None:
    compiled = CompileMetrics([metrics.Precision(name="p"), metrics.Precision(thresholds=0.8, name="p")])
    compiled.update_state(Y, P)
    assert list(compiled.result()) == ["p", "p_1"]


def test_a_dict_as_result_is_spread(backend: str) -> None:
    class Two(metrics.Metric):
        def update_state(self, y_true, y_pred, sample_weight=None):
            pass

        def result(self):
            return {"one": 1.0, "two": 2.0}

    compiled = CompileMetrics([Two()])
    compiled.update_state(Y, P)
    assert compiled.result() == {"one": 1.0, "two": 2.0}


@pytest.mark.parametrize("name", ["crossentropy", "ce", "accuracy", "acc"])
def test_names_resolved_by_shape(backend: str, name: str) -> None:
    compiled = CompileMetrics([name])
    compiled.update_state(np.array([0, 1, 0, 1]), ops.convert_to_tensor(P))
    expected = ACCURACY if name.startswith("acc") else -np.log([0.9, 0.2, 0.7, 0.6]).mean()
    assert results(compiled) == {name: pytest.approx(expected, rel=1e-5)}


def test_build_makes_all_variables_from_shapes_alone() -> None:
    compiled = CompileMetrics(["acc", metrics.R2Score(), metrics.F1Score(), metrics.AUC(multi_label=True)])
    compiled.build(KerasTensor((None, 2)), KerasTensor((None, 2)))
    count = len(compiled.variables)
    assert count == 2 + 5 + 4 + 4
    compiled.update_state(Y, P)
    assert len(compiled.variables) == count


def test_updates_are_pure_inside_a_state_scope() -> None:
    import jax

    compiled = CompileMetrics(["acc"], ["mse"])
    compiled.build(Y, P)

    def step(state, y, p):
        with StateScope(zip(compiled.variables, state, strict=True)) as scope:
            compiled.update_state(y, p)
            return [scope.read(variable) for variable in compiled.variables], compiled.result()

    state, result = jax.jit(step)([variable.value for variable in compiled.variables], Y, P)
    assert float(result["acc"]) == pytest.approx(ACCURACY)
    assert [float(value) for value in state] == pytest.approx([3.0, 4.0, 4 * MSE, 4.0])
    assert results(compiled) == {"acc": 0.0, "mse": 0.0}


def test_metrics_do_not_enter_the_gradient_graph_of_torch() -> None:
    torch = pytest.importorskip("torch")
    from layerlab import config

    config.set_backend("torch")
    try:
        seen = []

        def watch(y_true, y_pred):
            seen.append((y_pred * 2).requires_grad)
            return y_pred

        CompileMetrics([watch]).update_state(Y, torch.tensor(P, requires_grad=True))
        assert seen == [False]
    finally:
        config.set_backend("jax")


def test_typing_errors_show_in_compile() -> None:
    for form in (["acuracy"], {"a": ["acuracy"]}, [["acuracy"], []]):
        with pytest.raises(UnknownNameError, match=r"Unknown metric 'acuracy'\. Did you mean 'accuracy'"):
            CompileMetrics(form)
    for form in ("accuracy", 3, [3.5]):
        with pytest.raises(InvalidArgumentError):
            CompileMetrics(form)


def test_entries_that_do_not_fit_the_outputs_are_named(backend: str) -> None:
    for form, words in (
        ({"output": "mse"}, r"(?s)metrics names 'output'.*'a', 'b'"),
        ([["mse"], ["mse"], ["mse"]], r"(?s)metrics does not fit.*2 entries, for 'a', 'b'.*3"),
    ):
        with pytest.raises(InvalidArgumentError, match=words):
            CompileMetrics(form, output_names=NAMES).build([Y, Y], two())


def test_data_that_do_not_fit_name_metric_and_output(backend: str) -> None:
    with pytest.raises(DataError, match=r"(?s)Metric 'mse' of output 'b' has no targets"):
        CompileMetrics(["mse"], output_names=NAMES).update_state({"a": Y}, two())
    with pytest.raises(ShapeError, match=r"(?s)Metric 'mse' of output 'b'.*\(4, 2\).*\(4, 3\)"):
        CompileMetrics(["mse"], output_names=NAMES).update_state([Y, np.ones((4, 3))], two())
    with pytest.raises(DataError, match="depends on the shape of y"):
        CompileMetrics(["acc"]).update_state(None, P)


def test_configs_stand_for_metrics(backend: str) -> None:
    compiled = CompileMetrics([metrics.serialize(metrics.BinaryAccuracy(name="high", threshold=0.85))])
    compiled.update_state(Y, P)
    assert results(compiled)["high"] == pytest.approx(np.mean((P > 0.85) == Y))
