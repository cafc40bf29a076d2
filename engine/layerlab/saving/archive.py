"""`.keras`: a zip file of a model's config, weights, optimizer state and assets, as of Keras 3.

Unpacked, it is a folder of the same files.

Saving replaces the old file only by a whole new one. Opening one runs nothing of it: everything is checked
first, and what does not fit in full is an error.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import random
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from layerlab.architectures.legacy_config import modernized
from layerlab.core.deserialization import check_size, deserialize_keras_object
from layerlab.core.first_values import first_values_postponed
from layerlab.core.lambda_writing import check_lambdas
from layerlab.core.model_protocol import ModelLike
from layerlab.core.replaced_classes import noting_class_names
from layerlab.core.serialization import serialize_sharing
from layerlab.core.weight_limit import weight_limit
from layerlab.errors import ConfigError, DataError, InvalidArgumentError, LayerlabError, explain
from layerlab.optimizers import LossScaleOptimizer
from layerlab.saving.assets import ASSETS, load_assets, write_assets
from layerlab.saving.file_limits import MAX_CONFIG_BYTES, MAX_METADATA_BYTES, weights_allowed
from layerlab.saving.loss_scaling import has_scaled_state, with_loss_scaling
from layerlab.saving.replace_file import replacing
from layerlab.saving.safe_folder import SafeFolder
from layerlab.saving.safe_zip import SafeZip
from layerlab.saving.seed_states import read_seeds, seed_states
from layerlab.saving.stateful_objects import walk
from layerlab.saving.weights_file import read_state, warn_of_bad_numbers, write_state
from layerlab.saving.weights_store import created, naming, opened_part, places_with_weights
from layerlab.training.interrupts import deferred_interrupts
from layerlab.training.trainer import Trainer

__all__ = ["holds_model", "opened_weights", "read_archive", "read_folder", "write_archive", "write_folder"]

Archive = SafeZip | SafeFolder
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_KERAS_VERSION = "3.15.1"  # whose layout this is


# -- writing -----------------------------------------------------------------------------------------------


def write_archive(model: ModelLike, path: Path, include_optimizer: bool = True) -> None:
    """Save a model with what it was compiled with; a file that is there is replaced at the end.

    Args:
        include_optimizer: whether the optimizer's state is written.
    Raises: ConfigError, UnsupportedError for a model without a config; OSError. The old file stays then.
    """
    texts, leave_out = _texts(model), _left_out(model, include_optimizer)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
        # Without a name, and not in memory: it is gone with the process, and as large as the model.
        with tempfile.TemporaryFile(dir=temporary.parent) as scratch:
            # An interrupt inside HDF5 would become an error of HDF5, or nothing at all.
            with deferred_interrupts(), created(scratch) as file:
                write_state(file, model, leave_out)
            _add(archive, WEIGHTS, scratch)
        write_assets(archive, model)


def write_folder(model: ModelLike, path: Path, include_optimizer: bool = True) -> None:
    """The same as files of a folder, which is made if it is not there; other files in it stay.

    Each file is replaced by a whole one, but not all at once: `.keras` files are safer.
    """
    texts, leave_out = _texts(model), _left_out(model, include_optimizer)
    path.mkdir(exist_ok=True)
    try:
        with contextlib.ExitStack() as files:
            for name, text in texts.items():
                files.enter_context(replacing(path / name)).write_text(text, encoding="utf-8")
            with deferred_interrupts(), created(files.enter_context(replacing(path / WEIGHTS))) as file:
                write_state(file, model, leave_out)
            write_assets(_Assets(path, files), model)
    except BaseException:
        with contextlib.suppress(OSError):  # if there was something in it
            path.rmdir()
        raise


class _Assets:
    """Takes assets as a zip file does."""

    def __init__(self, folder: Path, files: contextlib.ExitStack) -> None:
        self._folder, self._files = folder, files

    def write(self, source: Path, name: str) -> None:
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self._files.enter_context(replacing(target)))


def _texts(model: ModelLike) -> dict[str, str]:
    """The parts that are text; what fails here fails before anything is written."""
    return {METADATA: _metadata(model), CONFIG: _config_text(model)}


def _left_out(model: ModelLike, include_optimizer: bool) -> list[Any]:
    """The optimizer, where its state is not to be written, or there is none."""
    optimizer = getattr(model, "optimizer", None)
    has_state = include_optimizer and getattr(optimizer, "built", False)
    return [] if has_state or optimizer is None else [optimizer]


def _metadata(model: ModelLike) -> str:
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    data = {"keras_version": _KERAS_VERSION, "date_saved": saved, "seed_states": seed_states(model)}
    return json.dumps(data)


def _config_text(model: ModelLike) -> str:
    try:
        config = serialize_sharing(model)
        check_lambdas(config, f"'{model.name}'")
        scales = isinstance(getattr(model, "optimizer", None), LossScaleOptimizer)
        return json.dumps(with_loss_scaling(config) if scales else config)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, LayerlabError):
            raise
        raise ConfigError(
            explain(
                f"The config of '{model.name}' cannot be written as JSON: {str(error)[:150]}",
                fix="let get_config return numbers, text, lists and dicts",
            )
        ) from error


def _add(archive: zipfile.ZipFile, name: str, file: IO[bytes]) -> None:
    info = zipfile.ZipInfo(name, datetime.datetime.now().timetuple()[:6])
    info.file_size = file.seek(0, 2)  # so that large ones get large fields
    file.seek(0)
    with archive.open(info, "w") as member:
        shutil.copyfileobj(file, member, 2**20)


# -- reading -----------------------------------------------------------------------------------------------


def read_archive(
    path: Path, custom_objects: dict[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model of a `.keras` file, with its weights, optimizer state and compile arguments.

    Args:
        custom_objects: name -> class or function, for what is neither layerlab's nor registered.
        compile: False leaves it uncompiled.
        safe_mode: False runs the bytecode of lambdas in the file: only for files you trust.
    Raises: DataError for a damaged or dangerous file; ConfigError, UnknownNameError, ShapeError ... for one
        that does not describe a model of ours. All are ValueErrors that name the file.
    """
    with _naming(path), path.open("rb") as file:
        model = _read(SafeZip(file, _is_expected), path.name, custom_objects, compile, safe_mode)
    warn_of_bad_numbers(model, path.name)
    return model


