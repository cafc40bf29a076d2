"""Whole models in one HDF5 file: the configs are attributes, the weights in the older layout.

Written as Keras 3 does; read from Keras 2 and 3. Only for models that are described by layers: Sequential and
functional ones. A file is opened for its data alone: see `hdf5_safety` and `core.deserialization`.
"""

from __future__ import annotations

import functools
import json
import warnings
from pathlib import Path
from typing import Any

from layerlab.architectures.graph_reader import takes_graph
from layerlab.architectures.legacy_config import is_older, modernized
from layerlab.architectures.legacy_table import LOSSES
from layerlab.backend.active import backend
from layerlab.core.deserialization import check_size, deserialize_as, deserialize_keras_object, reading_scope
from layerlab.core.first_values import first_values_postponed
from layerlab.core.lambda_writing import check_lambdas
from layerlab.core.model_protocol import ModelLike
from layerlab.core.registry import CustomObjectScope, custom_by_last_part, find, get_registered_object
from layerlab.core.serialization import serialize_keras_object
from layerlab.core.weight_limit import weight_limit
from layerlab.errors import ConfigError, DataError, LayerlabError, UnsupportedError, explain
from layerlab.saving.file_limits import MAX_CONFIG_BYTES, weights_allowed
from layerlab.saving.legacy_optimizer import read_legacy_optimizer
from layerlab.saving.legacy_weights import (
    KERAS_VERSION,
    check_fit,
    read_arrays,
    read_legacy_weights,
    read_named_arrays,
    write_arrays,
    write_legacy_weights,
)
from layerlab.saving.replace_file import as_path, may_write, replacing
from layerlab.saving.weights_store import assign_all, created, naming, opened, read_array
from layerlab.training.interrupts import deferred_interrupts
from layerlab.typing import PathLike

__all__ = ["load_model_from_hdf5", "save_model_to_hdf5"]

_BY_OUTPUT = ("accuracy", "acc", "crossentropy", "ce")  # metrics that the shapes of outputs choose


# -- saving ---------------------------------------------------------------------------------------------


def save_model_to_hdf5(
    model: ModelLike, filepath: PathLike, overwrite: bool = True, include_optimizer: bool = True
) -> None:
    """Write a Sequential or functional model: architecture, weights, and how and how far it was trained.

    Args:
        overwrite: False asks before a file is replaced.
        include_optimizer: False leaves out what it was compiled with, and the optimizer's state.
    Raises: UnsupportedError for a subclassed model, and for parts without a config.
    """
    path = as_path(filepath, "save")
    _check_described_by_layers(model)
    attributes: dict[str, Any] = {
        "keras_version": KERAS_VERSION,
        "backend": backend().name,
    }
    configs = {"model_config": _description(model)}
    with_training = include_optimizer and model.compiled
    if with_training:
        configs["training_config"] = _training_config(model)
    check_lambdas(configs, f"'{model.name}'")
    attributes |= {name: json.dumps(config) for name, config in configs.items()}
    if not may_write(path, overwrite):
        return
    # An interrupt inside HDF5 would become an error of HDF5, or nothing at all.
    with replacing(path) as temporary, deferred_interrupts(), created(temporary) as file:
        file.attrs.update(attributes)
        write_legacy_weights(file.create_group("model_weights"), model)
        if with_training and model.optimizer.built:
            write_arrays(file.create_group("optimizer_weights"), model.optimizer.variables)


def _check_described_by_layers(model: ModelLike) -> None:
    if hasattr(model, "_stacked_layers") or (model._model_graph is not None and takes_graph(type(model))):
        return
    raise UnsupportedError(
        explain(
            f"'{model.name}' is a subclassed model ({type(model).__name__}), which HDF5 files cannot hold.",
            fix="save to a path ending in '.keras', or save_weights('name.weights.h5')",
        )
    )


def _training_config(model: Any) -> dict[str, Any]:
    keys = ("loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution")
    config = {key: _described(model._compile_arguments.get(key)) for key in keys}
    return {
        **config,
        "loss": _named_losses(config["loss"]),
        "jit_compile": bool(model.jit_compile),
        "optimizer_config": _description(model.optimizer),
    }


