"""Makes the files beside it, which the tests of the file viewer read: `python tests/model_files/make.py`.

The same model written by Keras and by layerlab, what each library says of it (`expected.json`, with numbers
by NumPy), and HDF5 files such as Keras never writes, made with h5py.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

FOLDER = Path(__file__).parent


def main() -> None:
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    import layerlab

    expected = {}
    for name, library in (("keras", keras), ("layerlab", layerlab)):
        library.utils.set_random_seed(1)
        model = build(library)
        path = FOLDER / f"{name}.keras"
        model.save(path)
        model.save_weights(FOLDER / f"{name}.weights.h5")
        expected[name] = {"layers": described(model), "weights": numbers(FOLDER / f"{name}.weights.h5")}
    (FOLDER / "layerlab.weights.h5").unlink()
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for name, write in HOSTILE.items():
        with h5py.File(FOLDER / f"{name}.hostile.h5", "w") as file:
            write(file)


def build(keras: Any) -> Any:
    """A residual block, a shared layer, a model in the model, and variables that are not trained."""
    layers = keras.layers
    image = keras.Input((8, 8, 1), name="image")
    stem = layers.Conv2D(2, 3, padding="same", name="stem")(image)
    norm = layers.BatchNormalization(name="norm")(stem)
    shared = layers.Conv2D(2, 3, padding="same", activation="relu", name="shared")
    added = layers.Add(name="add")([norm, shared(shared(norm))])
    block = keras.Sequential(
        [keras.Input((8, 8, 2)), layers.Conv2D(3, 3, name="conv"), layers.MaxPooling2D(name="pool")],
        name="block",
    )
    flat = layers.Flatten(name="flatten")(layers.Dropout(0.5, name="drop")(block(added)))
    model = keras.Model(image, layers.Dense(4, name="digit", trainable=False)(flat), name="net")
    model.compile("adam", "mse")
    return model


def described(model: Any) -> list[dict[str, Any]]:
    return [
        {"name": layer.name, "parameters": layer.count_params(), "shape": str(tuple(layer.output.shape))}
        for layer in model.layers
        if layer.name != "shared"  # it has two outputs, and no `output`
    ]


def numbers(path: Path) -> dict[str, dict[str, Any]]:
    """Shape and statistics of each array that Keras' model holds, by its path in the file."""
    found = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
            values = item[()].astype("float64")
            found[name] = {
                "shape": list(values.shape),
                **{key: float(getattr(np, key)(values)) for key in ("mean", "std", "min", "max")},
                "zeros": int((values == 0).sum()),
                "histogram": np.histogram(values, 24)[0].tolist() if values.min() < values.max() else None,
            }

    with h5py.File(path) as file:
        file.visititems(note)
    return found


def soft_link(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = np.ones(3, "float32")
    file["layers/dense/vars/1"] = h5py.SoftLink("/layers/dense/vars/0")


def external_link(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/x")


def external_storage(file: h5py.File) -> None:
    file.create_dataset("vars/0", (10,), "uint8", external=[("/etc/passwd", 0, 10)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "float32")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    file.create_virtual_dataset("vars/0", layout)


def compressed(file: h5py.File) -> None:
    file.create_dataset("vars/0", data=np.zeros(1_000_000, "float32"), compression="gzip")


def unwritten(file: h5py.File) -> None:
    file.create_dataset("vars/0", (2**29,), "float32")


def hard_link_to_itself(file: h5py.File) -> None:
    group = file.create_group("layers")
    group["again"] = group


def same_array_twice(file: h5py.File) -> None:
    file["a"] = np.ones(3, "float32")
    file["b"] = file["a"]


def references(file: h5py.File) -> None:
    file["a"] = np.ones(3, "float32")
    file.create_dataset("vars/0", (1,), h5py.ref_dtype)[0] = file["a"].ref


def free_text(file: h5py.File) -> None:
    file["vars/0"] = ["text"]


HOSTILE = {
    function.__name__.replace("_", "-"): function
    for function in (
        *(soft_link, external_link, external_storage, virtual, compressed),
        *(unwritten, hard_link_to_itself, same_array_twice, references, free_text),
    )
}

if __name__ == "__main__":
    sys.path[:0] = [str(FOLDER.parents[1] / "engine")]
    main()
