"""`save_weights` and `load_weights`: which format a path means, and what a file turns out to be.

When saving, the name decides (or `save_format`, as in Keras 2); when loading, what is in the file.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import InvalidArgumentError, NotBuiltError, did_you_mean, explain
from layerlab.saving.archive import opened_weights
from layerlab.saving.legacy_weights import is_legacy, read_legacy_weights, write_legacy_weights
from layerlab.saving.replace_file import as_path, may_write, replacing
from layerlab.saving.safetensors_file import load_safetensors, save_safetensors
from layerlab.saving.sharded_weights import SHARDED, load_sharded, save_sharded
from layerlab.saving.tensorflow_checkpoint import is_checkpoint, load_checkpoint, save_checkpoint
from layerlab.saving.weights_file import read_state, warn_of_bad_numbers, write_state
from layerlab.saving.weights_store import created, naming, opened, regular_file
from layerlab.settings import positive
from layerlab.training.interrupts import deferred_interrupts
from layerlab.typing import PathLike

__all__ = ["load_weights", "save_weights"]

_HDF5_SUFFIXES = (".h5", ".hdf5", ".keras")
_ALL = ".weights.h5, .safetensors; from older files .h5 and .keras"


def save_weights(
    model: ModelLike,
    filepath: PathLike,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: object,
) -> None:
    """Write the weights of a built model: the same as `model.save_weights`.

    The file is replaced once the new one is complete.

    Args:
        model: the model.
        filepath: `*.weights.h5` has the optimizer's state as well, once there is any;
            `*.safetensors` the weights alone; other `*.h5`, and `*.keras`, are in the
            older HDF5 layout.
        overwrite: False asks before a file is replaced.
        max_shard_size: GiB; a `*.weights.json` is written, and beside it files of at
            most this size. None writes one file.
        objects_to_skip: layers or the optimizer, to leave out of a `*.weights.h5`.
        save_format: older than the suffixes: 'h5' is the older HDF5 layout, 'tf' a
            TensorFlow checkpoint.
    Raises: NotBuiltError, InvalidArgumentError; ImportError for a checkpoint without
        TensorFlow.

    Example:
        >>> import layerlab as keras, os, tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_weights(model, f"{folder}/line.weights.h5")
        ...     os.listdir(folder)
        ['line.weights.h5']
    """
    path = as_path(filepath, "save_weights")
    if isinstance(max_shard_size, str):  # save_format stood here in Keras 2
        max_shard_size, kwargs = None, {"save_format": max_shard_size, **kwargs}
    _check_keywords("save_weights", kwargs, ("save_format", "objects_to_skip"))
    if max_shard_size is not None or path.name.endswith(SHARDED):
        _save_shards(model, path, overwrite, 5 if max_shard_size is None else max_shard_size, kwargs)
        return
    write = _writer(path, kwargs)
    _check_built(model, "save_weights")
    if write is save_checkpoint:  # which is no file of this name
        if may_write(path.with_name(f"{path.name}.index"), overwrite):
            save_checkpoint(path, model)
    elif may_write(path, overwrite):
        with replacing(path) as temporary:
            write(temporary, model)


def load_weights(model: ModelLike, filepath: PathLike, skip_mismatch: bool = False, **kwargs: object) -> Any:
    """Read weights into a built model: the same as `model.load_weights`.

    It reads any format that `save_weights`, here or of Keras, writes. Nothing changes
    unless everything fits.

    Args:
        model: the model, of the architecture that was saved.
        filepath: str or Path; the format is seen from the content.
        skip_mismatch: leave out layers whose weights differ in number or shape, with a
            warning for each; False raises.
        objects_to_skip: layers or the optimizer, that stay as they are.
        by_name: for the older HDF5 layout: read the layers that have the name of one in
            the file.
    Returns: None; for a checkpoint of TensorFlow a CheckpointStatus: a model that is
        not built gets such weights when it is.
    Raises: FileNotFoundError; DataError for a damaged file, or one of another kind;
        ShapeError, DTypeError, ConfigError where file and model differ.

    Example:
        >>> import layerlab as keras, tempfile
        >>> first, second = (keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]) for _ in range(2))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first.save_weights(f"{folder}/line.weights.h5")
        ...     load_weights(second, f"{folder}/line.weights.h5")
        >>> bool((first.get_weights()[0] == second.get_weights()[0]).all())
        True
    """
    path = as_path(filepath, "load_weights")
    _check_keywords("load_weights", kwargs, ("by_name", "objects_to_skip"))
    if is_checkpoint(path) and not path.is_file():
        if any(kwargs.values()):
            raise _only_hdf5(path, kwargs)
        return load_checkpoint(path, model, skip_mismatch)
    _check_built(model, "load_weights")
    if "by_name" in kwargs:
        _warn("load_weights(by_name=...)", "skip_mismatch=True loads all that fits")
    by_name, left_out = bool(kwargs.get("by_name")), kwargs.get("objects_to_skip") or ()
    reader = _reader(path)
    if (by_name and reader is not _load_hdf5) or (left_out and reader not in _WITH_PLACES):
        raise _only_hdf5(path, kwargs)
    with naming(path):
        reader(path, model, skip_mismatch, by_name, left_out)
    warn_of_bad_numbers(model, path.name)
    return None


# -- saving ---------------------------------------------------------------------------------------------


def _writer(path: Path, kwargs: dict[str, Any]) -> Callable[[Path, Any], None]:
    """The function that writes the format of this path."""
    save_format, left_out = kwargs.get("save_format"), kwargs.get("objects_to_skip") or ()
    looks_like_hdf5 = path.name.endswith(_HDF5_SUFFIXES)
    if save_format not in (None, "h5", "tf") or (save_format == "tf" and looks_like_hdf5):
        raise InvalidArgumentError(
            explain(
                f"save_weights('{path.name}', save_format=...)",
                expected="'h5', or 'tf' for a path without a suffix of HDF5; better none of them",
                got=repr(save_format)[:80],
                fix="save_weights('name.weights.h5')",
            )
        )
    is_current = path.name.endswith(".weights.h5") and save_format is None
    if left_out and not is_current:
        raise InvalidArgumentError(
            explain("save_weights(objects_to_skip=...)", expected="a path ending in '.weights.h5'")
        )
    if is_current:
        return lambda temporary, model: _save_hdf5(temporary, model, left_out)
    if path.name.endswith(".safetensors") and save_format is None:
        return save_safetensors
    called = "save_weights(save_format=...)" if save_format else f"save_weights('{path.name}')"
    _warn(called, "save to a path ending in '.weights.h5'")
    if save_format == "tf" or (save_format is None and not looks_like_hdf5):
        return save_checkpoint
    return _save_legacy


def _save_shards(
    model: ModelLike, path: Path, overwrite: bool, max_size: float | None, kwargs: dict[str, Any]
) -> None:
    max_size = positive(max_size, "max_shard_size of save_weights")
    if path.name.endswith(".weights.h5"):
        path = path.with_suffix(".json")
        warnings.warn(f"The weights are in several files, which '{path.name}' lists.", stacklevel=3)
    if not path.name.endswith(SHARDED) or kwargs.get("save_format") is not None:
        raise InvalidArgumentError(
            explain(
                f"save_weights('{path.name}'): weights in several files have a layout of their own.",
                expected=f"a path ending in '{SHARDED}', max_shard_size as a number, and no save_format",
            )
        )
    _check_built(model, "save_weights")
    if may_write(path, overwrite):
        save_sharded(path, model, max_size, kwargs.get("objects_to_skip") or ())


def _save_hdf5(path: Path, model: ModelLike, left_out: Any) -> None:
    with deferred_interrupts(), created(path) as file:
        write_state(file, model, left_out)


def _save_legacy(path: Path, model: ModelLike) -> None:
    with deferred_interrupts(), created(path) as file:
        write_legacy_weights(file, model)


# -- loading --------------------------------------------------------------------------------------------

_Reader = Callable[[Path, Any, bool, bool, Any], None]


def _reader(path: Path) -> _Reader:
    """The function that reads what this file turns out to be."""
    with open(regular_file(path), "rb") as file:
        head = file.read(16)
    if head.startswith(b"PK\x03\x04"):
        return _load_archive
    is_hdf5, is_safetensors = head.startswith(b"\x89HDF"), head[8:9] == b"{"
    if path.name.endswith(SHARDED) and not (is_hdf5 or is_safetensors):
        return _load_shards
    if is_hdf5 or (path.name.endswith((".h5", ".hdf5")) and not is_safetensors):
        return _load_hdf5
    if is_safetensors or path.name.endswith(".safetensors"):
        return lambda path, model, skip_mismatch, *_: load_safetensors(path, model, skip_mismatch)
    raise InvalidArgumentError(explain(f"{path.name} holds no weights in a known format.", expected=_ALL))


def _load_archive(path: Path, model: ModelLike, skip_mismatch: bool, by_name: bool, left_out: Any) -> None:
    with opened_weights(path) as file:
        read_state(file, model, path.name, skip_mismatch, left_out)


def _load_shards(path: Path, model: ModelLike, skip_mismatch: bool, by_name: bool, left_out: Any) -> None:
    load_sharded(path, model, skip_mismatch, left_out)


def _load_hdf5(path: Path, model: ModelLike, skip_mismatch: bool, by_name: bool, left_out: Any) -> None:
    with opened(path) as file:
        group = file["model_weights"] if "model_weights" in file and not is_legacy(file) else file
        if is_legacy(group):
            if left_out:
                raise InvalidArgumentError("objects_to_skip is not for the older HDF5 layout.")
            read_legacy_weights(group, model, path.name, by_name, skip_mismatch)
        elif by_name:
            raise InvalidArgumentError(
                explain(
                    "by_name=True is for the older HDF5 layout.",
                    fix="skip_mismatch=True, or save with save_format='h5'",
                )
            )
        else:
            read_state(file, model, path.name, skip_mismatch, left_out)


_WITH_PLACES = (_load_hdf5, _load_archive, _load_shards)


# -- arguments ------------------------------------------------------------------------------------------


def _check_keywords(method: str, kwargs: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in kwargs:
        if name not in known:
            raise InvalidArgumentError(f"{method}() has no argument '{name}'.{did_you_mean(name, known)}")


def _check_built(model: ModelLike, method: str) -> None:
    if not model.built:
        raise NotBuiltError(
            explain(
                f"'{model.name}' has no weights yet, so {method} can do nothing.",
                fix="call it on data, or build it",
            )
        )


def _only_hdf5(path: Path, kwargs: dict[str, Any]) -> InvalidArgumentError:
    return InvalidArgumentError(
        explain(
            f"load_weights({', '.join(kwargs)}) and {path.name}",
            expected="a file in HDF5",
            fix="leave the keyword out",
        )
    )


def _warn(what: str, instead: str) -> None:
    warnings.warn(f"{what} is deprecated: {instead}.", DeprecationWarning, stacklevel=5)
