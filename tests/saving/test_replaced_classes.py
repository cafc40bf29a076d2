"""custom_objects that name a class of layerlab: the user's class takes its place, with the file's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers

X = np.arange(12, dtype="float32").reshape(4, 3)


class MyDense(layers.Dense):
    def call(self, inputs: Any) -> Any:
        return 2.0 * super().call(inputs)


class MyCell(layers.SimpleRNNCell):
    pass


class MyAdam(keras.optimizers.Adam):
    pass


def sequential() -> Any:
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(3), layers.LayerNormalization(), layers.Dense(2)]
    )


def functional() -> Any:
    inputs = keras.Input((3,))
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3), layers.Dense(3)])
    return keras.Model(inputs, layers.Dense(2)(inner(layers.Dense(3)(inputs))))


def classes(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in model._flatten_layers() if layer.weights and layer is not model]


@pytest.mark.parametrize("made", [sequential, functional])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_the_class_passed_is_used_with_the_weights_of_the_file(
    backend: str, tmp_path: Path, made: Any, suffix: str
) -> None:
    model = made()
    model.compile(keras.optimizers.Adam(0.25), "mse")
    model.save(tmp_path / f"m.{suffix}")
    loaded = keras.models.load_model(
        tmp_path / f"m.{suffix}", custom_objects={"Dense": MyDense, "Adam": MyAdam}
    )
    assert "MyDense" in classes(loaded) and "Dense" not in classes(loaded)
    assert type(loaded.optimizer) is MyAdam and float(loaded.optimizer.learning_rate) == 0.25
    assert all((a == b).all() for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True))
    # Saved again it is a file of its own classes, which is read as such.
    loaded.save(tmp_path / "again.keras")
    again = keras.models.load_model(
        tmp_path / "again.keras", custom_objects={"MyDense": MyDense, "MyAdam": MyAdam}
    )
    assert classes(again) == classes(loaded)
    assert all((a == b).all() for a, b in zip(again.get_weights(), model.get_weights(), strict=True))


def test_two_classes_of_the_file_may_become_one(backend: str, tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(3), layers.EinsumDense("ab,bc->ac", 3), layers.Dense(3)]
    )
    model.save(tmp_path / "m.keras")

    class Either(layers.Layer):
        def __init__(self, has_bias: bool, **kwargs: Any) -> None:
            super().__init__(name=kwargs["name"])
            self.has_bias = has_bias

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight((3, 3))
            if self.has_bias:
                self.bias = self.add_weight((3,))

        @classmethod
        def from_config(cls, config: Any) -> Any:
            return cls("units" in config, name=config["name"])

        def call(self, inputs: Any) -> Any:
            return inputs @ self.kernel.value

    loaded = keras.models.load_model(tmp_path / "m.keras", {"Dense": Either, "EinsumDense": Either})
    assert classes(loaded) == ["Either"] * 3
    assert all((a == b).all() for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True))


def test_a_class_that_has_another_name_now_is_found_under_the_old_one(backend: str, tmp_path: Path) -> None:
    class Older(layers.Dense):
        pass

    model = keras.Sequential([keras.Input((3,)), Older(3), Older(2)])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", {"Older": MyDense})
    assert classes(loaded) == ["MyDense", "MyDense"]
    assert all((a == b).all() for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True))


def test_what_does_not_fit_the_weights_is_still_refused(backend: str, tmp_path: Path) -> None:
    class Wide(layers.Dense):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(units + 1, **kwargs)

    sequential().save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"m\.keras"):
        keras.models.load_model(tmp_path / "m.keras", {"Dense": Wide})
