"""A small MobileNet and a small U-Net, as a class builds them: microseconds a batch, beside Keras on JAX.

Depthwise convolutions are what the one is made of, transposed ones and concatenations what the other is.
`python -m tests.benchmarks.bench_conv_models` measures both, each in a process of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from typing import Any

from tests.benchmarks.cases import CLASSES, Case
from tests.benchmarks.report import facts, load, print_row
from tests.benchmarks.timing import alternate, environment, in_own_process

_ROUNDS = 3


def _mobilenet(library: Any) -> Any:
    """Source: Howard et al. 2017, arXiv:1704.04861, table 1, with fewer and narrower blocks."""
    layers = library.layers

    def normalized(x: Any) -> Any:
        return layers.ReLU()(layers.BatchNormalization()(x))

    inputs = library.Input((32, 32, 3))
    x = normalized(layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs))
    for channels, strides in ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        x = normalized(layers.DepthwiseConv2D(3, strides, padding="same", use_bias=False)(x))
        x = normalized(layers.Conv2D(channels, 1, use_bias=False)(x))
    return library.Model(inputs, layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(x)))


def _unet(library: Any) -> Any:
    """Source: Ronneberger et al. 2015, arXiv:1505.04597, two levels; a class for the whole image."""
    layers = library.layers

    def conv(channels: int, x: Any) -> Any:
        return layers.Conv2D(channels, 3, padding="same", activation="relu")(x)

    inputs = library.Input((32, 32, 3))
    outer = conv(16, inputs)
    inner = conv(32, layers.MaxPooling2D()(outer))
    x = conv(64, layers.MaxPooling2D()(inner))
    for channels, beside in ((32, inner), (16, outer)):
        x = layers.Conv2DTranspose(channels, 2, 2, activation="relu")(x)
        x = conv(channels, layers.Concatenate()([x, beside]))
    return library.Model(inputs, layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(x)))


CASES = {
    "mobilenet": Case("small MobileNet, 32x32", _mobilenet, (32, 32, 3), 10),
    "unet": Case("small U-Net, 32x32", _unet, (32, 32, 3), 10),
}


def main() -> None:
    print(f"{facts()}\n{load()}")
    print_row("us a batch of 32", "", "layerlab", "Keras", "Keras/layerlab")
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as home:
            found = in_own_process("bench_conv_models", name, variables=environment("jax", home))
        for what, (ours, keras) in found.items():
            print_row(case.title if what == "fit" else "", what, ours, keras, f"{keras / ours:.2f} (times)")


def measure(name: str) -> None:
    """Print the times of one model as JSON. Here layerlab and Keras are imported: the environment tells both
    the back end."""
    import keras  # type: ignore[import-untyped]

    import layerlab
    from tests.benchmarks.race import Library, largest_difference

    case = CASES[name]
    ours, theirs = Library(layerlab, case), Library(keras, case)
    theirs.model.set_weights(ours.model.get_weights())
    x, _ = case.data()
    largest_difference({"layerlab": ours, "keras": theirs}, x, 2)
    both = {"ours": ours, "keras": theirs}
    turns = {
        "fit": {name: lambda c=c: c.fit(case.steps, shuffle=True) for name, c in both.items()},
        "predict": {name: lambda c=c: c.predict(x) for name, c in both.items()},
    }
    print(
        json.dumps(
            {
                what: [seconds / case.steps * 1e6 for seconds in alternate(each, _ROUNDS).values()]
                for what, each in turns.items()
            }
        )
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        main()
