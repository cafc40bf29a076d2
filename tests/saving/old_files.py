"""Models as older Keras wrote them: configs, JSON and HDF5, by hand; and their numbers, by NumPy."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Array = np.ndarray


# -- configs ----------------------------------------------------------------------------------------------


def layer(class_name: str, name: str, *calls: Any, **config: Any) -> dict[str, Any]:
    """A layer of Keras 2; `calls` are its inbound_nodes, in a graph."""
    entry = {"class_name": class_name, "config": {"name": name, "trainable": True, **config}}
    return {**entry, "name": name, "inbound_nodes": list(calls)} if calls else entry


def first(name: str, shape: Sequence[int | None], in_graph: bool = True) -> dict[str, Any]:
    """An InputLayer."""
    config = {"batch_input_shape": [None, *shape], "dtype": "float32", "sparse": False, "name": name}
    entry = {"class_name": "InputLayer", "config": config}
    return {**entry, "name": name, "inbound_nodes": []} if in_graph else entry


def sequential(*layers: dict[str, Any], name: str = "seq", as_list: bool = False) -> dict[str, Any]:
    """A Sequential; a bare list up to Keras 2.2.2."""
    config: Any = list(layers) if as_list else {"name": name, "layers": list(layers)}
    return {"class_name": "Sequential", "config": config}


def graph(
    name: str, layers: Sequence[dict[str, Any]], inputs: Any, outputs: Any, class_name: str = "Model"
) -> dict[str, Any]:
    """A functional model; called 'Functional' from 2.4 on."""
    config = {"name": name, "layers": list(layers), "input_layers": inputs, "output_layers": outputs}
    return {"class_name": class_name, "config": config}


def as_json(model: dict[str, Any], version: str | None) -> str:
    """What `to_json` gave."""
    said = {} if version is None else {"keras_version": version, "backend": "tensorflow"}
    return json.dumps({**model, **said})


def with_modules(model: Any) -> Any:
    """The same as tf.keras 2.12 to 2.15 wrote it."""
    if isinstance(model, list):
        return [with_modules(item) for item in model]
    if not isinstance(model, dict):
        return model
    inner = {key: with_modules(value) for key, value in model.items()}
    if "class_name" not in model:
        return inner
    is_model = model["class_name"] in ("Functional", "Model", "Sequential")
    module = "keras" if is_model else "keras.layers"
    return {**inner, "module": module, "registered_name": None}


# -- HDF5 ---------------------------------------------------------------------------------------------------

Weights = Mapping[str, Sequence[tuple[str, Any]]]


def write_h5(
    path: Path,
    model: dict[str, Any],
    weights: Weights,
    version: str,
    training: dict[str, Any] | None = None,
    optimizer: Sequence[tuple[str, Any]] = (),
    backend: str = "tensorflow",
) -> Path:
    """A whole model: `weights` has, for each layer, the names and arrays in the order of the file."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version.encode(), backend.encode()
        file.attrs["model_config"] = json.dumps(model).encode()
        group = file.create_group("model_weights")
        group.attrs["keras_version"], group.attrs["backend"] = version.encode(), backend.encode()
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            _write(group.create_group(name), arrays)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training).encode()
        if optimizer:
            _write(file.create_group("optimizer_weights"), optimizer)
    return path


def _write(group: Any, arrays: Sequence[tuple[str, Any]]) -> None:
    group.attrs["weight_names"] = [name.encode() for name, _ in arrays]
    for name, array in arrays:
        group[name] = array


def write_archive(path: Path, config: dict[str, Any], arrays: Mapping[str, Any], version: str) -> Path:
    """A `.keras` file, as from tf.keras 2.12 on; `arrays` has their paths in the weights' file."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": version, "date_saved": "2023-04-01"}))
        archive.writestr("model.weights.h5", weights.getvalue())
    return path


# -- numbers ------------------------------------------------------------------------------------------------


def numbers(*shape: int, seed: int = 0) -> Array:
    """Arbitrary ones, some beyond the flat ends of a hard sigmoid once they are summed."""
    return np.random.default_rng(seed).normal(0, 1.2, shape).astype("float32")


def hard_sigmoid(x: Array) -> Array:
    """Of Keras 2."""
    return np.clip(0.2 * x + 0.5, 0, 1)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def lstm(x: Array, weights: Sequence[Array], gate: Any, states: Sequence[Array] | None = None) -> list[Array]:
    """(h of all steps, last h, last c) for x (batch, time, features); weights kernel, recurrent, bias."""
    kernel, recurrent, bias = weights
    units = recurrent.shape[0]
    h, c = states if states is not None else [np.zeros((len(x), units), "float32")] * 2
    steps = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=1)
        c = gate(f) * c + gate(i) * np.tanh(g)
        h = gate(o) * np.tanh(c)
        steps.append(h)
    return [np.stack(steps, 1), h, c]


def gru(x: Array, weights: Sequence[Array], gate: Any, reset_after: bool, state: Any = None) -> Array:
    """The last state; the bias is (3 units,), with `reset_after` (2, 3 units)."""
    kernel, recurrent, bias = weights
    units = recurrent.shape[0]
    h = np.zeros((len(x), units), "float32") if state is None else state
    first_bias, second = bias if reset_after else (bias, 0 * bias)
    for t in range(x.shape[1]):
        z_x, r_x, c_x = np.split(x[:, t] @ kernel + first_bias, 3, axis=1)
        z_h, r_h, c_h = np.split(h @ recurrent + second, 3, axis=1)
        z, r = gate(z_x + z_h), gate(r_x + r_h)
        inner = r * c_h if reset_after else (r * h) @ recurrent[:, 2 * units :]
        h = z * h + (1 - z) * np.tanh(c_x + inner)
    return h


def cudnn_weights(weights: Sequence[Array], gates: int) -> list[Array]:
    """Kernel, recurrent kernel and bias (2, gates units) as CuDNNLSTM and CuDNNGRU kept them."""
    kernel, recurrent, bias = weights
    rows = [gate.T.reshape(gate.shape) for gate in np.split(kernel, gates, axis=1)]
    turned = [gate.T for gate in np.split(recurrent, gates, axis=1)]
    return [np.concatenate(rows, axis=1), np.concatenate(turned, axis=1), bias.reshape(-1)]
