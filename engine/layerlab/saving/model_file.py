"""Whole models to files and back: which format a path means, and who writes or reads it."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import InvalidArgumentError, explain
from layerlab.saving.archive import holds_model, read_archive, read_folder, write_archive, write_folder
from layerlab.saving.file_formats import HDF5_SUFFIXES, format_of_file, format_to_save
from layerlab.saving.legacy_model import load_model_from_hdf5, save_model_to_hdf5
from layerlab.saving.replace_file import as_path, may_write
from layerlab.saving.tensorflow_extra import tensorflow
from layerlab.saving.tensorflow_saved_model import load_saved_model, save_saved_model
from layerlab.typing import PathLike

__all__ = ["accepts_older_positions", "load_model", "save_model"]

Method = TypeVar("Method", bound=Callable[..., Any])
_OLDER = ("include_optimizer", "save_format", "signatures", "options")


def accepts_older_positions(save: Method) -> Method:
    """Let a function (model, filepath, overwrite, **kwargs) take what older Keras had after `overwrite` by
    position as well: include_optimizer, save_format, signatures, options."""

    @functools.wraps(save)
    def call(
        model: ModelLike, filepath: PathLike, overwrite: object = True, *older: object, **kwargs: object
    ) -> Any:
        if len(older) > len(_OLDER):
            raise TypeError(f"{save.__name__}() takes at most {len(_OLDER) + 2} arguments.")
        given = dict(zip(_OLDER, older, strict=False))
        doubled = sorted(given.keys() & kwargs.keys())
        if doubled:
            raise TypeError(f"{save.__name__}() got multiple values for argument '{doubled[0]}'")
        return save(model, filepath, overwrite, **given, **kwargs)

    return cast(Method, call)


@accepts_older_positions
def save_model(model: ModelLike, filepath: PathLike, overwrite: bool = True, **kwargs: Any) -> None:
    """Write a whole model into one file: the same as `model.save`.

    It holds the architecture, the weights, the arguments of `compile` and the
    optimizer's state: after `load_model` training goes on where it stopped.

    Args:
        model: the model; built, or with a config alone.
        filepath: str or Path; '.keras' is today's format, '.h5' older Keras',
            one HDF5 file.
        overwrite: False asks whether a file that is there is to be replaced.
        include_optimizer: False leaves the optimizer's state out; True by default.
        save_format: None (the suffix says it), 'keras', 'h5' or 'tf', a SavedModel of
            TensorFlow. Deprecated.
        zipped: False writes the parts of a '.keras' file into a folder, whose name has
            no such suffix.
        signatures, options: of `tf.saved_model.save`, for 'tf' alone.
    Raises: InvalidArgumentError; UnsupportedError for a part without a config; OSError;
        ImportError for 'tf' without TensorFlow. A file that is there is never damaged.

    Example:
        >>> import layerlab as keras, tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(model, f"{folder}/line.keras")
        ...     load_model(f"{folder}/line.keras").count_params()
        3
    """
    include_optimizer, save_format, signatures, options = (
        kwargs.pop(name, default) for name, default in zip(_OLDER, (True, None, None, None), strict=True)
    )
    zipped = kwargs.pop("zipped", None)
    if kwargs:
        raise InvalidArgumentError(explain("save got unknown arguments.", got=", ".join(sorted(kwargs))))
    path = as_path(filepath, "save")
    if zipped not in (None, True, False):
        raise InvalidArgumentError(
            explain("save(zipped=...)", expected="True or False", got=repr(zipped)[:40])
        )
    if zipped is False:
        if save_format or signatures is not None or options is not None:
            raise InvalidArgumentError(explain("save(zipped=False) has a format of its own."))
        _save_folder(model, path, overwrite, bool(include_optimizer))
        return
    if save_format:
        warnings.warn(
            "save(save_format=...) is deprecated: the suffix '.keras' or '.h5' says it.",
            DeprecationWarning,
            stacklevel=3,
        )
    chosen = format_to_save(path, save_format or None)
    if chosen != "tf" and not (signatures is None and options is None):
        raise InvalidArgumentError(explain("signatures and options are for TensorFlow's SavedModel only."))
    if chosen == "tf":
        tensorflow()  # before anything is asked
        if may_write(path, overwrite):
            save_saved_model(model, path, bool(include_optimizer), signatures, options)
    elif chosen == "h5":
        save_model_to_hdf5(model, path, overwrite, bool(include_optimizer))
    elif may_write(path, overwrite):
        write_archive(model, path, bool(include_optimizer))


def load_model(
    filepath: PathLike,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a file that `save`, here or in Keras, wrote.

    It is ready to predict, and to go on training if it was compiled.

    Args:
        filepath: str or Path. The format is seen from the content; a folder is an
            unpacked '.keras' file, or a SavedModel of TensorFlow.
        custom_objects: name -> class or function, for what is neither layerlab's nor
            registered; None for none.
        compile: False leaves it uncompiled, without the optimizer's state.
        safe_mode: False runs Python bytecode that the file holds (lambdas): only for
            files you trust.
    Returns: the model, of the class that was saved.
    Raises: ValueErrors (DataError, ConfigError, UnknownNameError ...) that name the
        file and what is wrong with it; MissingFileError, a FileNotFoundError as well.
        Nothing in the file is run, nothing outside of it is read.

    Example:
        >>> import layerlab as keras, tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/line.keras")
        ...     loaded = load_model(f"{folder}/line.keras")
        >>> bool((loaded.get_weights()[0] == model.get_weights()[0]).all())
        True
    """
    path = as_path(filepath, "load_model")
    found = format_of_file(path)
    if found == "tf" and holds_model(path):
        return read_folder(path, custom_objects, compile, safe_mode)
    if found == "tf":
        return load_saved_model(path, custom_objects, compile, safe_mode)
    if found == "h5":
        return load_model_from_hdf5(path, custom_objects, compile, safe_mode)
    return read_archive(path, custom_objects, compile, safe_mode)


def _save_folder(model: ModelLike, path: Path, overwrite: bool, include_optimizer: bool) -> None:
    if path.name.endswith((".keras", *HDF5_SUFFIXES)):
        raise InvalidArgumentError(
            explain(f"save('{path.name}', zipped=False)", expected="the path of a folder, without a suffix")
        )
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"{path} is there, and is no folder to save into.")
    if may_write(path / "config.json", overwrite):
        write_folder(model, path, include_optimizer)
