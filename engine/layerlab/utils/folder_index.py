"""Files in folders, as Keras finds them: which there are, in which order, with which labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layerlab.errors import DataError, InvalidArgumentError, MissingFileError, explain
from layerlab.terminal.console import write
from layerlab.typing import PathLike

__all__ = ["FileList", "Request", "parts_of"]

_LABEL_MODES = ("int", "categorical", "binary", None)


@dataclass(frozen=True)
class Request:
    """What was asked for: the arguments that all `*_dataset_from_directory` share, checked when made."""

    directory: PathLike
    labels: str | Sequence[int] | None
    label_mode: str | None
    class_names: Sequence[str] | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool
    formats: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.label_mode not in _LABEL_MODES:
            raise InvalidArgumentError(
                explain(
                    "label_mode",
                    expected="'int', 'categorical', 'binary' or None",
                    got=repr(self.label_mode)[:60],
                )
            )
        is_list = isinstance(self.labels, list | tuple | np.ndarray)
        if not is_list and self.labels is not None and not isinstance(self.labels, str):
            raise InvalidArgumentError(_LABELS)
        if isinstance(self.labels, str) and self.labels != "inferred":
            raise InvalidArgumentError(_LABELS)
        if self.class_names is not None and (is_list or not self.has_labels):
            raise InvalidArgumentError(
                explain("class_names", expected="labels='inferred' and a label_mode beside them")
            )
        if not os.path.isdir(self.directory):
            raise MissingFileError(explain(f"There is no folder {os.fspath(self.directory)!r}."))
        self._check_split()

    @property
    def has_labels(self) -> bool:
        """Whether files come with labels; without, folders mean nothing."""
        return self.labels is not None and self.label_mode is not None

    def _check_split(self) -> None:
        split, subset = self.validation_split, self.subset
        if subset not in ("training", "validation", "both", None):
            raise InvalidArgumentError(
                explain("subset", expected="'training', 'validation', 'both' or None", got=repr(subset)[:60])
            )
        if split and not 0 < split < 1:
            raise InvalidArgumentError(
                explain("validation_split", expected="a fraction between 0 and 1", got=repr(split)[:40])
            )
        if bool(split) != bool(subset):
            raise InvalidArgumentError(
                explain("validation_split and subset go together.", fix="pass both, or none of them")
            )
        if split and self.shuffle and self.seed is None:
            raise InvalidArgumentError(
                explain(
                    "A split of shuffled files needs a seed.",
                    expected="the same seed for both parts, so that no file is in both",
                    fix="seed=1, say, or subset='both'" if subset != "both" else "seed=1, say",
                )
            )


_LABELS = explain("labels", expected="'inferred', None, or a list with a label for each file")


@dataclass(frozen=True)
class FileList:
    """Files with their labels.

    Attributes:
        paths: in the order in which they come.
        labels: in the form of label_mode, a row for each file; None if there are none.
        class_names: in the order of the class numbers; None without labels.
        seed: of the order.
    """

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None
    seed: int

    def part(self, index: slice) -> FileList:
        """Some of the files."""
        return replace(
            self, paths=self.paths[index], labels=None if self.labels is None else self.labels[index]
        )


def parts_of(request: Request, what: str) -> list[FileList]:
    """The files that were asked for: one list, or those for training and for validation.

    Args:
        what: the files hold, for messages.
    Raises: DataError if there are none, or a part has none.
    """
    seed = int(np.random.randint(10**6)) if request.seed is None else request.seed
    paths, numbers, names = _found(request)
    if not paths:
        raise DataError(
            explain(
                f"There are no {what} files in {os.fspath(request.directory)!r}.",
                expected=f"names that end in {', '.join(request.formats)}"
                + (", in a folder for each class" if request.has_labels else ""),
                got=_contents(request.directory),
            )
        )
    if request.verbose:
        write(f"Found {len(paths)} files" + (f" of {len(names)} classes.\n" if names else ".\n"))
    if request.shuffle:
        order = np.arange(len(paths))
        np.random.RandomState(seed).shuffle(order)
        paths = [paths[i] for i in order]
        numbers = None if numbers is None else numbers[order]
    labels = None if numbers is None else _labels(numbers, names or [], request.label_mode)
    return _split(FileList(paths, labels, names, seed), request)


def _split(files: FileList, request: Request) -> list[FileList]:
    if not request.validation_split:
        return [files]
    count = int(request.validation_split * len(files.paths))
    training, validation = files.part(slice(0, len(files.paths) - count)), files.part(slice(-count, None))
    if not count or not training.paths:
        raise DataError(
            explain(
                f"validation_split={request.validation_split} of {len(files.paths)} files leaves one part "
                "without any."
            )
        )
    if request.verbose:
        write(f"{len(training.paths)} are for training, {count} for validation.\n")
    parts = {"training": [training], "validation": [validation], "both": [training, validation]}
    return parts[str(request.subset)]


def _found(request: Request) -> tuple[list[str], np.ndarray | None, list[str] | None]:
    """Paths, class numbers and names, in alphabetical order."""
    labels = request.labels
    if not request.has_labels or labels is None:
        return _files(request.directory, request), None, None
    if not isinstance(labels, str):
        paths = _files(request.directory, request)
        return paths, _given(labels, len(paths)), [str(label) for label in sorted(set(labels))]
    names = _class_names(request)
    files = [_files(os.path.join(request.directory, name), request) for name in names]
    numbers = np.repeat(np.arange(len(names), dtype="int32"), [len(found) for found in files])
    return [path for found in files for path in found], numbers, names


def _class_names(request: Request) -> list[str]:
    with os.scandir(request.directory) as entries:
        folders = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    if request.class_names is None:
        return folders
    unknown = [name for name in request.class_names if name not in folders]
    if unknown:
        raise InvalidArgumentError(
            explain(
                f"There is no folder for {', '.join(map(repr, unknown[:5]))} of class_names.",
                expected=f"some of {', '.join(folders[:20])}",
            )
        )
    return list(request.class_names)


def _files(folder: PathLike, request: Request) -> list[str]:
    """Of one class, or all."""
    found = sorted(_walk(os.fspath(folder), request.follow_links), key=lambda item: item[0])
    return [
        os.path.join(root, name)
        for root, names in found
        for name in sorted(names)
        if name.lower().endswith(request.formats)
    ]


def _walk(folder: str, follow_links: bool) -> Iterator[tuple[str, list[str]]]:
    """Folders with the names of their files; a link back to a folder above ends there."""
    seen: set[str] = set()
    for root, folders, names in os.walk(folder, followlinks=follow_links):
        yield root, names
        if follow_links:
            seen.add(os.path.realpath(root))
            folders[:] = [name for name in folders if os.path.realpath(os.path.join(root, name)) not in seen]


def _given(labels: Sequence[Any], count: int) -> np.ndarray:
    if len(labels) != count:
        raise DataError(
            explain("labels", expected=f"{count}, one for each file found", got=f"{len(labels)} of them")
        )
    numbers = np.asarray(labels)
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1:
        raise DataError(explain("labels", expected="a list of whole numbers", got=f"dtype {numbers.dtype}"))
    return numbers.astype("int32")


def _labels(numbers: np.ndarray, names: list[str], label_mode: str | None) -> np.ndarray:
    if label_mode == "int":
        return numbers
    if label_mode == "binary":
        if len(names) != 2:
            raise InvalidArgumentError(
                explain(
                    "label_mode='binary'",
                    expected="2 classes",
                    got=f"{len(names)}: {', '.join(names[:20])}",
                    fix="label_mode='int', or two of them as class_names",
                )
            )
        return numbers.astype("float32")[:, None]
    if numbers.min() < 0 or numbers.max() >= len(names):
        raise DataError(
            explain(
                "label_mode='categorical'",
                expected=f"labels from 0 to {len(names) - 1}",
                got=f"{numbers.min()} to {numbers.max()}",
            )
        )
    return np.eye(len(names), dtype="float32")[numbers]


def _contents(folder: PathLike) -> str:
    names = sorted(os.listdir(folder))
    shown = ", ".join(ascii(name)[1:-1][:40] for name in names[:8])
    return f"{shown}{', ...' if len(names) > 8 else ''}" if names else "an empty folder"