def _described(value: object) -> Any:
    """Losses and metrics: names, functions, and objects without their module."""
    if isinstance(value, dict):
        return {key: _described(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_described(item) for item in value]
    if hasattr(value, "get_config"):
        return _description(value)
    return serialize_keras_object(value)


def _named_losses(config: object) -> Any:
    """Names of losses in the form of functions: Keras 3.15 cannot read the names that it writes itself."""
    if isinstance(config, str):
        function = find("losses", config)
        return config if function is None or isinstance(function, type) else _described(function)
    if isinstance(config, list):
        return [_named_losses(item) for item in config]
    if isinstance(config, dict) and "class_name" not in config:
        return {key: _named_losses(item) for key, item in config.items()}
    return config


def _description(value: object) -> dict[str, Any]:
    serialized = serialize_keras_object(value)
    name = serialized.get("registered_name") or serialized["class_name"]
    return {"class_name": name, "config": serialized["config"]}


# -- loading --------------------------------------------------------------------------------------------


def load_model_from_hdf5(
    filepath: PathLike,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a file that `save_model_to_hdf5`, or Keras 2 or 3, wrote.

    Args:
        custom_objects: name -> class or function, for what is neither layerlab's nor registered.
        compile: compile the model as it was, with the optimizer's state, if the file says how.
        safe_mode: False runs the Python code of Lambda layers: only for files you trust.
    Raises: FileNotFoundError; DataError for damage; ConfigError and UnknownNameError for a config that cannot
        be read; ShapeError if the weights do not fit it.
    """
    path = as_path(filepath, "load_model")
    with opened(path) as file, naming(path), CustomObjectScope(custom_objects):
        if "model_weights" not in file or "model_config" not in file.attrs:
            raise DataError(
                explain(
                    "The file holds no whole model.",
                    expected="a model_config and model_weights",
                    fix="if it holds weights alone, build the model and call load_weights",
                )
            )
        version = file.attrs.get("keras_version")
        config = modernized(_read_json(file, "model_config"), version)
        with weight_limit(weights_allowed(path.stat().st_size)), first_values_postponed():
            model = deserialize_keras_object(config, safe_mode=safe_mode)
            if not hasattr(model, "load_weights"):
                raise ConfigError(
                    explain("The model_config", expected="a model", got=type(model).__name__[:80])
                )
            read_legacy_weights(file["model_weights"], model, path.name)
            if compile and "training_config" in file.attrs:
                training = modernized(_read_json(file, "training_config"), version)
                with reading_scope(training, safe_mode):
                    _compile(model, training, file, path)
    return model


def _read_json(file: Any, attribute: str) -> Any:
    text = file.attrs[attribute]
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if not isinstance(text, str) or len(text) > MAX_CONFIG_BYTES:
        got = f"{len(text)} characters" if isinstance(text, str) else type(text).__name__
        raise DataError(explain(f"The file's {attribute}", expected="JSON of a sensible length", got=got))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = explain(
            f"The file's {attribute} is no JSON: {str(error)[:100]}", fix="save the model again"
        )
        raise DataError(message) from error
    check_size(value)
    return value


def _compile(model: ModelLike, config: object, file: Any, path: Path) -> None:
    try:
        if not isinstance(config, dict):
            raise ConfigError(explain("The training_config", expected="a dict", got=type(config).__name__))
        arguments = {
            "optimizer": deserialize_as(_checked_optimizer(config.get("optimizer_config")), "optimizers"),
            "loss": _restored(config.get("loss"), "losses"),
            "metrics": _restored(config.get("metrics"), "metrics"),
            "weighted_metrics": _restored(config.get("weighted_metrics"), "metrics"),
            "loss_weights": config.get("loss_weights"),
        }
        model.compile(**arguments, run_eagerly=config.get("run_eagerly") is True)
        steps = config.get("steps_per_execution")
        if type(steps) is int and steps > 1:
            model.compile(**arguments, steps_per_execution=steps)
    except (LayerlabError, TypeError, KeyError, ValueError) as error:
        raise ConfigError(
            f"{error}\n  The model itself can be read: load_model('{path.name}', compile=False)."
        ) from error
    if "optimizer_weights" in file:
        _load_optimizer(model, file, path)


def _load_optimizer(model: ModelLike, file: Any, path: Path) -> None:
    """Read the optimizer's state; one that does not fit is told and left out."""
    model.optimizer.build(model.trainable_variables)
    try:
        if is_older(file.attrs.get("keras_version")):
            read_legacy_optimizer(read_named_arrays(file, "optimizer_weights"), model.optimizer)
        else:
            _load_in_order(model.optimizer.variables, read_arrays(file, "optimizer_weights"))
    except LayerlabError as error:
        warnings.warn(f"{path.name}: the optimizer starts anew. {error}", stacklevel=5)


def _load_in_order(variables: list[Any], arrays: list[Any]) -> None:
    check_fit("the optimizer", variables, arrays)
    pairs = zip(variables, arrays, strict=True)
    assign_all((variable, functools.partial(read_array, array)) for variable, array in pairs)


def _checked_optimizer(config: object) -> dict[str, Any]:
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise ConfigError(explain("The optimizer's config", expected="class_name and config"))
    return config


def _restored(value: object, kind: str) -> Any:
    """Losses or metrics, in the structure in which they were passed."""
    if isinstance(value, list):
        return [_restored(item, kind) for item in value]
    if isinstance(value, str):
        found = get_registered_object(value)
        return found or custom_by_last_part(value) or LOSSES.get(value, value)
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _restored(item, kind) for key, item in value.items()}
    inner = value.get("config")
    if isinstance(inner, dict) and isinstance(inner.get("fn"), str):  # a function, as Keras 2 wrapped it
        return inner["name"] if inner.get("name") in _BY_OUTPUT else LOSSES.get(inner["fn"], inner["fn"])
    return deserialize_as(value, kind)
