"""A run that was interrupted and called again ends as one that was never interrupted: to the last bit."""

from __future__ import annotations

import inspect
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from tests.training.backing_up import (
    DATA,
    Ended,
    Stop,
    arrays,
    as_new,
    ended,
    endless,
    iterations,
    make_model,
    others,
    run,
    same,
    stop_at,
)

BackupAndRestore = keras.callbacks.BackupAndRestore


@pytest.mark.slow
@pytest.mark.parametrize("data", DATA)
def test_an_interrupted_run_ends_as_an_undisturbed_one(data: str, backend: str, tmp_path: Path) -> None:
    expected = run(tmp_path / "undisturbed", **DATA[data]())
    after = [random.random(), np.random.random()]
    for batch in (2, 8, 5):  # before the first backup; 2 batches after one; in the resumed run
        with pytest.raises(Stop):
            run(tmp_path / "backup", stop_at(batch), **DATA[data]())
    assert os.listdir(tmp_path / "backup") == ["latest.backup"]

    resumed = run(tmp_path / "backup", **DATA[data]())

    same(expected, resumed)
    assert [random.random(), np.random.random()] == after
    assert not (tmp_path / "backup").exists()


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("save_freq", ["epoch", 2])
def test_steps_that_run_together_go_on_as_well(
    save_freq: Any, steps: int, backend: str, tmp_path: Path
) -> None:
    def call(*callbacks: Any) -> Ended:
        model = as_new(steps_per_execution=steps)
        backup = BackupAndRestore(tmp_path / "backup", save_freq=save_freq)
        model.fit(epochs=4, verbose=0, callbacks=[backup, *callbacks], **arrays())
        return ended(model)

    expected = call()
    with pytest.raises(Stop):
        call(stop_at(3, "on_epoch_begin"))
    same(expected, call())


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["on_epoch_end", "on_epoch_begin", "on_train_end"])
def test_it_does_not_matter_where_in_an_epoch_the_run_fails(hook: str, backend: str, tmp_path: Path) -> None:
    expected = run(tmp_path / "undisturbed", **arrays())
    for number in (2, 1):
        if (number, hook) != (2, "on_train_end"):
            with pytest.raises(Stop):
                run(tmp_path / "backup", stop_at(number, hook), **arrays())
    same(expected, run(tmp_path / "backup", **arrays()))


def test_a_backup_at_the_last_batch_of_an_epoch_still_ends_the_epoch(backend: str, tmp_path: Path) -> None:
    def call(*callbacks: Any) -> Ended:
        model = as_new()
        backup = BackupAndRestore(tmp_path / "backup", save_freq=7)
        model.fit(epochs=3, verbose=0, callbacks=[backup, *callbacks, *others()], **arrays())
        return ended(model)

    expected = call()
    with pytest.raises(Stop):
        call(stop_at(2, "on_epoch_end"))
    same(expected, call())


@pytest.mark.slow
def test_a_model_that_was_made_again_goes_on_under_other_names(backend: str, tmp_path: Path) -> None:
    expected = run(tmp_path / "undisturbed", make=make_model, **arrays())
    with pytest.raises(Stop):
        run(tmp_path / "backup", stop_at(11), make=make_model, **arrays())
    same(expected, run(tmp_path / "backup", make=make_model, **arrays()))


def test_initial_epoch_counts_until_there_is_a_backup(backend: str, tmp_path: Path) -> None:
    expected = run(tmp_path / "undisturbed", initial_epoch=1, epochs=4, **arrays())
    with pytest.raises(Stop):
        run(tmp_path / "backup", stop_at(9), initial_epoch=1, epochs=4, **arrays())
    resumed = run(tmp_path / "backup", initial_epoch=1, epochs=4, **arrays())
    same(expected, resumed)
    assert resumed[2] == [1, 2, 3]


