"""What all layers of images share: in a compiled fit, in graphs, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers
from layerlab.errors import ShapeError, UnsupportedError

to_numpy = keras.ops.convert_to_numpy
X = np.arange(2 * 4 * 5 * 1, dtype="float32").reshape(2, 4, 5, 1)


def augmentation() -> list[Any]:
    return [
        layers.RandomFlip("horizontal", seed=1),
        layers.RandomRotation(0.1, seed=2),
        layers.RandomZoom(0.2, seed=3),
        layers.RandomTranslation(0.1, 0.1, seed=4),
    ]


class Seen(keras.layers.Layer):
    """Keeps the sum of squares of what came, in training."""

    def build(self, input_shape: Any) -> None:
        self.total = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            self.total.assign(keras.ops.sum(inputs * inputs))
        return keras.ops.mean(inputs, axis=(1, 2, 3))[:, None] * self.scale


@pytest.mark.slow
def test_a_compiled_fit_sees_the_pictures_of_a_call_one_after_the_other(backend: str) -> None:
    seen = Seen()
    model = keras.Sequential([keras.Input((4, 5, 1)), *augmentation(), seen])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    eager, totals = keras.Sequential(augmentation()), []
    for _ in range(3):
        model.fit(X, np.zeros((2, 1)), verbose=0, shuffle=False)
        expected = to_numpy(eager(X, training=True))
        totals.append(float(seen.total.numpy()))
        np.testing.assert_allclose(totals[-1], np.sum(expected**2), rtol=1e-4)
    assert len(set(totals)) == 3
    np.testing.assert_allclose(model.predict(X, verbose=0)[:, 0], X.mean(axis=(1, 2, 3)), rtol=1e-5)


def test_images_of_a_batch_are_drawn_one_by_one(backend: str) -> None:
    same = np.repeat(X[:1], 16, axis=0)
    for layer in augmentation():
        found = to_numpy(layer(same))
        assert len({image.tobytes() for image in found}) > 1


def test_graphs_know_shapes_and_dtypes_of_all_that_comes_out() -> None:
    inputs = {
        "images": keras.Input((None, None, 3), dtype="uint8"),
        "labels": keras.Input((), dtype="int32"),
        "segmentation_masks": keras.Input((None, None, 1), dtype="int32"),
    }
    outputs = layers.Resizing(4, 6)(inputs)
    found = {key: (value.shape, value.dtype) for key, value in outputs.items()}
    assert found == {
        "images": ((None, 4, 6, 3), "uint8"),
        "labels": ((None,), "int32"),
        "segmentation_masks": ((None, 4, 6, 1), "int32"),
    }
    turned = layers.RandomRotation(0.2)(keras.Input((8, 9, 3), dtype="uint8"))
    assert (turned.shape, turned.dtype) == ((None, 8, 9, 3), "float32")


def test_what_cannot_be_done_is_explained(backend: str) -> None:
    with pytest.raises(UnsupportedError, match="bounding_box"):
        layers.RandomFlip(bounding_box_format="xyxy")
    with pytest.raises(UnsupportedError, match="bounding boxes"):
        layers.RandomFlip()({"images": X, "bounding_boxes": {"boxes": np.zeros((2, 1, 4))}})
    with pytest.raises(ShapeError, match=r"3 or 4 axes(.|\n)*\(4, 5\)"):
        layers.RandomRotation(0.1)(X[0, :, :, 0])
    with pytest.raises(ValueError, match=r"factor(.|\n)*from -1.0 to 1.0(.|\n)*1.5"):
        layers.RandomRotation(1.5)
    with pytest.raises(ValueError, match=r"height_factor(.|\n)*more than -1.0"):
        layers.RandomZoom((-1.0, 0.5))
    with pytest.raises(ValueError, match=r"width_factor(.|\n)*\[0.1\]"):
        layers.RandomTranslation(0.1, [0.1])
    with pytest.raises(ValueError, match=r"'mirror'(.|\n)*reflect"):
        layers.RandomRotation(0.1, fill_mode="mirror")
    with pytest.raises(ValueError, match=r"Did you mean 'horizontal'"):
        layers.RandomFlip("horizontl")
