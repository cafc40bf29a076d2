"""`keras.utils.audio_dataset_from_directory`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab.core.whole_number import whole_number
from layerlab.data.padding import padded
from layerlab.errors import DataError, InvalidArgumentError, UnreadableFileError, explain
from layerlab.typing import PathLike
from layerlab.utils.file_dataset import file_datasets
from layerlab.utils.folder_index import Request

__all__ = ["audio_dataset_from_directory"]

_FULL_SCALE = {"int16": (0, 2**15), "int32": (0, 2**31), "uint8": (128, 128)}


def audio_dataset_from_directory(
    directory: PathLike,
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """A data set of the sound files in a folder, with the names of its subfolders as classes.

    Files are read when they are needed. They end in .wav, and hold integers of 8, 16, 24
    or 32 bits, or floats.

    Args:
        directory: the folder, with a subfolder for each class.
        labels: "inferred", by the subfolders; None, no labels; or a list of integers, one
            for each file in alphabetical order of their paths.
        label_mode: the form of labels: "int", (batch,) of int32; "binary", (batch, 1) of
            float32 for two classes; "categorical", (batch, classes) of float32, one-hot;
            None, no labels.
        class_names: subfolders to take, in the order of their numbers; None: all, in
            alphabetical order.
        batch_size: sounds a batch; None: single ones.
        sampling_rate: samples a second that sounds of other rates are converted to; None:
            as they are.
        output_sequence_length: samples that each sound is cut or filled up to, after the
            conversion; None: as long as the longest of its batch.
        ragged: True leaves sounds as long as they are, in an array of arrays.
        shuffle: True: in another order in each pass; False: in alphabetical order.
        seed: of the order, and of the split; None follows from `set_random_seed`.
        validation_split: which fraction is for validation, if `subset` is given.
        subset: "training" or "validation", or "both" for a tuple of the two.
        follow_links: whether links to folders are followed.
        verbose: whether to say how many files there are.
    Returns: a Dataset of arrays (batch, samples, channels) of float32 from -1 to 1, or of
        (sounds, labels); it has `class_names` and `file_paths`.
    Raises: DataError for a folder without sounds; InvalidArgumentError; while it is read,
        UnreadableFileError that names a file that is no such sound.

    Example:
        >>> import pathlib, tempfile
        >>> from scipy.io import wavfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> pathlib.Path(folder.name, "beep").mkdir()
        >>> wavfile.write(f"{folder.name}/beep/1.wav", 8000, np.full(4, 2**14, "int16"))
        >>> for sounds, labels in audio_dataset_from_directory(folder.name, verbose=False):
        ...     print(sounds.shape, sounds[0, 0], labels)
        (1, 4, 1) [0.5] [0]
        >>> folder.cleanup()
    """
    if ragged and output_sequence_length is not None:
        raise InvalidArgumentError(
            explain("ragged and output_sequence_length", expected="one of them", got="both")
        )
    rate = None if sampling_rate is None else whole_number(sampling_rate, "sampling_rate", 1)
    length = output_sequence_length
    length = None if length is None else whole_number(length, "output_sequence_length", 1)
    request = Request(
        directory=directory,
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        verbose=verbose,
        formats=(".wav",),
    )

    def load(paths: list[str]) -> np.ndarray:
        sounds = [_fitted(_sound(path, rate), length) for path in paths]
        return _ragged(sounds) if ragged else _filled_up(sounds, paths)

    found = file_datasets(request, "sound", load, batch_size)
    return tuple(found) if subset == "both" else found[0]


def _sound(path: str, rate: int | None) -> np.ndarray:
    """(samples, channels) of float32."""
    from scipy.io import wavfile  # with all of scipy.io, and few programs read sounds

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # of chunks that say who sang
            own_rate, data = wavfile.read(path)
        data = np.asarray(data)
        zero, full = _FULL_SCALE.get(data.dtype.name, (0, 1))
        if data.dtype.name not in _FULL_SCALE and data.dtype.kind != "f":
            raise ValueError(f"samples of {data.dtype}")
    except OSError:
        raise
    except Exception as error:  # a damaged file raises all sorts of things
        raise UnreadableFileError(
            explain(f"{path} is no sound that can be read: {str(error)[:150]}", expected="a .wav file")
        ) from error
    sound = ((data.astype("float64") - zero) / full).astype("float32").reshape(len(data), -1)
    return sound if rate in (None, own_rate) else _converted(sound, own_rate, int(rate or 0))


def _converted(sound: np.ndarray, before: int, after: int) -> np.ndarray:
    from scipy.signal import resample_poly  # takes long to import

    common = math.gcd(before, after)
    return resample_poly(sound, after // common, before // common, axis=0).astype("float32")


def _fitted(sound: np.ndarray, length: int | None) -> np.ndarray:
    if length is None:
        return sound
    return np.pad(sound[:length], ((0, max(0, length - len(sound))), (0, 0)))


def _ragged(sounds: list[np.ndarray]) -> np.ndarray:
    batch = np.empty(len(sounds), dtype=object)
    for row, sound in enumerate(sounds):
        batch[row] = sound
    return batch


def _filled_up(sounds: list[np.ndarray], paths: list[str]) -> np.ndarray:
    for sound, path in zip(sounds, paths):
        if sound.shape[1] != sounds[0].shape[1]:
            raise DataError(
                explain(
                    f"{path} has {sound.shape[1]} channels.",
                    expected=f"{sounds[0].shape[1]}, as {paths[0]}",
                    fix="convert the files to one number of channels",
                )
            )
    return padded()(sounds)
