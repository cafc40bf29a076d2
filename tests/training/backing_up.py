"""Runs of fit that are interrupted, in tests and in processes of their own."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import layerlab as keras

__all__ = [
    "DATA",
    "Ended",
    "Stop",
    "X",
    "Y",
    "arrays",
    "as_new",
    "endless",
    "ended",
    "iterations",
    "make_model",
    "others",
    "run",
    "same",
    "stop_at",
]

RNG = np.random.default_rng(7)
X = RNG.normal(size=(26, 4)).astype("float32")
Y = RNG.integers(0, 3, 26)


def make_model(**arguments: Any) -> Any:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    given = {
        "optimizer": keras.optimizers.Adam(0.02, use_ema=True),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        **arguments,
    }
    model.compile(**given)
    return model


_made: dict[Any, tuple[Any, list[np.ndarray]]] = {}


def as_new(**arguments: Any) -> Any:
    """What `make_model` gives, but compiled once: with the values and the random numbers of a new one."""
    key = (keras.config.backend(), *arguments.items())
    if key not in _made:
        model = make_model(**arguments)
        model.train_on_batch(X[:4], Y[:4])
        new = make_model(**arguments)
        new.optimizer.build(new.trainable_variables)
        _made[key] = model, state(new)
    model, values = _made[key]
    for variable, value in zip([*model.variables, *model.optimizer.variables], values, strict=True):
        variable.assign(value)
    keras.utils.set_random_seed(5)
    return model


def iterations() -> int:
    """Steps of the model that `as_new` gave last."""
    return int(_made[(keras.config.backend(),)][0].optimizer.iterations)


def others() -> list[Any]:
    """Callbacks that keep something, and one that listens to each batch, so that batches run one by one."""
    return [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=10.0, factor=0.7, cooldown=1),
        keras.callbacks.EarlyStopping("loss", patience=3, min_delta=10.0, restore_best_weights=True),
        keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: random.random()),
    ]


class Stop(Exception):
    """The interruption."""


def stop_at(batch: int, hook: str = "on_train_batch_end") -> Any:
    """A callback that raises at the hook's `batch`-th call of all epochs."""
    count = itertools.count(1)

    def fail(*_: Any) -> None:
        if next(count) == batch:
            raise Stop

    return keras.callbacks.LambdaCallback(**{hook: fail})


def arrays(**arguments: Any) -> dict[str, Any]:
    return {"x": X, "y": Y, "batch_size": 4, **arguments}


class Batches(keras.utils.PyDataset):
    """Seven batches, some of them loaded aside."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> Any:
        return X[index * 4 : index * 4 + 4], Y[index * 4 : index * 4 + 4]


def endless() -> Iterator[Any]:
    order = np.random.default_rng(1)
    while True:
        index = order.permutation(26)[:4]
        yield X[index], Y[index]


DATA: dict[str, Callable[[], dict[str, Any]]] = {
    "arrays": arrays,
    "arrays in order": lambda: arrays(shuffle=False),
    "whole batches shuffled": lambda: arrays(shuffle="batch"),
    "epochs shorter than the data": lambda: arrays(steps_per_epoch=5),
    "epochs longer than the data": lambda: arrays(steps_per_epoch=9),
    "class weights": lambda: arrays(class_weight={0: 2.0}),
    "validation": lambda: arrays(validation_split=0.2),
    "a PyDataset": lambda: {"x": Batches()},
    "a PyDataset in threads": lambda: {"x": Batches(workers=3), "steps_per_epoch": 5},
    "a list": lambda: {"x": [Batches()[i] for i in range(7)]},
    "a list that begins anew": lambda: {"x": [Batches()[i] for i in range(7)], "steps_per_epoch": 5},
    "a generator": lambda: {"x": endless(), "steps_per_epoch": 6},
}


Ended = tuple[list[np.ndarray], dict[str, list[Any]], list[int]]


def run(folder: Path, *callbacks: Any, make: Any = as_new, **arguments: Any) -> Ended:
    """State, history and epochs after `fit`, from the beginning of a script."""
    model = make()
    given = {"epochs": 3, "verbose": 0, **arguments}
    model.fit(
        callbacks=[keras.callbacks.BackupAndRestore(folder, save_freq=3), *callbacks, *others()], **given
    )
    return ended(model)


def ended(model: Any) -> Ended:
    return state(model), model.history.history, model.history.epoch


def state(model: Any) -> list[np.ndarray]:
    """Weights, states of random generators, optimizer."""
    return [v.numpy().copy() for v in [*model.variables, *model.optimizer.variables]]


def same(first: Ended, second: Ended) -> None:
    for one, other in zip(first[0], second[0], strict=True):
        np.testing.assert_array_equal(one, other)
    assert first[1:] == second[1:]
