"""CompileLoss: forms of loss and loss_weights, forms of data, reports, messages."""

from __future__ import annotations

import numpy as np
import pytest

from layerlab import losses, ops
from layerlab.core.masking import set_mask
from layerlab.core.state import StateScope
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import DataError, InvalidArgumentError, ShapeError, UnknownNameError
from layerlab.training.compiled_loss import CompileLoss

YA, YB = np.array([[1.0], [2.0]], "float32"), np.array([[0.0, 2.0], [4.0, 0.0]], "float32")
PA, PB = np.zeros((2, 1), "float32"), np.zeros((2, 2), "float32")
MSE_A, MSE_B, MAE_B = 2.5, 5.0, 1.5
NAMES = ["a", "b"]


def predictions(form: str = "list"):
    a, b = ops.convert_to_tensor(PA), ops.convert_to_tensor(PB)
    return {"list": [a, b], "tuple": (a, b), "dict": {"b": b, "a": a}, "nested": {"x": [a], "y": {"z": b}}}[
        form
    ]


@pytest.mark.parametrize(
    ("loss", "weights", "total"),
    [
        ("mse", None, MSE_A + MSE_B),
        (losses.MeanSquaredError(), None, MSE_A + MSE_B),
        (losses.mean_squared_error, [1.0, 0.5], MSE_A + 0.5 * MSE_B),
        (["mse", "mae"], None, MSE_A + MAE_B),
        (("mse", losses.MeanAbsoluteError), {"b": 2}, MSE_A + 2 * MAE_B),
        ({"a": "mse", "b": "mae"}, {"b": 4.0, "a": 0.25}, 0.25 * MSE_A + 4 * MAE_B),
        ({"b": "mae"}, None, MAE_B),
        ([None, "mae"], None, MAE_B),
        ("mse", 0.5, 0.5 * (MSE_A + MSE_B)),
        (["mse", ["mae", "mse"]], [1.0, 2.0], MSE_A + 2 * (MAE_B + MSE_B)),
        ({"a": {"class_name": "Huber", "config": {"delta": 1.0}}}, None, (0.5 + 1.5) / 2),
    ],
)
@pytest.mark.parametrize("form", ["list", "dict"])
def test_the_total_is_the_weighted_sum_over_outputs(
    backend: str, loss, weights, total: float, form: str
) -> None:
    compiled = CompileLoss(loss, weights, output_names=NAMES)
    assert float(compiled([YA, YB], predictions(form))) == pytest.approx(total)
    assert float(compiled({"b": YB, "a": YA}, predictions(form))) == pytest.approx(total)


def test_one_output_takes_any_simple_form(backend: str) -> None:
    for loss in ("mse", ["mse"], {"a": "mse"}, ["mse", "mae"]):
        for target in (YA, [YA], {"a": YA}):
            for prediction in (ops.convert_to_tensor(PA), predictions()[:1], {"a": predictions()[0]}):
                compiled = CompileLoss(loss, output_names=["a"])
                expected = MSE_A + (1.5 if len(loss) == 2 else 0)
                assert float(compiled(target, prediction)) == pytest.approx(expected)
                assert compiled.metrics == []


def test_weights_of_several_losses_of_one_output(backend: str) -> None:
    assert float(CompileLoss(["mse", "mae"], [1.0, 0.5])(YA, PA)) == pytest.approx(MSE_A + 0.5 * 1.5)


def test_nested_outputs_take_nested_losses_and_targets(backend: str) -> None:
    target = {"x": [YA], "y": {"z": YB}}
    for loss in ({"x": ["mse"], "y": {"z": "mae"}}, {"x": "mse", "y": "mae"}, ["mse", "mae"]):
        compiled = CompileLoss(loss)
        assert float(compiled(target, predictions("nested"))) == pytest.approx(MSE_A + MAE_B)
        assert [metric.name for metric in compiled.metrics] == ["x/0_loss", "y/z_loss"]
    compiled = CompileLoss({"a": "mse", "b": "mae"}, output_names=NAMES)
    assert float(compiled({"a": YA, "b": YB}, predictions("nested"))) == pytest.approx(MSE_A + MAE_B)


