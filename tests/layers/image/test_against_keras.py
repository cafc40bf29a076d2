"""Layers of images give the pictures of Keras on JAX from the same seed, on either back end.

So their transformations are drawn in the order and with the numbers of Keras, and applied as Keras does.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import layers

pytestmark = pytest.mark.oracle

to_numpy = keras.ops.convert_to_numpy
CASES: list[tuple[str, dict[str, Any]]] = [
    ("Resizing", {"height": 3, "width": 9}),
    ("Resizing", {"height": 9, "width": 4, "interpolation": "bicubic", "crop_to_aspect_ratio": True}),
    ("Resizing", {"height": 9, "width": 9, "interpolation": "nearest", "pad_to_aspect_ratio": True}),
    ("CenterCrop", {"height": 3, "width": 4}),
    ("CenterCrop", {"height": 9, "width": 4}),
    ("RandomCrop", {"height": 3, "width": 4, "seed": 5}),
    *(
        ("RandomFlip", {"mode": mode, "seed": 5})
        for mode in ("horizontal", "vertical", "horizontal_and_vertical")
    ),
    ("RandomRotation", {"factor": 0.3, "seed": 5}),
    ("RandomRotation", {"factor": (-0.1, 0.2), "fill_mode": "constant", "fill_value": 7.0, "seed": 5}),
    ("RandomRotation", {"factor": 1, "fill_mode": "wrap", "interpolation": "nearest", "seed": 5}),
    ("RandomZoom", {"height_factor": 0.4, "seed": 5}),
    (
        "RandomZoom",
        {"height_factor": (0.1, 0.5), "width_factor": [-0.4, -0.1], "fill_mode": "nearest", "seed": 5},
    ),
    ("RandomTranslation", {"height_factor": 0.4, "width_factor": 0.2, "seed": 5}),
    (
        "RandomTranslation",
        {"height_factor": (0.1, 0.5), "width_factor": -0.3, "fill_mode": "constant", "seed": 5},
    ),
]
CASES += [  # integers where Keras computes with numbers of the layer's dtype: see FORMS
    ("RandomContrast", {"factor": (0.5, 0.3), "value_range": (0, 200), "seed": 5}),
    ("RandomBrightness", {"factor": 0.6, "seed": 5}),
    ("Solarization", {"addition_factor": (0.1, 0.3), "threshold_factor": 0.8, "seed": 5}),
    ("RandomHue", {"factor": (0.1, 0.9), "seed": 5}),
    ("RandomSaturation", {"factor": (0.2, 0.8), "seed": 5}),
    ("AutoContrast", {"value_range": (0, 300)}),
    ("RandomInvert", {"factor": (0.2, 0.8), "seed": 5}),
    ("RandomGrayscale", {"factor": 0.5, "seed": 5}),
]
NAMES = sorted({name for name, _ in CASES})


def data(data_format: str, dtype: str, single: bool) -> dict[str, np.ndarray]:
    """Three images that are not square, or one, with labels and masks."""
    rng = np.random.default_rng(0)
    found = {
        "images": rng.uniform(0, 255, (3, 6, 7, 3)).astype(dtype),
        "segmentation_masks": rng.integers(0, 4, (3, 6, 7, 1)).astype("int32"),
    }
    if data_format == "channels_first":
        found = {key: np.moveaxis(value, -1, 1) for key, value in found.items()}
    found["labels"] = rng.normal(size=(3, 5)).astype("float32")
    return {key: value[0] for key, value in found.items()} if single else found


def same(ours: Any, theirs: Any, tolerance: float = 1e-5) -> None:
    found, expected = to_numpy(ours), np.asarray(theirs)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    # Halves may be rounded to either side, where the last digit of a sum differs.
    nearly = 1.0 if found.dtype.kind in "iu" else 255 * tolerance
    np.testing.assert_allclose(
        found.astype("float64"), expected.astype("float64"), rtol=tolerance, atol=nearly
    )
    assert np.mean(found != expected) < 0.02 or found.dtype.kind == "f"


FORMS = (
    ("channels_last", "uint8", False),
    ("channels_first", "float32", False),
    ("channels_last", "float32", True),
)


@functools.cache
def of_keras(index: int) -> list[dict[str, Any]]:
    """What Keras makes of a case in two calls in training and one outside of it."""
    name, arguments = CASES[index]
    form = FORMS[index % 3]
    layer = getattr(oracle.layers, name)(**arguments, data_format=form[0])
    return [called(layer, form, training) for training in (True, True, False)]


def called(layer: Any, form: tuple[str, str, bool], training: bool) -> dict[str, Any]:
    given = data(*form)
    if type(layer).__name__ == "RandomGrayscale":  # which Keras does not call with a dict
        return {"images": layer(given["images"], training=training)}
    return layer(given, training=training)


@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: f"{CASES[index][0]}{index}")
def test_the_same_seed_gives_the_pictures_of_keras(backend: str, index: int) -> None:
    name, arguments = CASES[index]
    form = FORMS[index % 3]
    layer = getattr(layers, name)(**arguments, data_format=form[0])
    for training, expected in zip((True, True, False), of_keras(index), strict=True):
        if name == "RandomCrop" and not training:
            continue  # resizes then: test_crop.py
        found = called(layer, form, training)
        assert found.keys() == expected.keys()
        for key in found:
            same(found[key], expected[key])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["RandomRotation", "RandomZoom", "RandomTranslation", "RandomHue"])
def test_a_transformation_that_keras_drew_is_applied_alike(backend: str, name: str) -> None:
    arguments = next(given for case, given in CASES if case == name)
    images = data("channels_last", "float32", False)["images"]
    ours, theirs = (getattr(k.layers, name)(**arguments) for k in (keras, oracle))
    drawn = theirs.get_random_transformation(images, training=True, seed=11)
    given: Any = drawn
    if isinstance(drawn, dict):
        given = {key: keras.ops.convert_to_tensor(np.asarray(value)) for key, value in drawn.items()}
    elif name == "RandomCrop":
        given = tuple(np.asarray(value) for value in drawn)
    same(ours.transform_images(images, given), theirs.transform_images(images, drawn))


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_configs_are_those_of_keras(name: str) -> None:
    oracle.utils.clear_session(free_memory=False)
    keras.utils.clear_session()
    arguments = next(given for case, given in CASES if case == name)
    ours, theirs = (getattr(k.layers, name) for k in (keras, oracle))

    def signature(cls: type) -> list[tuple[str, Any]]:
        return [(p.name, p.default) for p in inspect.signature(cls).parameters.values()]

    assert signature(ours) == signature(theirs)
    forgotten = {"seed": 5} if name == "RandomGrayscale" else {}
    assert ours(**arguments).get_config() == theirs(**arguments).get_config() | forgotten
    again = ours.from_config(theirs(**arguments).get_config())
    kept = {"name": again.name, **dict.fromkeys(forgotten)}
    assert again.get_config() == ours(**arguments).get_config() | kept


@pytest.mark.slow
def test_files_go_both_ways(backend: str, tmp_path: Any) -> None:
    images = data("channels_last", "float32", False)["images"]

    def model(k: Any) -> Any:
        chosen = [CASES[0], CASES[6], CASES[12]]  # no edges, which a last digit would move
        return k.Sequential(
            [k.Input((6, 7, 3)), *(getattr(k.layers, name)(**given) for name, given in chosen)]
        )

    for source, target in ((keras, oracle), (oracle, keras)):
        first = model(source)
        first.save(tmp_path / "m.keras")
        second = target.models.load_model(tmp_path / "m.keras")
        pictures = {k: (first if k is source else second)(images, training=True) for k in (keras, oracle)}
        np.testing.assert_allclose(to_numpy(pictures[keras]), np.asarray(pictures[oracle]), atol=0.05)
