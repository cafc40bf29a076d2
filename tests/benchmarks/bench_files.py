"""Images from files to batches: how many a second, beside Keras on tf.data and a DataLoader of PyTorch.

`python -m tests.benchmarks.bench_files` measures reading alone, without a model: by the clock, with all
threads that there are, and by the processor's time, which tells what a core does. Keras is left out where
TensorFlow is not installed. PyTorch's loader reads with Pillow, as torchvision's ImageFolder and Resize do,
in one process.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image

import layerlab
from tests.benchmarks.report import facts, load

_ROUNDS = 3
_CASES = [  # images, their height and width, the size that they are resized to
    (1500, (64, 64), (64, 64)),
    (150, (375, 500), (180, 180)),
    (150, (375, 500), (256, 256)),
]


def _write_photographs(folder: str, count: int, size: tuple[int, int]) -> None:
    """JPEGs that are neither noise nor flat, so that they take as long to decode as photographs."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[: size[0], : size[1]] / 40
    for number in range(count):
        name = f"{folder}/{'ab'[number % 2]}"
        os.makedirs(name, exist_ok=True)
        waves = np.stack([np.sin(x + number) + np.cos(y * k) for k in (1, 2, 3)], axis=-1)
        pixels = waves * 60 + 128 + random.normal(size=(*size, 3)) * 6
        Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(f"{name}/{number}.jpg", quality=90)


def _of_keras(folder: str, size: tuple[int, int]) -> Iterable[Any]:
    import keras

    return keras.utils.image_dataset_from_directory(folder, image_size=size, verbose=False)


def _of_torch(folder: str, size: tuple[int, int]) -> Iterable[Any]:
    import torch

    paths = layerlab.utils.image_dataset_from_directory(folder, verbose=False).file_paths

    class Images(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(paths)

        def __getitem__(self, index: int) -> Any:
            with Image.open(paths[index]) as image:
                resized = image.convert("RGB").resize(size[::-1], Image.Resampling.BILINEAR)
            return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255, 0

    return torch.utils.data.DataLoader(Images(), batch_size=32, shuffle=True)


def _of_layerlab(folder: str, size: tuple[int, int]) -> Iterable[Any]:
    return layerlab.utils.image_dataset_from_directory(folder, image_size=size, verbose=False)


def _rates(batches: Iterable[Any]) -> tuple[float, float]:
    """Images a second by the clock, and a second of the processor's; of the best round."""
    clock, processor = [], []
    for _ in range(_ROUNDS):
        start, used = time.perf_counter(), time.process_time()
        count = sum(len(labels) for _, labels in batches)
        clock.append(count / (time.perf_counter() - start))
        processor.append(count / (time.process_time() - used))
    return max(clock), max(processor)


def main() -> None:
    print(f"{facts()}\n{load()}")
    readers: dict[str, Callable[[str, tuple[int, int]], Iterable[Any]]] = {"layerlab": _of_layerlab}
    if find_spec("tensorflow"):
        readers["Keras, tf.data"] = _of_keras
    readers["PyTorch, Pillow"] = _of_torch
    for count, size, target in _CASES:
        with tempfile.TemporaryDirectory() as folder:
            _write_photographs(folder, count, size)
            for name, read in readers.items():
                clock, processor = _rates(read(folder, target))
                print(f"{size} to {target}  {name:16} {clock:7.0f}/s  {processor:7.0f} a core-second")
    print(load())


if __name__ == "__main__":
    main()
