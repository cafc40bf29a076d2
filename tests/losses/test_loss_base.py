"""Loss as users meet it: own losses, reductions, weights, names, messages."""

from __future__ import annotations

import numpy as np
import pytest

from layerlab import losses, ops
from layerlab.errors import InvalidArgumentError, ShapeError, UnknownNameError, UnsupportedError


class Distance(losses.Loss):
    def __init__(self, power=2, name="distance", reduction="sum_over_batch_size"):
        super().__init__(name=name, reduction=reduction)
        self.power = power

    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) ** self.power, axis=-1)


def test_a_loss_of_the_user_is_reduced_and_weighted(backend: str) -> None:
    y_true, y_pred = [[0.0, 0.0], [0.0, 0.0]], [[1.0, 3.0], [2.0, 2.0]]
    assert float(Distance()(y_true, y_pred)) == pytest.approx((5 + 4) / 2)
    assert float(Distance(power=1, reduction="sum")(y_true, y_pred, [1.0, 0.5])) == pytest.approx(3.0)


def test_a_loss_of_the_user_has_a_config_without_writing_one() -> None:
    config = Distance(power=3, name="d").get_config()
    assert config == {"power": 3, "name": "d", "reduction": "sum_over_batch_size"}
    assert Distance.from_config(config).power == 3


def test_a_name_among_custom_objects_is_found() -> None:
    own = {"mse": Distance, "cubes": lambda y, p: (y - p) ** 3}
    assert float(losses.deserialize("cubes", own)(2.0, 0.0)) == 8.0
    assert isinstance(losses.deserialize("mse", custom_objects=own), Distance)
    with pytest.raises(UnknownNameError, match="cubes"):
        losses.deserialize("cubes")


def test_a_loss_without_a_formula_says_what_to_write() -> None:
    class Empty(losses.Loss):
        pass

    with pytest.raises(UnsupportedError, match=r"Empty.*\n.*implement call"):
        Empty()([1.0], [1.0])


def test_automatic_names_follow_the_class(backend: str) -> None:
    class MyLoss(losses.Loss):
        pass

    assert [MyLoss().name, MyLoss().name] == ["my_loss", "my_loss_1"]


