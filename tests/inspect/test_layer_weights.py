"""Statistics of weights: against NumPy and by hand, at the edges, and while another thread trains."""

from __future__ import annotations

import threading
import time
from typing import Any

import jax
import numpy as np
import pytest

import layerlab as keras
from layerlab.backend.active import backend as active_backend
from layerlab.errors import BusyError
from layerlab.inspect import describe_graph, describe_layer, operations_of, weight_statistics
from layerlab.inspect import layer_weights as module
from tests.timing import least


def variable(values: Any, dtype: str = "float32") -> keras.Variable:
    return keras.Variable(np.asarray(values), dtype=dtype, name="w")


def test_statistics_of_eight_values_are_those_worked_out_by_hand(backend: str) -> None:
    found = weight_statistics(variable([[0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 2.0, 4.0]]))
    assert (found.path, found.shape, found.dtype) == ("w", "(2, 4)", "float32")
    assert (found.elements, found.sampled, found.non_finite) == (8, 8, 0)
    assert (found.mean, found.minimum, found.maximum, found.zeros) == (1.5, 0.0, 4.0, 0.375)
    assert found.std == 2.0**0.5  # squares of the differences: 3 * 2.25 + 0.25 + 2 * 0.25 + 2.25 + 6.25 = 16
    assert len(found.histogram) == 40
    assert {i: n for i, n in enumerate(found.histogram) if n} == {0: 3, 10: 1, 20: 2, 30: 1, 39: 1}


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_statistics_agree_with_numpy(backend: str, dtype: str) -> None:
    drawn = np.random.default_rng(3).normal(1.0, 2.0, (50, 40))
    mine = variable(drawn, dtype)
    values = np.asarray(mine.numpy()).astype("float64")
    found = weight_statistics(mine)
    np.testing.assert_allclose(
        [found.mean, found.std, found.minimum, found.maximum],
        [values.mean(), values.std(), values.min(), values.max()],
        rtol=1e-12,
    )
    assert found.histogram == np.histogram(values, 40)[0].tolist()


def test_values_that_are_no_numbers_are_counted_and_left_out(backend: str) -> None:
    found = weight_statistics(variable([np.nan, np.inf, -np.inf, 0.0, 2.0]))
    assert (found.non_finite, found.zeros, found.mean, found.std) == (3, 0.2, 1.0, 1.0)
    assert sum(found.histogram) == 2


def test_with_no_finite_value_there_are_no_moments() -> None:
    found = weight_statistics(variable([np.nan, np.nan]))
    assert (found.mean, found.std, found.minimum, found.maximum) == (None, None, None, None)
    assert (found.non_finite, found.histogram) == (2, [])


@pytest.mark.parametrize(
    ("values", "dtype", "mean", "histogram"),
    [
        ([7.0, 7.0, 7.0], "float32", 7.0, [3]),
        (5, "int32", 5.0, [1]),
        ([True, False, True, True], "bool", 0.75, [1, *[0] * 38, 3]),
        (np.zeros((0, 3)), "float32", None, []),
        ([1.7e308, 1.7e308], "float64", np.inf, [2]),
    ],
)
def test_constants_scalars_truth_values_and_empty_weights(
    values: Any, dtype: str, mean: float | None, histogram: list[int]
) -> None:
    jax.config.update("jax_enable_x64", dtype == "float64")
    found = weight_statistics(variable(values, dtype))
    assert (found.mean, found.histogram) == (mean, histogram)


def test_a_large_weight_is_sampled_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_VALUES", 10_000)
    grid = np.tile(np.arange(100.0), (1000, 1))  # every 100th value is the same
    found = weight_statistics(variable(grid))
    assert (found.elements, found.sampled) == (100_000, 10_000)
    assert found.mean == pytest.approx(49.5, abs=1.5) and found.std == pytest.approx(28.87, abs=1.0)
    assert (found.minimum, found.maximum) == (0.0, 99.0)


def test_ten_million_values_take_less_than_a_second() -> None:
    large = variable(np.ones((2500, 4000)))

    def seconds() -> float:
        start = time.perf_counter()
        assert weight_statistics(large).elements == 10_000_000
        return time.perf_counter() - start

    assert least(seconds, bound=1.0) < 1.0


def test_a_layer_tells_of_its_weights_and_its_class() -> None:
    class Scale(keras.layers.Layer):
        """Multiplies by one learned number.

        Nothing more.
        """

        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale", trainable=False)

        def call(self, x: Any) -> Any:
            return x * self.scale

    layer = Scale(name="scale")
    layer.build((None, 3))
    found = describe_layer(layer, "scale")
    assert found.documentation == "Multiplies by one learned number."
    assert [(w.path, w.mean, w.trainable) for w in found.weights] == [("scale/scale", 1.0, False)]
    assert describe_layer(keras.layers.Dense(3)).documentation != ""


def test_a_value_that_never_stays_is_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    changing = iter(np.arange(1e6))
    monkeypatch.setattr(module, "_SECONDS", 0.05)
    monkeypatch.setattr(module, "_host", lambda array: np.full(3, next(changing)))
    with pytest.raises(BusyError, match=r"(?s)'w' changes while it is read.*ask again"):
        weight_statistics(variable([1.0]))


def test_an_id_leads_to_the_layer_also_where_paths_are_the_same() -> None:
    class Twins(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [keras.layers.Dense(4, name="d"), keras.layers.Dense(4, name="d")]

        def call(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return x

    twins = Twins()
    twins.build((None, 4))
    assert [node.id for node in describe_graph(twins).nodes] == ["input_1", "d", "d:1"]
    found = operations_of(twins)
    assert [found["d"], found["d:1"]] == twins.blocks


def test_a_reading_during_training_is_never_a_mixture_of_far_steps(backend: str) -> None:
    """The weight is all 0, all 1, all 2 ... after each step: what is mixed has a spread."""

    class Counting(keras.Model):
        def build(self, input_shape: Any) -> None:
            self.count = self.add_weight(shape=(300, 1000), initializer="zeros", name="count")

        def call(self, x: Any) -> Any:
            return x * keras.ops.mean(self.count)

        def train_step(self, data: Any) -> dict[str, Any]:
            self.count.assign(self.count + 1.0)
            return {"loss": keras.ops.mean(self.count)}

    model = Counting()
    model.compile(optimizer="sgd", loss="mse")
    x = np.zeros((64, 2), "float32")
    model.fit(x, x, batch_size=8, epochs=1, verbose=0)
    steps = threading.Thread(target=lambda: model.fit(x, x, batch_size=8, epochs=60, verbose=0))
    steps.start()
    seen = []
    while steps.is_alive():
        try:
            seen.append(weight_statistics(model.count))
        except BusyError:
            continue
    steps.join()
    assert len(seen) >= 3 and len({found.mean for found in seen}) >= 2
    # PyTorch writes in place: what is read in the middle of that is of two steps in a row.
    spread = 0 if backend == "jax" else 1
    assert all(found.maximum - found.minimum <= spread for found in seen)
    assert active_backend().name == backend
    assert float(np.mean(model.count.numpy())) == 61 * 8
