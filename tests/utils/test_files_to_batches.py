"""`*_dataset_from_directory`: order, labels, splits and numbers, with the installed Keras as witness."""

from __future__ import annotations

import copy
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest
from keras.src.utils import dataset_utils
from PIL import Image
from scipy.io import wavfile

import layerlab as keras
from layerlab.errors import (
    DataError,
    InvalidArgumentError,
    MissingFileError,
    UnreadableFileError,
    UnsupportedError,
)
from layerlab.utils.resizing import resized

RANDOM = np.random.default_rng(2)
NAMES = [
    "b/2.png",
    "b/10.png",
    "a/x/deep.png",
    "a/é.PNG",
    "a/1.png",
    "b/.hidden.png",
    "c/no.txt",
    ".d/1.png",
    "top.png",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of mixed sizes and modes, unsorted names, and what is none."""
    for number, name in enumerate(NAMES):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("txt"):
            path.write_text("text")
            continue
        image = Image.fromarray(RANDOM.integers(0, 256, (5 + number, 12 - number, 3)).astype("uint8"))
        image.convert(["RGB", "L", "P", "RGBA"][number % 4]).save(path, format="PNG")
    return tmp_path


def read(folder: Any, **arguments: Any) -> Any:
    arguments = {"image_size": (4, 6), "verbose": False, "shuffle": False, "batch_size": 2} | arguments
    return keras.utils.image_dataset_from_directory(folder, **arguments)


def whole(dataset: Any) -> tuple[np.ndarray, ...]:
    """All batches as one."""
    parts = [batch if isinstance(batch, tuple) else (batch,) for batch in dataset]
    return tuple(np.concatenate([np.asarray(part[i]) for part in parts]) for i in range(len(parts[0])))


# -- which files, in which order ----------------------------------------------------------------------------

LISTS: dict[str, dict[str, Any]] = {
    "inferred": {},
    "some classes": {"class_names": ["b", "a"]},
    "no labels": {"labels": None},
    "given": {"labels": [3, 0, 1, 0, 3, 1, 0, 3]},
    "shuffled": {"shuffle": True, "seed": 7},
    "given, shuffled": {"labels": [3, 0, 1, 0, 3, 1, 0, 3], "shuffle": True, "seed": 123},
}


@pytest.mark.oracle
@pytest.mark.parametrize("way", LISTS)
@pytest.mark.parametrize("subset", [None, "training", "validation", "both"])
def test_files_labels_and_parts_are_those_of_keras(folder: Path, way: str, subset: Any) -> None:
    arguments = copy.deepcopy(LISTS[way])  # Keras shuffles the list of labels itself
    split = {"validation_split": 0.4, "subset": subset} if subset else {}
    listing = copy.deepcopy({"labels": "inferred", "shuffle": False} | arguments)
    paths, labels, names = dataset_utils.index_directory(
        str(folder), formats=(".bmp", ".gif", ".jpeg", ".jpg", ".png"), verbose=False, **listing
    )
    expected = [
        dataset_utils.get_training_or_validation_split(paths, labels, split.get("validation_split"), part)
        for part in (["training", "validation"] if subset == "both" else [subset])
    ]
    found = read(folder, **arguments, **split)
    for dataset, (its_paths, its_labels) in zip(found if subset == "both" else [found], expected):
        assert dataset.file_paths == its_paths and dataset.class_names == names
        if its_labels is not None and not arguments.get("shuffle"):
            assert whole(dataset)[1].tolist() == list(its_labels)
        elif its_labels is not None:  # each pass mixes them once more: the pairs stay
            by_path = dict(zip(its_paths, its_labels))
            assert sorted(whole(dataset)[1].tolist()) == sorted(by_path.values())


def test_labels_stay_with_their_images_in_every_pass(folder: Path) -> None:
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        Image.fromarray(np.full((3, 3), number, "uint8")).save(path)
    fixed = dict(zip((image.mean() for image in whole(read(folder))[0]), whole(read(folder))[1]))
    dataset = read(folder, shuffle=True, seed=1)
    orders = []
    for _ in range(3):
        images, labels = whole(dataset)
        assert [fixed[image.mean()] for image in images] == labels.tolist()
        orders.append(images[:, 0, 0, 0].tolist())
    assert orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1])
    again = read(folder, shuffle=True, seed=1)
    assert whole(again)[0][:, 0, 0, 0].tolist() == orders[0]


@pytest.mark.parametrize("label_mode", ["int", "binary", "categorical"])
def test_labels_have_the_form_that_was_asked_for(folder: Path, label_mode: str) -> None:
    _, labels = whole(read(folder, label_mode=label_mode, class_names=["b", "a"]))
    numbers = [0, 0, 0, 1, 1, 1]
    expected = {
        "int": np.array(numbers, "int32"),
        "binary": np.array(numbers, "float32")[:, None],
        "categorical": np.eye(2, dtype="float32")[numbers],
    }[label_mode]
    assert labels.dtype == expected.dtype
    np.testing.assert_array_equal(labels, expected)


def test_without_labels_there_are_images_alone_and_single_ones_without_a_batch(folder: Path) -> None:
    dataset = read(folder, label_mode=None, batch_size=None)
    assert dataset.class_names is None and len(dataset) == 8 and "top.png" in str(dataset.file_paths)
    assert [image.shape for image in dataset.take(2)] == [(4, 6, 3)] * 2
    image, label = next(iter(read(folder, batch_size=None)))
    assert image.shape == (4, 6, 3) and label.numpy() == 0


def test_it_says_what_it_found(folder: Path, capsys: Any) -> None:
    read(folder, verbose=True, validation_split=0.4, subset="training")
    assert capsys.readouterr().out == "Found 6 files of 3 classes.\n4 are for training, 2 for validation.\n"
    read(folder, verbose=True, labels=None)
    assert capsys.readouterr().out == "Found 8 files.\n"


def test_links_are_followed_if_asked_and_circles_end(folder: Path) -> None:
    (folder / "a" / "more").symlink_to(folder / ".d")
    (folder / "a" / "circle").symlink_to(folder / "a")
    assert len(read(folder).file_paths) == 6
    followed = read(folder, follow_links=True).file_paths
    assert len(followed) == 7 and str(folder / "a" / "more" / "1.png") in followed


# -- which numbers ------------------------------------------------------------------------------------------


def by_keras(path: str, color_mode: str, **arguments: Any) -> np.ndarray:
    """As its loader without TensorFlow: Pillow, then ops.image.resize."""
    image = oracle.utils.img_to_array(oracle.utils.load_img(path, color_mode), data_format="channels_last")
    data_format = arguments.get("data_format")
    image = image.transpose(2, 0, 1) if data_format == "channels_first" else image
    return np.asarray(oracle.ops.image.resize(image, (4, 6), **arguments))


@pytest.mark.oracle
@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
def test_colours_are_those_of_keras(folder: Path, color_mode: str) -> None:
    dataset = read(folder, color_mode=color_mode)
    images = whole(dataset)[0]
    assert images.dtype == np.float32
    for image, path in list(zip(images, dataset.file_paths))[:4]:  # one of each mode
        np.testing.assert_allclose(image, by_keras(path, color_mode), rtol=1e-5, atol=255 * 1e-5)


@pytest.mark.oracle
@pytest.mark.parametrize("fit", [None, "crop_to_aspect_ratio", "pad_to_aspect_ratio"])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"])
def test_images_have_the_numbers_of_keras(folder: Path, fit: Any, interpolation: str) -> None:
    arguments: dict[str, Any] = {"interpolation": interpolation, **({fit: True} if fit else {})}
    dataset = read(folder, **arguments)
    for image, path in list(zip(whole(dataset)[0], dataset.file_paths))[::4]:  # a wide one, and a high one
        np.testing.assert_allclose(image, by_keras(path, "rgb", **arguments), rtol=1e-5, atol=255 * 1e-5)


@pytest.mark.oracle
def test_channels_come_first_if_asked(folder: Path) -> None:
    dataset = read(folder, data_format="channels_first")
    for image, path in zip(whole(dataset)[0], dataset.file_paths):
        np.testing.assert_allclose(
            image, by_keras(path, "rgb", data_format="channels_first"), rtol=1e-5, atol=3e-3
        )
    keras.config.set_image_data_format("channels_first")
    assert next(iter(read(folder)))[0].shape == (2, 3, 4, 6)


# Rows 0, 1 and -1 of tf.image.resize (TensorFlow 2.21), whose kernels these are.
OF_TENSORFLOW = {
    "area": [[5.55, 9.3, 6.75], [7.95, 9.6, 8.1], [10.35, 9.9, 9.45]],
    "gaussian": [[4.6967, 8.5709, 6.8071], [5.8625, 8.6183, 9.6041], [9.6789, 9.9911, 10.3032]],
    "mitchellcubic": [[4.4278, 8.6942, 6.6157], [4.653, 8.1238, 10.5414], [9.6074, 10.0637, 10.5201]],
}


@pytest.mark.parametrize("interpolation", OF_TENSORFLOW)
def test_kernels_that_only_tensorflow_has_give_its_numbers(interpolation: str) -> None:
    image = (np.arange(20) % 7).reshape(5, 4, 1).astype("float32") * 3
    np.testing.assert_allclose(
        resized(image, (3, 3), interpolation)[..., 0], OF_TENSORFLOW[interpolation], atol=2e-4
    )


# -- what may be in a folder --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda path: path.write_bytes(b""), "no image"),
        (lambda path: path.write_bytes(path.read_bytes()[:60]), "cannot be read"),
        (lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n"), "no image"),
        (lambda path: Image.new("1", (20_000, 10_000)).save(path, format="PNG"), "too large"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "no file"),
        (lambda path: Image.new("L", (2, 2)).save(path, format="TIFF"), "no image"),
    ],
    ids=["empty", "cut", "program", "huge", "pipe", "another format"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_file_that_is_no_image_is_named_and_the_model_stays(
    folder: Path, content: Callable[[Path], Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50_000_000)
    content(folder / "b" / "10.png")
    model = keras.Sequential([keras.Input((4, 6, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    weights = model.get_weights()
    with pytest.raises(UnreadableFileError, match=says) as caught:
        model.fit(read(folder, batch_size=6), verbose=0)
    assert "10.png" in str(caught.value)
    for before, after in zip(weights, model.get_weights()):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"labels": "guessed"}, InvalidArgumentError, "inferred"),
        ({"labels": [1, 2]}, DataError, "8"),
        ({"labels": ["a"] * 8}, DataError, "whole numbers"),
        ({"labels": [0, 1, 2, 9] * 2, "label_mode": "categorical"}, DataError, "0 to 3"),
        ({"label_mode": "one-hot"}, InvalidArgumentError, "categorical"),
        ({"label_mode": "binary"}, InvalidArgumentError, "2 classes"),
        ({"class_names": ["a", "z"]}, InvalidArgumentError, "'z'"),
        ({"class_names": ["a"], "labels": None}, InvalidArgumentError, "class_names"),
        ({"color_mode": "gray"}, InvalidArgumentError, "grayscale"),
        ({"interpolation": "linear"}, InvalidArgumentError, "bilinear"),
        ({"image_size": (3, 4, 5)}, InvalidArgumentError, "height, width"),
        ({"image_size": (0, 4)}, InvalidArgumentError, "image_size"),
        ({"batch_size": 0}, InvalidArgumentError, "batch_size"),
        ({"subset": "training"}, InvalidArgumentError, "go together"),
        ({"validation_split": 0.2}, InvalidArgumentError, "go together"),
        ({"validation_split": 2, "subset": "both"}, InvalidArgumentError, "fraction"),
        ({"validation_split": 0.2, "subset": "test"}, InvalidArgumentError, "subset"),
        ({"validation_split": 0.2, "subset": "both", "shuffle": True}, InvalidArgumentError, "seed"),
        ({"validation_split": 0.01, "subset": "both", "seed": 1}, DataError, "without any"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, InvalidArgumentError, "both"),
        ({"format": "grain"}, UnsupportedError, "leave it out"),
        ({"format": "hdf5"}, InvalidArgumentError, "tf"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_arguments_that_cannot_be_are_named(folder: Path, arguments: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        read(folder, **arguments)


def test_a_folder_without_images_says_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="an empty folder"):
        read(tmp_path)
    (tmp_path / "photo.heic").write_bytes(b"x")
    with pytest.raises(DataError, match=r"\.png[\s\S]*photo\.heic"):
        read(tmp_path)
    with pytest.raises(MissingFileError, match="nowhere"):
        read(tmp_path / "nowhere")


def test_a_folder_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    Image.new("RGB", (200, 200)).save(tmp_path / "0.png")
    for number in range(1, 300):
        os.link(tmp_path / "0.png", tmp_path / f"{number}.png")
    dataset = read(tmp_path, labels=None, image_size=(200, 200), batch_size=4, shuffle=True)
    tracemalloc.start()
    try:
        assert sum(len(batch) for batch in dataset) == 300
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    batches = dataset.execution.depth + dataset.execution.threads + 2
    assert most < 2 * batches * 4 * 200 * 200 * 3 * 4  # of 144 MB


def test_without_tensorflow_its_format_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match="leave format out"):
        read(folder, format="tf")


@pytest.mark.slow
def test_tensorflow_reads_the_same_batches(folder: Path) -> None:
    pytest.importorskip("tensorflow")
    dataset, ours = read(folder, format="tf"), read(folder)
    assert dataset.class_names == ["a", "b", "c"] and len(dataset) == len(ours)
    for (x, y), (our_x, our_y) in zip(dataset, ours):
        np.testing.assert_array_equal(x.numpy(), our_x)
        np.testing.assert_array_equal(y.numpy(), our_y)


# -- fit ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_model_learns_from_a_folder(backend: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(40):
        name = ("dark", "light")[number % 2]
        pixels = random.integers(0, 100, (6, 6, 3)) + (number % 2) * 150
        path = tmp_path / name / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels.astype("uint8")).save(path)
    train, test = read(tmp_path, validation_split=0.25, subset="both", shuffle=True, seed=1, batch_size=8)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4, 6, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(train.cache().shuffle(30), validation_data=test, epochs=12, verbose=0)
    assert history.history["val_accuracy"][-1] == 1.0
    assert model.predict(test, verbose=0).shape == (10, 2)


# -- texts ------------------------------------------------------------------------------------------------


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for name, content in {
        "neg/2.txt": "schlecht\r\n",
        "neg/1.txt": "übel",
        "pos/1.TXT": "",
        "pos/x.csv": "no",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode())
    return tmp_path


def test_texts_come_with_their_labels(texts: Path) -> None:
    dataset = keras.utils.text_dataset_from_directory(texts, shuffle=False, batch_size=2, verbose=False)
    assert [(x.tolist(), y.tolist()) for x, y in dataset] == [(["übel", "schlecht\n"], [0, 0]), ([""], [1])]
    assert dataset.class_names == ["neg", "pos"] and len(dataset) == 2
    short = keras.utils.text_dataset_from_directory(
        texts, max_length=3, shuffle=False, label_mode=None, verbose=False
    )
    assert next(iter(short)).tolist() == ["übe", "sch", ""]
    assert next(iter(short.unbatch())) == "übe"
    upper = dataset.map(lambda x, y: np.char.upper(x.astype(str)))
    assert next(iter(upper)).tolist() == ["ÜBEL", "SCHLECHT\n"]


@pytest.mark.oracle
def test_texts_are_split_as_by_keras(texts: Path) -> None:
    arguments: Any = {"validation_split": 0.4, "seed": 3, "verbose": False}
    train, test = keras.utils.text_dataset_from_directory(texts, subset="both", **arguments)
    paths, _, _ = dataset_utils.index_directory(str(texts), "inferred", (".txt",), seed=3, verbose=False)
    assert train.file_paths + test.file_paths == paths and len(test.file_paths) == 1


def test_a_text_in_another_encoding_is_named(texts: Path) -> None:
    (texts / "neg" / "1.txt").write_bytes("übel".encode("latin-1"))
    with pytest.raises(UnreadableFileError, match=r"1\.txt[\s\S]*UTF-8"):
        list(keras.utils.text_dataset_from_directory(texts, verbose=False))


# -- sounds ---------------------------------------------------------------------------------------------


def sounds(tmp_path: Path, **files: np.ndarray) -> Path:
    (tmp_path / "beep").mkdir()
    for name, samples in files.items():
        wavfile.write(tmp_path / "beep" / f"{name}.wav", 8000, samples)
    return tmp_path


def listen(folder: Path, **arguments: Any) -> list[Any]:
    return list(keras.utils.audio_dataset_from_directory(folder, shuffle=False, verbose=False, **arguments))


def test_sounds_are_numbers_from_minus_one_to_one(tmp_path: Path) -> None:
    folder = sounds(
        tmp_path,
        a=np.array([0, 16384, -32768], "int16"),
        b=np.array([2**30, -(2**31)], "int32"),
        c=np.array([128, 0, 192, 128], "uint8"),
        d=np.array([0.25, -1.0], "float32"),
    )
    ((x, y),) = listen(folder)
    assert x.dtype == np.float32 and x.shape == (4, 4, 1) and y.tolist() == [0, 0, 0, 0]
    assert x[..., 0].tolist() == [[0, 0.5, -1, 0], [0.5, -1, 0, 0], [0, -1, 0.5, 0], [0.25, -1, 0, 0]]
    ((x, _),) = listen(folder, output_sequence_length=2)
    assert x.shape == (4, 2, 1) and x[2, :, 0].tolist() == [0, -1]
    ((x, _),) = listen(folder, ragged=True)
    assert [sound.shape for sound in x] == [(3, 1), (2, 1), (4, 1), (2, 1)]
    assert [sound.shape for sound, _ in listen(folder, batch_size=None)] == [(3, 1), (2, 1), (4, 1), (2, 1)]
    assert (
        len(
            keras.utils.audio_dataset_from_directory(
                folder, verbose=False, subset="both", validation_split=0.5, seed=1
            )
        )
        == 2
    )


def test_sounds_are_converted_to_a_rate(tmp_path: Path) -> None:
    seconds = np.arange(800) / 8000
    tone = (np.sin(2 * np.pi * 200 * seconds) * 2**14).astype("int16")
    folder = sounds(tmp_path, a=np.stack([tone, tone], axis=1))
    ((x, _),) = listen(folder, sampling_rate=4000)
    assert x.shape == (1, 400, 2)
    np.testing.assert_allclose(x[0, 50:350, 0], np.sin(2 * np.pi * 200 * seconds[::2])[50:350] / 2, atol=0.01)
    with pytest.raises(InvalidArgumentError, match="sampling_rate"):
        listen(folder, sampling_rate=0)
    with pytest.raises(InvalidArgumentError, match="both"):
        listen(folder, ragged=True, output_sequence_length=3)


def test_what_is_no_sound_is_named(tmp_path: Path) -> None:
    folder = sounds(tmp_path, a=np.zeros(3, "int16"), b=np.zeros((3, 2), "int16"))
    with pytest.raises(DataError, match=r"b\.wav has 2 channels"):
        listen(folder)
    for content in (b"", b"RIFF", b"ID3 music", (folder / "beep" / "a.wav").read_bytes()[:20]):
        (folder / "beep" / "b.wav").write_bytes(content)
        with pytest.raises(UnreadableFileError, match=r"b\.wav"):
            listen(folder)
