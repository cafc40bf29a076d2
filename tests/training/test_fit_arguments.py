"""Arguments of fit, evaluate and predict that people write in more than one way."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import layerlab as keras

X = np.arange(20, dtype="float32").reshape(10, 2)
Y = np.zeros((10, 1), "float32")


@pytest.fixture
def model(backend: str) -> Any:
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    made.compile(keras.optimizers.SGD(0.0), "mse")
    return made


class Pairs(keras.utils.PyDataset):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        return X, Y


def endless() -> Iterator[Any]:
    while True:
        yield X, Y


def test_numbers_of_batches_and_epochs_may_be_whole_floats(model: Any) -> None:
    history = model.fit(
        endless(),
        epochs=np.float64(3),
        initial_epoch=np.int64(1),
        steps_per_epoch=np.ceil(10 / 4),
        validation_data=endless(),
        validation_steps=np.floor(2.5),
        validation_freq=np.float32(2),
        verbose=0,
    )
    assert history.epoch == [1, 2] and history.params["steps"] == 3
    assert len(history.history["val_loss"]) == 1
    assert model.predict(endless(), steps=np.ceil(1.5), verbose=0).shape == (20, 1)
    assert model.evaluate(endless(), steps=2.0, verbose=0) == pytest.approx((X.sum(1) ** 2).mean())
    for name in ("steps_per_epoch", "epochs", "initial_epoch", "validation_freq"):
        with pytest.raises(ValueError, match=rf"{name}(.|\n)*integer(.|\n)*1\.5"):
            model.fit(X, Y, **{name: 1.5})


def test_steps_per_execution_may_be_any_whole_number() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    for number in (np.int64(2), 2.0, np.ceil(1.5)):
        model.compile(loss="mse", steps_per_execution=number)
    with pytest.raises(ValueError, match=r"steps_per_execution(.|\n)*positive integer(.|\n)*0"):
        model.compile(loss="mse", steps_per_execution=0)


def test_a_batch_size_beside_batches_is_a_warning_at_every_door(model: Any) -> None:
    with pytest.warns(UserWarning, match="batch_size=5 has no effect on a Pairs"):
        history = model.fit(Pairs(2), batch_size=5, verbose=0)
    assert history.params["steps"] == 2
    for call in (model.evaluate, model.predict):
        with pytest.warns(UserWarning, match="batch_size=5 has no effect on a generator"):
            call(endless(), batch_size=5, steps=1, verbose=0)
    with pytest.warns(UserWarning, match="batch_size=5 has no effect on a Pairs"):
        model.fit(X, Y, validation_data=Pairs(1), validation_batch_size=5, verbose=0)


EMPTY: dict[str, Callable[[], Any]] = {
    "a tuple": lambda: (),
    "a list": list,
    "arrays": lambda: (X[:0], Y[:0]),
    "arrays with weights": lambda: (X[:0], Y[:0], Y[:0, 0]),
    "a dict of arrays": lambda: ({"x": X[:0]}, Y[:0]),
    "a generator": lambda: iter(()),
    "a data set": lambda: Pairs(0),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_empty_validation_data_are_none_with_a_warning(model: Any, kind: str) -> None:
    with pytest.warns(UserWarning, match="validation_data has no samples, so there is no validation"):
        history = model.fit(X, Y, validation_data=EMPTY[kind](), verbose=0)
    assert history.history == {"loss": [pytest.approx((X.sum(1) ** 2).mean())]}


def test_empty_data_to_train_or_judge_on_are_refused(model: Any) -> None:
    for call in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match="at least one sample"):
            call(X[:0], Y[:0], verbose=0)


def test_validation_without_samples_says_nothing_where_there_are_some(model: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        history = model.fit(X, Y, validation_data=(X[:1], Y[:1]), verbose=0)
    assert history.history["val_loss"] == [1.0]