def test_a_callback_of_ones_own_says_what_it_keeps(tmp_path: Path) -> None:
    class Seen(keras.callbacks.Callback):
        backed_up = ("losses", "mean")

        def on_train_begin(self, logs: Any = None) -> None:
            self.losses: list[float] = []
            self.mean = np.zeros(2, "float32")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.losses.append(logs["loss"])
            self.mean += np.float32(logs["loss"])

    whole, parts = Seen(), Seen()
    run(tmp_path / "undisturbed", whole, **arrays())
    with pytest.raises(Stop):
        run(tmp_path / "backup", parts, stop_at(11), **arrays())
    parts = Seen()
    run(tmp_path / "backup", parts, **arrays())
    assert parts.losses == whole.losses
    np.testing.assert_array_equal(parts.mean, whole.mean)

    class Bad(keras.callbacks.Callback):
        backed_up = ("model",)

    with pytest.raises(NotImplementedError, match="cannot hold a Sequential"):
        run(tmp_path / "backup", Bad(), **arrays())


def test_a_csv_file_has_each_epoch_once(tmp_path: Path) -> None:
    def call(name: str, *callbacks: Any) -> str:
        logger = keras.callbacks.CSVLogger(tmp_path / name)
        try:
            run(tmp_path / f"backup {name}", logger, *callbacks, **arrays())
        finally:
            logger.on_train_end()
        return (tmp_path / name).read_text()

    expected = call("undisturbed.csv")
    with pytest.raises(Stop):
        call("resumed.csv", stop_at(3, "on_epoch_begin"))
    assert call("resumed.csv") == expected
    assert expected.count("\n") == 4


SCRIPT = """
import os, signal, sys
from pathlib import Path
import numpy as np
import layerlab as keras
from tests.training.backing_up import arrays, make_model, run

keras.config.set_backend(sys.argv[1])
folder, batch, result = Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
count = iter(range(1, 1000))

def die(*_):
    if next(count) == batch:
        os.kill(os.getpid(), signal.SIGKILL)

die = keras.callbacks.LambdaCallback(on_train_batch_end=die)
state, history, _ = run(folder, die, make=make_model, **arrays())
np.savez(result, *state, loss=history["loss"])
"""


@pytest.mark.slow
def test_a_killed_process_goes_on_in_the_next_one(backend: str, tmp_path: Path) -> None:
    def call(folder: str, batch: int, result: str) -> int:
        arguments = [backend, str(tmp_path / folder), str(batch), str(tmp_path / result)]
        return subprocess.run([sys.executable, "-c", SCRIPT, *arguments], check=False).returncode

    assert call("undisturbed", 0, "expected.npz") == 0
    assert call("backup", 12, "never.npz") == -signal.SIGKILL
    assert call("backup", 0, "resumed.npz") == 0
    with np.load(tmp_path / "expected.npz") as expected, np.load(tmp_path / "resumed.npz") as resumed:
        assert len(expected["loss"]) == 3
        for name in expected.files:
            np.testing.assert_array_equal(resumed[name], expected[name])


# -- the arguments ------------------------------------------------------------------------------------------


def test_it_has_the_arguments_of_keras() -> None:
    def plain(cls: type) -> list[tuple[str, Any]]:
        return [(p.name, p.default) for p in inspect.signature(cls).parameters.values()]

    assert plain(BackupAndRestore) == plain(oracle.callbacks.BackupAndRestore)
    wrong: Any
    for wrong in (0, -1, True, 2.5, "batch"):
        with pytest.raises(ValueError, match="save_freq"):
            BackupAndRestore("folder", save_freq=wrong)
    with pytest.raises(ValueError, match="backup_dir"):
        BackupAndRestore("")


@pytest.mark.slow
def test_backups_are_kept_if_asked_for_and_a_finished_run_stays_finished(tmp_path: Path) -> None:
    def call(epochs: int, **arguments: Any) -> Ended:
        model = as_new()
        backup = BackupAndRestore(tmp_path / "backup", delete_checkpoint=False, **arguments)
        model.fit(epochs=epochs, verbose=0, callbacks=[backup], **arrays())
        return ended(model)

    first = call(2)
    same(first, call(2))  # nothing left to do
    assert call(3, save_freq=False)[2] == [0, 1, 2]
    before = (tmp_path / "backup" / "latest.backup").read_bytes()
    call(4, save_freq=False)
    assert (tmp_path / "backup" / "latest.backup").read_bytes() == before


