"""A checkpoint of TensorFlow: `prefix.index`, `prefix.data-00000-of-00001`, and a file `checkpoint`.

In it are the arrays of a `.weights.h5` file under the same paths: by attribute for subclasses, by layers for
graphs. Read by TensorFlow's CheckpointReader, which runs nothing. Each of the files is replaced by a complete
one, but there are two of them: a kill in the very moment between can mix them, as with TensorFlow itself.
"""

from __future__ import annotations

import contextlib
import functools
import io
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import DataError, LayerlabError, UnsupportedError, explain
from layerlab.saving.replace_file import replacing
from layerlab.saving.stateful_objects import walk
from layerlab.saving.tensorflow_extra import tensorflow
from layerlab.saving.weights_file import read_state, warn_of_bad_numbers, write_state
from layerlab.saving.weights_store import created, places_with_weights, read_array, regular_file, write_array
from layerlab.training.interrupts import deferred_interrupts

__all__ = ["CheckpointStatus", "is_checkpoint", "load_checkpoint", "save_checkpoint"]

_MAX_INDEX_BYTES = 64 * 2**20  # a weight takes some hundred
_OF_OBJECTS = ".ATTRIBUTES/VARIABLE_VALUE"  # how TensorFlow and Keras 2 end the names of arrays


# -- writing --------------------------------------------------------------------------------------------


def save_checkpoint(prefix: Path, model: ModelLike) -> None:
    """Write the weights of a built model, and the optimizer's state once there is any.

    Raises: ImportError without TensorFlow; OSError. What is there stays then.
    """
    tf = tensorflow()
    folder = Path(os.path.realpath(prefix.parent))
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder} to save {prefix.name} in.")
    arrays = _arrays_of(model)
    with tempfile.TemporaryDirectory(prefix=f".{prefix.name[:40]}.", dir=folder) as temporary:
        with _told_as_damage(prefix, OSError, "cannot be written"):
            tf.raw_ops.SaveV2(
                prefix=str(Path(temporary) / prefix.name),
                tensor_names=list(arrays),
                shape_and_slices=[""] * len(arrays),
                tensors=[tf.constant(array) for array in arrays.values()],
            )
        for path in sorted(Path(temporary).iterdir()):  # the data come before the index
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        with deferred_interrupts():
            for path in sorted(Path(temporary).iterdir()):
                os.replace(path, folder / path.name)
    with replacing(folder / "checkpoint") as temporary_file:
        name = tf.compat.as_str(prefix.name)
        state = tf.compat.v1.train.generate_checkpoint_state_proto(str(folder), str(folder / name))
        temporary_file.write_text(str(state))


def _arrays_of(model: ModelLike) -> dict[str, np.ndarray]:
    """All that a `.weights.h5` file would hold, by its path there."""
    with deferred_interrupts(), created(io.BytesIO()) as file:
        write_state(file, model)
        return {
            f"{place}/vars/{key}".lstrip("/"): read_array(dataset)
            for place in places_with_weights(file)
            for key, dataset in file[f"{place}/vars".lstrip("/")].items()
        }


# -- reading --------------------------------------------------------------------------------------------


