"""Single images, between files, Pillow and arrays, with the installed Keras as witness."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest
from PIL import Image

import layerlab as keras
from layerlab.errors import InvalidArgumentError, ShapeError, UnreadableFileError

RANDOM = np.random.default_rng(5)
COLOUR = RANDOM.integers(0, 256, (7, 11, 3)).astype("uint8")
MODES = ["L", "I", "I;16", "RGB", "RGBA", "P", "CMYK", "1"]


def image_of(mode: str) -> Any:
    if mode == "I;16":
        return Image.fromarray((RANDOM.random((7, 11)) * 60000).astype("uint16"))
    if mode == "I":
        return Image.fromarray((RANDOM.random((7, 11)) * 60000).astype("int32"))
    return Image.fromarray(COLOUR).convert(mode)


@pytest.fixture
def colour_file(tmp_path: Path) -> Path:
    path = tmp_path / "ein Bild ü.png"
    Image.fromarray(COLOUR).save(path)
    return path


@pytest.mark.oracle
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
def test_load_img_converts_as_keras(tmp_path: Path, mode: str, color_mode: str) -> None:
    path = tmp_path / ("x.tif" if mode in ("CMYK", "I") else "x.png")
    image_of(mode).save(path)
    ours, theirs = (k.utils.load_img(path, color_mode=color_mode) for k in (keras, oracle))
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(keras.utils.img_to_array(ours), oracle.utils.img_to_array(theirs))


@pytest.mark.oracle
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("size", [(5, 4), (20, 9), (7, 11)])
def test_load_img_resizes_as_keras(colour_file: Path, size: Any, interpolation: str, keep: bool) -> None:
    arguments = {"target_size": size, "interpolation": interpolation, "keep_aspect_ratio": keep}
    ours, theirs = (np.asarray(k.utils.load_img(colour_file, **arguments)) for k in (keras, oracle))
    assert ours.shape == (*size, 3)
    np.testing.assert_array_equal(ours, theirs)


def test_load_img_reads_paths_bytes_and_open_files(colour_file: Path) -> None:
    content = io.BytesIO(colour_file.read_bytes())
    for path in (colour_file, str(colour_file), str(colour_file).encode(), content):
        np.testing.assert_array_equal(np.asarray(keras.utils.load_img(path)), COLOUR)
    with colour_file.open("rb") as file:
        np.testing.assert_array_equal(np.asarray(keras.utils.load_img(file)), COLOUR)
    with pytest.raises(TypeError, match="Expected"):
        keras.utils.load_img(3)


@pytest.mark.oracle
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first", None])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [True, False])
def test_arrays_become_images_and_images_arrays_as_in_keras(
    data_format: Any, channels: int, scale: bool
) -> None:
    x = RANDOM.uniform(0, 255, (5, 6, channels))
    x = x.transpose(2, 0, 1) if data_format == "channels_first" else x
    ours, theirs = (k.utils.array_to_img(x, data_format=data_format, scale=scale) for k in (keras, oracle))
    assert ours.mode == theirs.mode and ours.size == (6, 5)
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    back = [k.utils.img_to_array(ours, data_format=data_format, dtype="float16") for k in (keras, oracle)]
    assert back[0].dtype == np.float16
    np.testing.assert_array_equal(*back)


@pytest.mark.oracle
def test_array_to_img_knows_constant_images_large_values_and_whole_numbers() -> None:
    for x, arguments in (
        (np.full((2, 2, 3), 7.0), {}),
        (np.array([[[0.0], [70000.0]]]), {"scale": False}),
        (COLOUR.astype("int64"), {"scale": False}),
    ):
        ours, theirs = (np.asarray(k.utils.array_to_img(x, **arguments)) for k in (keras, oracle))
        np.testing.assert_array_equal(ours, theirs)


def test_array_to_img_takes_arrays_of_the_back_end(backend: str) -> None:
    x = keras.ops.convert_to_tensor(COLOUR.astype("float32"))
    np.testing.assert_array_equal(np.asarray(keras.utils.array_to_img(x, scale=False)), COLOUR)


@pytest.mark.parametrize("shape", [(4, 4), (2, 4, 4, 3), (4, 4, 2), (0, 4, 3)])
def test_array_to_img_refuses_what_is_no_image(shape: Any) -> None:
    with pytest.raises(ShapeError, match="array_to_img"):
        keras.utils.array_to_img(np.zeros(shape))


def test_img_to_array_keeps_an_image_the_way_of_the_setting() -> None:
    image = Image.fromarray(COLOUR)
    keras.config.set_image_data_format("channels_first")
    np.testing.assert_array_equal(keras.utils.img_to_array(image), COLOUR.transpose(2, 0, 1))
    gray = keras.utils.img_to_array(image.convert("L"))
    assert gray.shape == (1, 7, 11) and gray.dtype == np.float32


@pytest.mark.parametrize("name", ["x.png", "x.bmp", "x.gif", "x.tiff"])
def test_what_save_img_writes_load_img_reads(tmp_path: Path, name: str) -> None:
    x = np.repeat(COLOUR[:, :, :1], 3, axis=2)  # few colours, so that gif has them all
    keras.utils.save_img(tmp_path / name, x, scale=False)
    np.testing.assert_array_equal(np.asarray(keras.utils.load_img(tmp_path / name)), x)


def test_save_img_takes_the_format_and_its_options(tmp_path: Path) -> None:
    keras.utils.save_img(str(tmp_path / "x.jpg"), COLOUR, quality=5)
    keras.utils.save_img(str(tmp_path / "y.bin"), COLOUR, file_format="JPG", quality=95)
    small, large = (tmp_path / "x.jpg").stat().st_size, (tmp_path / "y.bin").stat().st_size
    assert small < large
    with Image.open(tmp_path / "y.bin") as image:
        assert image.format == "JPEG"
    with pytest.warns(UserWarning, match="transparency"):
        keras.utils.save_img(tmp_path / "z.jpg", np.zeros((3, 3, 4)))
    with pytest.raises(InvalidArgumentError, match="ends in"):
        keras.utils.save_img(tmp_path / "x.hologram", COLOUR)
    assert not (tmp_path / "x.hologram").exists()


def a_png_that_declares(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no image"),
        (b"Lorem ipsum", "no image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(rm) run\n", "no image"),
        (a_png_that_declares(100_000, 100_000), "too large"),
        (a_png_that_declares(90, 90), "cannot be read"),
    ],
    ids=["empty", "text", "a program", "ten gigapixels", "cut short"],
)
def test_a_file_that_is_no_image_is_refused_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=says) as caught:
        keras.utils.load_img(path)
    assert "photo.png" in str(caught.value) and isinstance(caught.value, OSError)


def test_a_truncated_image_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    Image.fromarray(RANDOM.integers(0, 256, (64, 64, 3)).astype("uint8")).save(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(UnreadableFileError, match=r"cut\.jpg.*truncated"):
        keras.utils.load_img(path)


def test_arguments_that_cannot_be_are_named(colour_file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        keras.utils.load_img(colour_file.parent / "nothing.png")
    with pytest.raises(InvalidArgumentError, match="Did you mean 'grayscale'"):
        keras.utils.load_img(colour_file, color_mode="greyscale")
    with pytest.raises(InvalidArgumentError, match="bilinear"):
        keras.utils.load_img(colour_file, target_size=(2, 2), interpolation="bilinaer")
    with pytest.raises(InvalidArgumentError, match="target_size"):
        keras.utils.load_img(colour_file, target_size=(0, 2))