def test_labels_and_predictions_may_be_structures(backend: str) -> None:
    class Both(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.abs(y_true["a"] - y_pred["a"]) + ops.abs(y_true["b"] - y_pred["b"])

    value = Both()({"a": [1, 2], "b": [3.0, 4.0]}, {"a": [1.0, 1.0], "b": [1.0, 4.0]})
    assert float(value) == pytest.approx((2 + 1) / 2)


def test_sample_weights_of_a_batch_weigh_each_time_step(backend: str) -> None:
    y_true, y_pred = np.zeros((2, 3, 1), "float32"), np.ones((2, 3, 1), "float32")
    loss = losses.MeanSquaredError(reduction="none")
    values = ops.convert_to_numpy(loss(y_true, y_pred, sample_weight=np.array([1.0, 5.0])))
    np.testing.assert_array_equal(values, [[1, 1, 1], [5, 5, 5]])


def test_per_sample_weights_stay_per_sample_when_batch_and_time_are_equal(backend: str) -> None:
    zeros, ones = np.zeros((2, 2, 1), "float32"), np.ones((2, 2, 1), "float32")
    values = losses.MeanSquaredError(reduction="none")(zeros, ones, sample_weight=[1.0, 5.0])
    np.testing.assert_array_equal(ops.convert_to_numpy(values), [[1, 1], [5, 5]])


def test_an_empty_batch_has_loss_zero(backend: str) -> None:
    empty = np.zeros((0, 4, 3), "float32")
    assert float(losses.MeanSquaredError()(empty, empty)) == 0.0


def test_weights_of_sum_zero_give_zero(backend: str) -> None:
    loss = losses.MeanSquaredError(reduction="mean_with_sample_weight")
    assert float(loss([[1.0], [2.0]], [[0.0], [0.0]], sample_weight=[0.0, 0.0])) == 0.0


def test_a_loss_computes_in_the_dtype_it_is_given(backend: str) -> None:
    value = losses.MeanSquaredError(dtype="float16")([[1.0]], [[0.0]])
    assert "float16" in str(value.dtype)
    assert losses.MeanSquaredError(dtype="mixed_bfloat16").dtype == "bfloat16"


@pytest.mark.slow
def test_the_gradient_of_circle_is_finite_for_a_sample_without_partners(backend: str) -> None:
    from layerlab.backend.active import backend as active

    x = ops.convert_to_tensor(np.eye(3, dtype="float32"))
    _, gradients = active().value_and_grad(lambda p: losses.circle([0, 1, 2], p["x"]).sum())({"x": x})  # type: ignore[attr-defined]
    assert np.isfinite(ops.convert_to_numpy(gradients["x"])).all()


def test_logcosh_and_crossentropies_of_logits_stay_finite_for_large_values(backend: str) -> None:
    assert float(losses.LogCosh()([[0.0]], [[1e6]])) == pytest.approx(1e6)
    assert float(losses.BinaryCrossentropy(from_logits=True)([[0.0]], [[1e4]])) == pytest.approx(1e4)
    assert float(
        losses.CategoricalCrossentropy(from_logits=True)([[1.0, 0.0]], [[0.0, 1e4]])
    ) == pytest.approx(1e4)


def test_a_wrong_name_suggests_the_near_one() -> None:
    with pytest.raises(
        UnknownNameError, match=r"Unknown loss 'sparse_categorical_crossentrop'\. Did you mean 'spar"
    ):
        losses.get("sparse_categorical_crossentrop")
    with pytest.raises(InvalidArgumentError, match=r"Did you mean 'sum_over_batch_size'"):
        losses.MeanSquaredError(reduction="sum_over_batch")
    with pytest.raises(InvalidArgumentError):
        losses.get(3.5)
    assert losses.get(None) is None


def test_one_hot_labels_for_a_sparse_loss_name_the_remedy(backend: str) -> None:
    with pytest.raises(
        ShapeError, match=r"(?s)looks one-hot \(3 columns\).*use categorical_crossentropy, or y.argmax"
    ):
        losses.SparseCategoricalCrossentropy()(np.eye(3), np.ones((3, 3)) / 3)


def test_class_numbers_for_a_categorical_loss_name_the_remedy(backend: str) -> None:
    with pytest.raises(ShapeError, match=r"(?s)\(4, 3\).*\(4,\).*use sparse_categorical_crossentropy"):
        losses.CategoricalCrossentropy()([0, 1, 2, 0], np.ones((4, 3)) / 3)


def test_shapes_that_do_not_fit_are_named(backend: str) -> None:
    with pytest.raises(ShapeError, match=r"(?s)mean_squared_error.*\(4, 3\).*\(4, 2\)"):
        losses.MeanSquaredError()(np.ones((4, 2)), np.ones((4, 3)))
    with pytest.raises(ShapeError, match=r"(?s)binary_crossentropy.*\(4, 3\).*\(4, 2\)"):
        losses.BinaryCrossentropy()(np.ones((4, 2)), np.ones((4, 3)))
    with pytest.raises(ShapeError, match=r"(?s)sample_weight.*\(4,\).*\(5,\)"):
        losses.MeanSquaredError()(np.ones((4, 2)), np.ones((4, 2)), sample_weight=np.ones(5))


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="0 < q < 1"):
        losses.CategoricalGeneralizedCrossEntropy(q=1.0)
    with pytest.raises(InvalidArgumentError, match="axis is a boolean"):
        losses.categorical_crossentropy([[1.0, 0.0]], [[0.5, 0.5]], axis=True)


def test_a_wrapped_function_keeps_its_arguments_in_the_config() -> None:
    loss = losses.LossFunctionWrapper(losses.huber, name="h", delta=0.5)
    again = losses.LossFunctionWrapper.from_config(loss.get_config())
    assert again.fn is losses.huber
    assert float(again([[0.0]], [[1.0]])) == pytest.approx(0.5 * 1.0 - 0.125)


@pytest.mark.slow
def test_losses_of_symbolic_tensors_have_a_shape() -> None:
    from layerlab.core.symbolic import KerasTensor

    y_true, y_pred = KerasTensor((None, 3)), KerasTensor((None, 3))
    assert losses.MeanSquaredError(reduction="none")(y_true, y_pred).shape == (None,)
    assert losses.CategoricalCrossentropy()(y_true, y_pred).shape == ()
    assert losses.SparseCategoricalCrossentropy()(KerasTensor((None,)), y_pred).shape == ()