class CheckpointStatus:
    """How far a checkpoint went into a model, like that of `tf.train.Checkpoint.restore`.

    All of a model's weights are in the file, or `load_weights` fails; what can be left over is in the file.

    Attributes:
        left_over: places in the file without a place in the model; None as long as the model is not built.
        left_out: whether weights of the model did not fit, with `skip_mismatch`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.left_over: list[str] | None = None
        self.left_out = False

    def assert_consumed(self) -> CheckpointStatus:
        """Raise AssertionError unless everything in the checkpoint has a place in the model, and is there."""
        self.assert_existing_objects_matched()
        if self.left_over is None:
            raise AssertionError(f"{self._name} waits until the model is built. Call it on data.")
        if self.left_over:
            raise AssertionError(f"{self._name} has more than the model: {', '.join(self.left_over[:8])}")
        return self

    def assert_existing_objects_matched(self) -> CheckpointStatus:
        """Raise AssertionError if weights of the model were left out (`skip_mismatch`)."""
        if self.left_out:
            raise AssertionError(f"Weights of {self._name} did not fit the model, and were left out.")
        return self

    def assert_nontrivial_match(self) -> CheckpointStatus:
        """Raise AssertionError unless the model has taken something."""
        if self.left_over is None:
            raise AssertionError(f"{self._name} waits until the model is built. Call it on data.")
        return self

    def expect_partial(self) -> CheckpointStatus:
        """Nothing to silence: layerlab does not complain about what nobody used."""
        return self


def is_checkpoint(prefix: Path) -> bool:
    """Whether there is a checkpoint under this prefix."""
    return bool(prefix.name) and prefix.with_name(f"{prefix.name}.index").exists()


def load_checkpoint(prefix: Path, model: ModelLike, skip_mismatch: bool = False) -> CheckpointStatus:
    """Read what `save_checkpoint` wrote; a model that is not built gets it when it is, on its first call.

    Raises: ImportError without TensorFlow; DataError for a damaged checkpoint; UnsupportedError for one that
    TensorFlow or Keras 2 wrote; ShapeError, ConfigError where it does not fit the model.
    """
    arrays = _read_arrays(prefix)
    status = CheckpointStatus(prefix.name)
    if model.built:
        _assign(arrays, model, prefix.name, skip_mismatch, status)
    else:
        model._when_built = functools.partial(_assign, arrays, model, prefix.name, skip_mismatch, status)
    return status


def _assign(
    arrays: dict[str, np.ndarray], model: ModelLike, name: str, skip_mismatch: bool, status: CheckpointStatus
) -> None:
    with created(io.BytesIO()) as file:
        for path, array in arrays.items():
            write_array(file, path, array)
        try:
            read_state(file, model, name)
        except LayerlabError:
            if not skip_mismatch:
                raise
            read_state(file, model, name, skip_mismatch)
            status.left_out = True
        places = {place for place, _ in walk(model)}
        status.left_over = [place for place in places_with_weights(file) if place not in places]
    warn_of_bad_numbers(model, name)


def _read_arrays(prefix: Path) -> dict[str, np.ndarray]:
    """All arrays of a checkpoint, once it is known that it holds them."""
    index = regular_file(prefix.with_name(f"{prefix.name}.index"))
    if index.stat().st_size > _MAX_INDEX_BYTES:
        raise DataError(explain(f"{index.name} is too large.", expected=f"at most {_MAX_INDEX_BYTES} bytes"))
    files = [path for path in prefix.parent.iterdir() if path.name.startswith(f"{prefix.name}.data-")]
    stored = sum(regular_file(path).stat().st_size for path in files)
    tf = tensorflow()
    with _told_as_damage(prefix, DataError, "is damaged"):
        reader = tf.compat.v1.train.NewCheckpointReader(str(prefix))
        shapes = reader.get_variable_to_shape_map()
        kinds = reader.get_variable_to_dtype_map()
        dtypes = {name: np.dtype(kind.as_numpy_dtype) for name, kind in kinds.items()}
    _check(prefix.name, shapes, dtypes, stored)
    with _told_as_damage(prefix, DataError, "is damaged"):
        return {name: np.asarray(reader.get_tensor(name)) for name in sorted(shapes, key=_by_number)}


def _check(name: str, shapes: dict[str, Any], dtypes: dict[str, np.dtype], stored: int) -> None:
    """Raise unless these are weights of a model of ours, and no more than are stored."""
    if any(path.endswith(_OF_OBJECTS) for path in shapes):
        raise UnsupportedError(
            explain(
                f"{name} is a checkpoint of objects of TensorFlow or Keras 2.",
                expected="one that layerlab's save_weights wrote",
                fix="load it where it was made, and save_weights('name.h5') there, which layerlab reads",
            )
        )
    for path, dtype in dtypes.items():
        parts = path.split("/")
        is_plain = path.isprintable() and not any(part in ("", ".", "..") for part in parts)
        if not is_plain or parts[-2:-1] != ["vars"]:
            raise DataError(explain(f"{name} holds no weights.", got=ascii(path[:80])))
        if dtype.kind not in "biuf" and dtype != np.dtype(ml_dtypes.bfloat16):
            raise DataError(explain(f"'{path[:80]}' in {name}", expected="numbers", got=str(dtype)))
    declared = sum(math.prod(map(int, shapes[path])) * dtypes[path].itemsize for path in shapes)
    if declared > stored:
        raise DataError(explain(f"{name} is cut off.", expected=f"{declared} bytes", got=f"{stored}"))


def _by_number(path: str) -> tuple[str, int, str]:
    """Arrays of a place in the order of their numbers."""
    place, _, key = path.rpartition("/")
    return place, int(key) if key.isdecimal() else 0, key


@contextlib.contextmanager
def _told_as_damage(prefix: Path, kind: Callable[[str], Exception], what: str) -> Iterator[None]:
    """What TensorFlow raises, as an error of ours."""
    try:
        yield
    except (ImportError, KeyboardInterrupt):
        raise
    except Exception as error:  # those of TensorFlow have no base that can be named without it
        detail = str(error).split("\n")[0][:200]
        raise kind(f"The checkpoint {prefix.name} {what}: {detail}") from error