def test_losses_of_outputs_are_reported_unweighted_as_means_over_samples(backend: str) -> None:
    compiled = CompileLoss({"a": "mse", "b": "mae"}, {"a": 10.0, "b": 0.0}, output_names=NAMES)
    assert compiled.metrics == []
    compiled([YA, YB], predictions())
    compiled([YA[:1], YB[:1]], [p[:1] for p in predictions()])
    assert [metric.name for metric in compiled.metrics] == ["a_loss", "b_loss"]
    assert [variable.path for variable in compiled.variables][:2] == ["a_loss/total", "a_loss/count"]
    assert float(compiled.metrics[0].result()) == pytest.approx((2 * MSE_A + 1.0) / 3)
    assert float(compiled.metrics[1].result()) == pytest.approx((2 * MAE_B + 1.0) / 3)


def test_one_loss_among_several_outputs_needs_no_report_of_its_own(backend: str) -> None:
    compiled = CompileLoss({"a": "mse"}, output_names=NAMES)
    assert float(compiled({"a": YA}, predictions())) == pytest.approx(MSE_A)
    assert compiled.metrics == []


def test_unnamed_outputs_are_numbered(backend: str) -> None:
    compiled = CompileLoss("mse")
    compiled([YA, YB], predictions("tuple"))
    assert [metric.name for metric in compiled.metrics] == ["output_1_loss", "output_2_loss"]


def test_sample_weights_are_for_all_outputs_or_for_each(backend: str) -> None:
    compiled = CompileLoss("mse", output_names=NAMES)
    weight = np.array([1.0, 0.0], "float32")
    one = 0.5 * (1.0 + 2.0)
    assert float(compiled([YA, YB], predictions(), weight)) == pytest.approx(one)
    assert float(compiled([YA, YB], predictions(), [weight, None])) == pytest.approx(0.5 + MSE_B)
    assert float(compiled([YA, YB], predictions(), {"b": weight})) == pytest.approx(MSE_A + 0.5 * 2.0)


def test_masks_of_the_predictions_reach_the_loss(backend: str) -> None:
    prediction = ops.convert_to_tensor(np.zeros((1, 2, 1), "float32"))
    set_mask(prediction, ops.convert_to_tensor([[True, False]]))
    assert float(CompileLoss("mse")(np.array([[[1.0], [9.0]]]), prediction)) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["crossentropy", "ce"])
def test_crossentropy_follows_the_shapes(backend: str, name: str) -> None:
    p = np.array([[0.2, 0.8]], "float32")
    assert float(CompileLoss(name)(np.array([1]), p)) == pytest.approx(-np.log(0.8), rel=1e-5)
    assert float(CompileLoss(name)(np.array([[1.0, 0.0]]), p)) == pytest.approx(-np.log(0.2), rel=1e-5)
    assert float(CompileLoss(name)(np.array([[1.0]]), p[:, :1])) == pytest.approx(-np.log(0.2), rel=1e-5)


def test_a_function_may_return_elements_and_a_loss_may_keep_samples(backend: str) -> None:
    assert float(CompileLoss(lambda t, p: (t - p) ** 2)(YB, PB)) == pytest.approx(MSE_B)
    assert float(CompileLoss(losses.MeanSquaredError(reduction="none"))(YB, PB)) == pytest.approx(MSE_B)


def test_no_loss_gives_none(backend: str) -> None:
    assert CompileLoss([None, None], output_names=NAMES)([YA, YB], predictions()) is None


def test_build_takes_shapes_without_values() -> None:
    compiled = CompileLoss(["crossentropy", "mse"], output_names=NAMES)
    compiled.build(
        [KerasTensor((None,)), KerasTensor((None, 2))], [KerasTensor((None, 3)), KerasTensor((None, 2))]
    )
    assert compiled.built
    assert [metric.name for metric in compiled.metrics] == ["a_loss", "b_loss"]


