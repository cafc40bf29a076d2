"""What a model has in two places is one object again after loading, as in the files of Keras."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras

X = np.ones((2, 3), "float32")


def register(library: Any) -> Any:
    """A layer that calls a list of layers, one of which may be in it twice."""

    @library.saving.register_keras_serializable("tests")
    class Chain(library.layers.Layer):
        def __init__(self, parts: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.parts = parts

        def build(self, input_shape: Any) -> None:
            for part in self.parts:
                if not part.built:
                    part.build(input_shape)
            self.built = True

        def call(self, x: Any) -> Any:
            for part in self.parts:
                x = part(x)
            return x

        def get_config(self) -> dict[str, Any]:
            parts = [library.saving.serialize_keras_object(part) for part in self.parts]
            return {**super().get_config(), "parts": parts}

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            parts = [library.saving.deserialize_keras_object(part) for part in config.pop("parts")]
            return cls(parts=parts, **config)

    return Chain


CHAINS = {library: register(library) for library in (keras, oracle)}
LIBRARIES = pytest.mark.parametrize("library", [keras, oracle], ids=["layerlab", "keras"])


def chain(library: Any) -> Any:
    first = library.layers.Dense(3)
    return library.Sequential([library.Input((3,)), CHAINS[library]([first, library.layers.Dense(3), first])])


@pytest.mark.oracle
@LIBRARIES
@pytest.mark.parametrize("reader", [keras, oracle], ids=["layerlab", "keras"])
def test_a_layer_in_two_places_stays_one(library: Any, reader: Any, tmp_path: Path) -> None:
    model = chain(library)
    model.save(tmp_path / "m.keras")
    loaded = reader.saving.load_model(tmp_path / "m.keras")
    parts = loaded.layers[0].parts
    assert parts[0] is parts[2]
    assert parts[0] is not parts[1]
    assert len(loaded.weights) == 4
    np.testing.assert_allclose(np.asarray(loaded(X)), np.asarray(model(X)), rtol=1e-6)


def test_inner_models_go_on_sharing_a_layer(backend: str, tmp_path: Path) -> None:
    shared = keras.layers.Dense(3, name="shared")

    def inner(name: str) -> Any:
        inputs = keras.Input((3,))
        return keras.Model(inputs, keras.layers.Dense(3)(shared(shared(inputs))), name=name)

    inputs, (a, b) = keras.Input((3,)), (inner("a"), inner("b"))
    model = keras.Model(inputs, keras.layers.Add()([a(inputs), b(inputs)]))
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert loaded.get_layer("a").get_layer("shared") is loaded.get_layer("b").get_layer("shared")
    assert len(loaded.weights) == len(model.weights) == 6
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    loaded.save(tmp_path / "again.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "again.keras").predict(X, verbose=0), model.predict(X, verbose=0)
    )


def test_only_what_is_shared_is_marked(tmp_path: Path) -> None:
    def numbers(model: Any) -> int:
        model.save(tmp_path / "m.keras")
        with zipfile.ZipFile(tmp_path / "m.keras") as archive:
            return archive.read("config.json").decode().count("shared_object_id")

    assert numbers(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(2)])) == 0
    initializer = keras.initializers.HeNormal(seed=1)
    layers = [keras.layers.Dense(3, kernel_initializer=initializer) for _ in range(2)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    assert numbers(model) == 2
    assert "shared_object_id" not in json.dumps(model.get_config())


def test_a_number_that_lies_gives_an_error_or_the_object_of_that_number(tmp_path: Path) -> None:
    chain(keras).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    parts = config["config"]["layers"][1]["config"]["parts"]
    for number in ("x", -1, 10**30, None, [1]):
        parts[0]["shared_object_id"] = number
        with zipfile.ZipFile(tmp_path / "odd.keras", "w") as archive:
            for name, content in {**members, "config.json": json.dumps(config).encode()}.items():
                archive.writestr(name, content)
        with pytest.raises(ValueError, match=r"odd\.keras"):
            keras.saving.load_model(tmp_path / "odd.keras")