def test_only_its_own_files_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    run(tmp_path, **arrays())
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_the_backup_before_the_latest_helps_if_that_is_damaged(tmp_path: Path) -> None:
    def call(*callbacks: Any) -> Ended:
        model = as_new()
        backup = BackupAndRestore(tmp_path, double_checkpoint=True)
        model.fit(epochs=4, verbose=0, callbacks=[backup, *callbacks], **arrays())
        return ended(model)

    expected = call()
    with pytest.raises(Stop):
        call(stop_at(4, "on_epoch_begin"))
    assert sorted(os.listdir(tmp_path)) == ["latest.backup", "previous.backup"]
    latest = tmp_path / "latest.backup"
    latest.write_bytes(latest.read_bytes()[:-5])
    with pytest.warns(UserWarning, match="before the latest"):
        same(expected, call())
    with pytest.raises(Stop):
        call(stop_at(4, "on_epoch_begin"))
    latest.unlink()
    same(expected, call())


# -- what does not fit ------------------------------------------------------------------------------------


def interrupted(folder: Path, **arguments: Any) -> None:
    with pytest.raises(Stop):
        run(folder, stop_at(11), **arrays(**arguments))


@pytest.mark.parametrize("damage", ["empty", "cut off", "text", "facts"])
def test_a_damaged_backup_is_a_clear_error_and_changes_nothing(damage: str, tmp_path: Path) -> None:
    interrupted(tmp_path)
    latest = tmp_path / "latest.backup"
    whole = latest.read_bytes()
    latest.write_bytes(
        {
            "empty": b"",
            "cut off": whole[: len(whole) // 2],
            "text": b"not a backup at all, but long enough",
            "facts": whole.replace(b'\\"epoch_step\\": ', b'\\"epoch_step\\":-'),
        }[damage]
    )
    model = as_new()
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(ValueError, match="delete the folder to begin anew"):
        model.fit(callbacks=[BackupAndRestore(tmp_path)], verbose=0, **arrays())
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_a_backup_of_another_model_is_a_clear_error(tmp_path: Path) -> None:
    interrupted(tmp_path)

    def wider() -> Any:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(9), keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    with pytest.raises(ValueError, match="delete the folder"):
        run(tmp_path, make=wider, **arrays())
    with pytest.raises(ValueError, match=r"another optimizer(.|\n)*Adam(.|\n)*SGD"):
        run(tmp_path, make=lambda: make_model(optimizer="sgd"), **arrays())


@pytest.mark.slow
def test_with_other_data_the_weights_go_on_and_the_epoch_begins_anew(tmp_path: Path) -> None:
    interrupted(tmp_path)
    with pytest.warns(UserWarning, match=r"epoch 2 begins at the beginning(.|\n)*batch_size=4"):
        _, _, epochs = run(tmp_path, **arrays(batch_size=5))
    assert epochs == [0, 1, 2]
    assert iterations() == 9 + 2 * 6


def test_a_generator_that_was_used_goes_on_where_it_stands(tmp_path: Path) -> None:
    batches = endless()
    with pytest.raises(Stop):
        run(tmp_path, stop_at(11), x=batches, steps_per_epoch=6)
    with pytest.warns(UserWarning, match="used before"):
        _, _, epochs = run(tmp_path, x=batches, steps_per_epoch=6)
    assert epochs == [0, 1, 2]
    assert next(batches) is not None


def test_outside_of_fit_it_says_that_it_cannot_work(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match=r"Model\.fit"):
        keras.callbacks.CallbackList([BackupAndRestore(tmp_path)], model=as_new()).on_train_begin()


def test_a_backup_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(tmp_path)
    before = (tmp_path / "latest.backup").read_bytes()

    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("layerlab.saving.backup_file.write_arrays", full_disk)
    with pytest.raises(OSError, match="No space"):
        run(tmp_path, **arrays())
    assert (tmp_path / "latest.backup").read_bytes() == before
    assert os.listdir(tmp_path) == ["latest.backup"]
