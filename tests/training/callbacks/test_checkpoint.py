"""ModelCheckpoint: when it saves, under which name, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab.errors import InvalidArgumentError
from layerlab.events import CheckpointSaved
from tests.training.callbacks.driving import StandIn, drive

LOGS = [{"loss": 1.0, "val_loss": value} for value in (3.0, 2.0, 2.5, 1.0)]


def saved(library: Any, path: str, batches: int = 0, **options: Any) -> list[str]:
    callback = library.callbacks.ModelCheckpoint(path, save_weights_only=True, **options)
    return drive(callback, LOGS, StandIn(), batches)["saved"]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("a.weights.h5", {}, ["a.weights.h5"] * 4),
        ("{epoch:02d}-{val_loss:.1f}.weights.h5", {"save_best_only": True}, ["01-3.0", "02-2.0", "04-1.0"]),
        ("{epoch}.weights.h5", {"save_best_only": True, "mode": "max"}, ["1"]),
        ("{epoch}.weights.h5", {"save_best_only": True, "initial_value_threshold": 2.2}, ["2", "4"]),
        ("{epoch}.weights.h5", {"save_freq": 3, "batches": 5}, ["1", "2", "2", "3", "3", "4"]),
        (
            "{epoch}-{batch}.weights.h5",
            {"save_freq": 2, "batches": 3},
            ["1-2", "2-1", "2-3", "3-2", "4-1", "4-3"],
        ),
        ("{epoch}.weights.h5", {"save_freq": 2, "batches": 3, "save_best_only": True}, ["1", "2", "4"]),
    ],
)
def test_it_saves_when_and_where_keras_does(
    name: str, options: dict[str, Any], expected: list[str], tmp_path: Path
) -> None:
    path = str(tmp_path / name)
    options = {"mode": "min", **options}  # Keras knows no direction before an epoch has ended
    ours = saved(keras, path, **options)
    assert [Path(file).name.removesuffix(".weights.h5") for file in ours] == [
        file.removesuffix(".weights.h5") for file in expected
    ]
    if not (options.get("save_best_only") and "save_freq" in options):  # there Keras 3.15.1 fails
        assert ours == saved(oracle, path, **options)


@pytest.mark.oracle
@pytest.mark.parametrize("best", [True, False])
def test_it_says_what_keras_says(best: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for library in (keras, oracle):
        saved(library, str(tmp_path / "{epoch}.weights.h5"), save_best_only=best, verbose=1)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_folders_are_made(tmp_path: Path) -> None:
    saved(keras, str(tmp_path / "of" / "{epoch}" / "x.weights.h5"))
    assert (tmp_path / "of" / "4").is_dir()


def test_without_the_watched_value_every_epoch_is_saved() -> None:
    model = StandIn()
    callback = keras.callbacks.ModelCheckpoint(
        "{epoch}.weights.h5", save_best_only=True, save_weights_only=True
    )
    with pytest.warns(UserWarning, match="ModelCheckpoint watches 'val_loss'"):
        drive(callback, [{"loss": 1.0}, {"loss": 2.0}], model)
    assert model.saved == ["1.weights.h5", "2.weights.h5"]


def test_an_unknown_field_in_the_name_lists_those_there_are() -> None:
    with pytest.raises(InvalidArgumentError, match=r"'accuracy'(.|\n)*epoch, loss, val_loss"):
        saved(keras, "{accuracy}.weights.h5")


@pytest.mark.parametrize("save_freq", ["batch", 0, 1.5, True])
def test_bad_frequencies_are_refused(save_freq: Any) -> None:
    with pytest.raises(ValueError, match="a positive integer, or 'epoch'"):
        saved(keras, "a.weights.h5", save_freq=save_freq)


def test_a_number_of_batches_may_come_out_of_np_ceil() -> None:
    for number in (np.ceil(2.5), np.int64(3), 3):
        callback = keras.callbacks.ModelCheckpoint("a.weights.h5", save_weights_only=True, save_freq=number)
        assert callback.save_freq == 3 and type(callback.save_freq) is int


def test_the_name_must_be_that_of_a_weights_file() -> None:
    with pytest.raises(ValueError, match=r"\.weights\.h5"):
        saved(keras, "model.keras")


def test_the_name_of_a_whole_model_must_say_its_format() -> None:
    with pytest.raises(ValueError, match=r"'\.keras' or '\.h5'"):
        keras.callbacks.ModelCheckpoint("model.weights")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["{epoch}.keras", "{epoch}.h5", "{epoch}.weights.h5", "{epoch}.safetensors"])
def test_each_format_brings_the_model_back_and_is_reported(backend: str, name: str, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    weights_only = "weights" in name or "safetensors" in name
    callback = keras.callbacks.ModelCheckpoint(tmp_path / name, save_weights_only=weights_only)
    listener = Listening()

    model.fit(x, x[:, :1], epochs=2, verbose=0, callbacks=[callback, listener])

    path = tmp_path / name.format(epoch=2)
    if weights_only:
        copy = keras.models.clone_model(model)
        copy.load_weights(path)
    else:
        copy = keras.models.load_model(path)
        assert int(copy.optimizer.iterations) == 2
    np.testing.assert_array_equal(copy.predict(x, verbose=0), model.predict(x, verbose=0))
    assert [(Path(event.path).name, event.step) for event in listener.saved] == [
        (name.format(epoch=1), 1),
        (name.format(epoch=2), 2),
    ]


class Listening(keras.callbacks.Callback):
    """Keeps the events about checkpoints."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[Any] = []

    def on_event(self, event: Any) -> None:
        if isinstance(event, CheckpointSaved):
            self.saved.append(event)


def test_the_best_weights_can_be_loaded_again(backend: str, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    path = tmp_path / "best.weights.h5"
    callback = keras.callbacks.ModelCheckpoint(
        path, monitor="loss", save_best_only=True, save_weights_only=True
    )
    model.fit(x, x[:, :1], epochs=3, verbose=0, callbacks=[callback])
    trained = model.get_weights()
    model.set_weights([np.zeros_like(weight) for weight in trained])
    model.load_weights(path)
    for loaded, weight in zip(model.get_weights(), trained, strict=True):
        np.testing.assert_array_equal(loaded, weight)