def test_the_loss_is_pure_inside_a_state_scope() -> None:
    import jax

    compiled = CompileLoss("mse", output_names=NAMES)
    compiled.build([YA, YB], predictions())

    def step(state, a, b):
        with StateScope(zip(compiled.variables, state, strict=True)) as scope:
            total = compiled([YA, YB], [a, b])
        return total, [scope.read(variable) for variable in compiled.variables]

    total, state = jax.jit(step)([variable.value for variable in compiled.variables], PA, PB)
    assert float(total) == pytest.approx(MSE_A + MSE_B)
    assert [float(value) for value in state] == pytest.approx([5.0, 2.0, 10.0, 2.0])
    assert float(compiled.metrics[0].count.numpy()) == 0.0


def test_typing_errors_show_in_compile() -> None:
    for loss in ("sparse_categorical_crossentrop", {"a": "sparse_categorical_crossentrop"}):
        with pytest.raises(
            UnknownNameError, match=r"Unknown loss 'sparse_categorical_crossentrop'\. Did you mean"
        ):
            CompileLoss(loss)
    for loss in (3.5, [object()]):
        with pytest.raises(InvalidArgumentError):
            CompileLoss(loss)
    with pytest.raises(InvalidArgumentError, match=r"(?s)loss_weights.*numbers.*str"):
        CompileLoss("mse", {"a": "0.5"})


def test_entries_that_do_not_fit_the_outputs_are_named(backend: str) -> None:
    for arguments, words in (
        (({"aa": "mse"},), r"(?s)loss names 'aa'.*Did you mean 'a'.*'a', 'b'"),
        ((["mse"],), r"(?s)loss does not fit.*2 entries, for 'a', 'b'.*1.*loss=\{'a'"),
        (("mse", [1.0, 2.0, 3.0]), r"(?s)loss_weights does not fit.*2 entries.*3"),
        (("mse", {"c": 1.0}), r"(?s)loss_weights names 'c'.*'a', 'b'"),
    ):
        with pytest.raises(InvalidArgumentError, match=words):
            CompileLoss(*arguments, output_names=NAMES).build([YA, YB], predictions())


def test_targets_that_do_not_fit_the_outputs_are_shown(backend: str) -> None:
    compiled = CompileLoss("mse", output_names=NAMES)
    for target, words in (
        (YA, r"(?s)y does not fit the model's 2 outputs.*2 arrays, for 'a', 'b'.*shape \(2, 1\).*y=\{'a'"),
        ([YA], r"(?s)2 arrays.*list of 1"),
        ([YA, YB, YB], r"(?s)2 arrays.*list of 3"),
        ({"a": YA, "bb": YB}, r"(?s)y names 'bb'.*Did you mean 'b'"),
        ({"a": YA}, r"(?s)Loss 'mse' of output 'b' has no targets"),
        (None, r"(?s)Loss 'mse' of output 'a' has no targets"),
    ):
        with pytest.raises(DataError, match=words):
            compiled(target, predictions())
    with pytest.raises(DataError, match=r"(?s)1 output\..*one array.*list of 2"):
        CompileLoss("mse")([YA, YB], PA)


def test_a_shape_error_names_the_loss_and_the_output(backend: str) -> None:
    with pytest.raises(ShapeError, match=r"(?s)Loss 'mse' of output 'b'.*\(2, 2\).*\(2, 3\)"):
        CompileLoss("mse", output_names=NAMES)([YA, np.ones((2, 3))], predictions())
    with pytest.raises(ShapeError, match=r"(?s)^Loss 'sparse_categorical_crossentropy': .*looks one-hot"):
        CompileLoss("sparse_categorical_crossentropy")(np.eye(3), np.ones((3, 3)) / 3)