def read_folder(
    path: Path, custom_objects: dict[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model of an unpacked `.keras` file; the rest is as for `read_archive`."""
    with _naming(path):
        model = _read(SafeFolder(path, _is_expected), path.name, custom_objects, compile, safe_mode)
    warn_of_bad_numbers(model, path.name)
    return model


def holds_model(path: Path) -> bool:
    """True for the folder of an unpacked `.keras` file."""
    return path.is_dir() and (path / CONFIG).is_file()


@noting_class_names()
def _read(archive: Archive, name: str, custom_objects: Any, compile: bool, safe_mode: bool) -> Any:
    if not isinstance(safe_mode, bool):
        raise InvalidArgumentError(explain("safe_mode", expected="True or False", got=repr(safe_mode)[:40]))
    metadata = _read_metadata(archive.read(METADATA, MAX_METADATA_BYTES))
    config = _read_config(archive.read(CONFIG, MAX_CONFIG_BYTES))
    check_size(config)
    config = modernized(config, metadata["keras_version"])
    if not compile:
        config["compile_config"] = None
    with _weights(archive) as weights:
        config = with_loss_scaling(config) if has_scaled_state(weights) else config
        allowed = weights_allowed(archive.size(WEIGHTS))
        with _randomness_kept(), weight_limit(allowed), first_values_postponed():
            model = deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)
            _check_fits(model, weights)
            read_state(weights, model, name)
            read_seeds(model, metadata.get("seed_states"))
    load_assets(archive, model)
    return model


@contextlib.contextmanager
def opened_weights(path: Path) -> Iterator[Any]:
    """The checked weights inside a `.keras` file. Raises: DataError, with the file's name."""
    with _naming(path), path.open("rb") as file, _weights(SafeZip(file, _is_expected)) as weights:
        yield weights


def _is_expected(name: str) -> bool:
    return name in (CONFIG, METADATA, WEIGHTS) or name.startswith(f"{ASSETS}/")


def _read_metadata(text: bytes) -> dict[str, Any]:
    data = _json(METADATA, text)
    if not isinstance(data, dict) or not isinstance(data.get("keras_version"), str):
        raise DataError(explain(f"{METADATA} is damaged.", expected="a dict with keras_version"))
    return data


def _read_config(text: bytes) -> dict[str, Any]:
    config = _json(CONFIG, text)
    if not isinstance(config, dict) or not {"class_name", "config"} <= config.keys():
        got = f"a {type(config).__name__}"
        raise ConfigError(
            explain(f"{CONFIG} describes no model.", expected="a dict with class_name and config", got=got)
        )
    return config


def _json(name: str, text: bytes) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ConfigError(explain(f"{name} is nested too deeply.")) from error
    except ValueError as error:
        raise ConfigError(explain(f"{name} is damaged, it is no JSON: {str(error)[:100]}")) from error


@contextlib.contextmanager
def _weights(archive: Archive) -> Iterator[Any]:
    if WEIGHTS not in archive.names:
        raise DataError(explain("The archive has no weights.", expected=f"a member '{WEIGHTS}'"))
    with contextlib.ExitStack() as stack:
        source = archive.open_stored(WEIGHTS)
        if source is None:  # packed by another program: HDF5 jumps back and forth, so unpack it first
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            archive.extract(WEIGHTS, folder / WEIGHTS)
            source = (folder / WEIGHTS).open("rb")
        stack.enter_context(source)
        yield stack.enter_context(opened_part(source, WEIGHTS))


def _check_fits(model: ModelLike, weights: object) -> None:
    """Raise unless it is a model that has a place for all that is stored; that nothing lacks shows later."""
    if not isinstance(model, Trainer):
        raise ConfigError(
            explain(f"{CONFIG} describes no model.", got=f"the description of a {type(model).__name__}")
        )
    known = {place for place, _ in walk(model)}
    surplus = [place for place in places_with_weights(weights) if place not in known]
    surplus = [place for place in surplus if place.split("/")[0] != "optimizer"]
    if surplus:
        raise DataError(
            explain(
                f"{WEIGHTS} has weights for which '{str(model.name)[:80]}' has no place.",
                got=", ".join(surplus[:5])[:200],
                fix="check that the classes of your own layers are those it was saved with",
            )
        )


@contextlib.contextmanager
def _randomness_kept() -> Iterator[None]:
    """Weights that are made here get their values from the file: whoever loads keeps their random numbers."""
    python, legacy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors say which file they are about."""
    try:
        with naming(path):
            yield
    except (MemoryError, RecursionError) as error:
        raise DataError(f"{path.name} asks for too much: {type(error).__name__}") from error
    except Exception as error:
        error.add_note(f"While loading {path}.")  # of a class of the user's own, most likely
        raise
