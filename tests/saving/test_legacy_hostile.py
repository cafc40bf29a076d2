"""Older HDF5 files that are damaged or meant to do harm: a clear error, nothing run, nothing outside read."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import layerlab as keras
from tests.training.models import same_state, state_of


def model() -> Any:
    layers = [keras.layers.Dense(3, name="first"), keras.layers.Dense(1, name="last")]
    made = keras.Sequential([keras.Input((2,), name="in"), *layers], name="s")
    made.compile("sgd", "mse")
    return made


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "model.h5"
    model().save(path)
    return path


@pytest.fixture
def saved(original: Path, tmp_path: Path) -> Path:
    """A whole model, which is a file of weights as well."""
    return Path(shutil.copy(original, tmp_path / "model.h5"))


LAST = "model_weights/last/s/last/kernel"


def put(place: str, make: Callable[[h5py.File], Any]) -> Callable[[h5py.File], None]:
    """Replace what lies at a place."""

    def change(file: h5py.File) -> None:
        found = place if place in file else find(file, place)
        del file[found]
        made = make(file)
        if made is not None:
            file[found] = made

    return change


def find(file: h5py.File, place: str) -> str:
    """The kernel of the last layer, wherever its path puts it."""
    found: list[str] = []
    file.visititems(
        lambda name, item: (
            found.append(name)
            if isinstance(item, h5py.Dataset) and name.startswith("model_weights/last") and "kernel" in name
            else None
        )
    )
    assert found, place
    return found[0]


def attribute(place: str, name: str, value: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[place].attrs[name] = value

    return change


def external(file: h5py.File) -> None:
    file.create_dataset("e", (4,), "u1", external=[("/etc/hostname", 0, 4)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3, 1), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (3, 1))
    file.create_virtual_dataset("v", layout)


def reference(file: h5py.File) -> None:
    file.create_dataset("r", data=file.ref, dtype=h5py.ref_dtype)


BAD_WEIGHTS: dict[str, Callable[[h5py.File], None]] = {
    "a link to another file": put(LAST, lambda f: h5py.ExternalLink("/etc/passwd", "/x")),
    "a soft link": put(LAST, lambda f: h5py.SoftLink("/model_weights/first")),
    "external storage": external,
    "a virtual dataset": virtual,
    "an object reference": reference,
    "text for numbers": put(LAST, lambda f: np.array([[b"a"], [b"b"], [b"c"]])),
    "complex numbers": put(LAST, lambda f: np.zeros((3, 1), "complex64")),
    "another shape": put(LAST, lambda f: np.zeros((4, 1), "f4")),
    "a group for an array": put(LAST, lambda f: None),
    "a layer that is missing": put("model_weights/last", lambda f: None),
    "a layer that is an array": put("model_weights/last", lambda f: np.zeros(2)),
    "a name from the root": attribute("model_weights/last", "weight_names", [b"/model_weights", b"x"]),
    "a name with two dots": attribute("model_weights/last", "weight_names", [b"../first/kernel", b"x"]),
    "names that are numbers": attribute("model_weights/last", "weight_names", [1, 2]),
    "names that are no text": attribute("model_weights/last", "weight_names", np.array([b"\xff\xfe", b"x"])),
    "no names": attribute("model_weights/last", "weight_names", np.array([], "S1")),
    "layers twice": attribute("model_weights", "layer_names", [b"first", b"first", b"last"]),
}


@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_bad_weights_are_refused_and_the_model_stays(name: str, saved: Path) -> None:
    with h5py.File(saved, "r+") as file:
        BAD_WEIGHTS[name](file)
    target = model()
    before = state_of(target)

    with pytest.raises(ValueError, match=r"model\.h5: ") as caught:
        target.load_weights(saved)
    with pytest.raises(ValueError, match=r"model\.h5: "):
        keras.models.load_model(saved)

    assert len(str(caught.value)) < 700
    assert same_state(before, state_of(target))


def config_with(layer: dict[str, Any]) -> str:
    first = {
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 2], "dtype": "float32", "name": "in"},
    }
    return json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": [first, layer]}})


CODE = "4wEAAAAAAAAAAAAAAA=="
BAD_CONFIGS: dict[str, Any] = {
    "no text": np.arange(3),
    "no JSON": "{",
    "a number": "7",
    "a list": "[]",
    "deep JSON": "[" * 20_000,
    "a function of Python": config_with({"class_name": "os.system", "config": {"command": "touch marker"}}),
    "a class of Python": config_with(
        {"module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", "marker"]}}
    ),
    "a lambda": config_with(
        {
            "class_name": "Lambda",
            "config": {"name": "l", "function": [CODE, None, None], "function_type": "lambda"},
        }
    ),
    "a lambda, newer": config_with(
        {
            "class_name": "Lambda",
            "config": {"function": {"class_name": "__lambda__", "config": {"code": CODE}}, "name": "l"},
        }
    ),
    "safe mode switched off": config_with(
        {"class_name": "Lambda", "config": {"function": [CODE, None, None], "safe_mode": False}}
    ),
    "an activation of Python": config_with(
        {"class_name": "Dense", "config": {"units": 1, "activation": "os.system"}}
    ),
    "a huge layer": config_with({"class_name": "Dense", "config": {"units": 2**28, "name": "d"}}),
    "a negative layer": config_with({"class_name": "Dense", "config": {"units": -1, "name": "d"}}),
    "no model": json.dumps({"class_name": "Dense", "config": {"units": 1}}),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_bad_configs_are_refused_and_nothing_is_run(
    name: str, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    with h5py.File(saved, "r+") as file:
        file.attrs["model_config"] = BAD_CONFIGS[name]

    with pytest.raises(ValueError, match=r"model\.h5: "):
        keras.models.load_model(saved)

    assert os.listdir(saved.parent) == ["model.h5"]


@pytest.mark.parametrize("part", ["optimizer_config", "loss", "metrics"])
def test_a_bad_training_config_says_how_to_read_the_model(part: str, saved: Path) -> None:
    with h5py.File(saved, "r+") as file:
        config = json.loads(file.attrs["training_config"])
        evil = {"module": "os", "class_name": "system", "config": {"command": "true"}}
        file.attrs["training_config"] = json.dumps({**config, part: evil})

    with pytest.raises(ValueError, match="compile=False"):
        keras.models.load_model(saved)
    assert not keras.models.load_model(saved, compile=False).compiled


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    for path in (tmp_path / "pipe.h5", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="pipe or a device"):
            model().load_weights(path)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        model().load_weights(tmp_path / "none.h5")
    for content in (b"", b"hello", b"\x89HDF\r\n\x1a\n" + bytes(100)):
        (tmp_path / "bad.h5").write_bytes(content)
        with pytest.raises(ValueError, match=r"bad\.h5 is not a readable HDF5 file"):
            model().load_weights(tmp_path / "bad.h5")


@pytest.mark.slow
def test_flipped_bytes_give_a_model_or_a_clear_error(saved: Path) -> None:
    raw = saved.read_bytes()
    rng = np.random.default_rng(0)
    loaded = 0
    for _ in range(200):
        damaged = bytearray(raw)
        for place in rng.integers(0, len(raw), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        saved.write_bytes(damaged)
        with warnings.catch_warnings(), contextlib.suppress(ValueError, OSError):
            warnings.simplefilter("ignore")
            keras.models.load_model(saved)
            loaded += 1
    assert loaded < 200
