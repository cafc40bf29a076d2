"""`keras.utils.text_dataset_from_directory`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab.core.whole_number import whole_number
from layerlab.errors import UnreadableFileError, explain
from layerlab.typing import PathLike
from layerlab.utils.file_dataset import check_format, file_datasets, in_format
from layerlab.utils.folder_index import Request

__all__ = ["text_dataset_from_directory"]


def text_dataset_from_directory(
    directory: PathLike,
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str | None = None,
    verbose: bool = True,
) -> Any:
    """A data set of the text files in a folder, with the names of its subfolders as classes.

    Files are read when they are needed. They end in .txt, and are in UTF-8.

    Args:
        directory: the folder, with a subfolder for each class.
        labels: "inferred", by the subfolders; None, no labels; or a list of integers, one
            for each file in alphabetical order of their paths.
        label_mode: the form of labels: "int", (batch,) of int32; "binary", (batch, 1) of
            float32 for two classes; "categorical", (batch, classes) of float32, one-hot;
            None, no labels.
        class_names: subfolders to take, in the order of their numbers; None: all, in
            alphabetical order.
        batch_size: texts a batch; None: single texts.
        max_length: characters of each text that are read; None: all.
        shuffle: True: in another order in each pass; False: in alphabetical order.
        seed: of the order, and of the split; None follows from `set_random_seed`.
        validation_split: which fraction is for validation, if `subset` is given.
        subset: "training" or "validation", or "both" for a list of the two.
        follow_links: whether links to folders are followed.
        format: None gives a data set of ours; "tf" one of tf.data, if TensorFlow is
            installed.
        verbose: whether to say how many files there are.
    Returns: a Dataset of arrays (batch,) of texts, or of (texts, labels); it has
        `class_names` and `file_paths`.
    Raises: DataError for a folder without texts; InvalidArgumentError; while it is read,
        UnreadableFileError that names a file in another encoding.

    Example:
        >>> import pathlib, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = pathlib.Path(folder.name, "good", "1.txt")
        >>> path.parent.mkdir()
        >>> _ = path.write_text("well done")
        >>> data = text_dataset_from_directory(folder.name)
        Found 1 files of 1 classes.
        >>> for texts, labels in data:
        ...     print(texts[0], labels)
        well done [0]
        >>> folder.cleanup()
    """
    check_format(format)
    longest = None if max_length is None else whole_number(max_length, "max_length", 0)
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
        formats=(".txt",),
    )

    def load(paths: list[str]) -> np.ndarray:
        texts = np.empty(len(paths), dtype=object)
        texts[:] = [_text(path, longest) for path in paths]
        return texts

    made = in_format(file_datasets(request, "text", load, batch_size), format)
    return made if subset == "both" else made[0]


def _text(path: str, longest: int | None) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(-1 if longest is None else longest)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            explain(
                f"The text file {path} cannot be read: {error}",
                expected="UTF-8",
                fix="save it in UTF-8: Path(path).write_text(Path(path).read_text('latin-1'), 'utf-8'), say",
            )
        ) from error
