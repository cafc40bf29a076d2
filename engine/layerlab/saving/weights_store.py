"""Reading arrays out of an HDF5 file that may be damaged, or meant to do harm.

Nothing outside the file is opened, and nothing larger than the file holds, or the model expects, is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import h5py
import ml_dtypes
import numpy as np

from layerlab.backend.protocol import Shape
from layerlab.errors import DataError, ShapeError, explain

__all__ = ["WeightsStore", "places_with_weights"]

_KINDS = "biuf"  # of numbers; objects, text and complex numbers are no weights


class WeightsStore(Mapping[str, np.ndarray]):
    """The arrays of one place (`layers/dense`) of a file, read when they are looked up.

    Args:
        expected: shapes by key; an array of another shape is refused before it is read.
    Raises: DataError for links, references and damage; ShapeError.
    """

    def __init__(self, file: h5py.File, place: str, expected: Mapping[str, Shape]) -> None:
        self._place = place
        self._expected = expected
        group = _child(file, f"{place}/vars" if place else "vars")
        self._datasets = {} if group is None else {key: self._dataset(group, key) for key in group}

    def __getitem__(self, key: str) -> np.ndarray:
        dataset = self._datasets[key]
        expected = self._expected.get(key)
        if expected is not None and dataset.shape != expected:
            raise ShapeError(
                explain(
                    f"The file does not fit the model at '{self._place}'.",
                    expected=f"an array of shape {expected} as number {key}",
                    got=str(dataset.shape),
                    fix="load into a model of the architecture that was saved",
                )
            )
        if expected is None and dataset.id.get_storage_size() < dataset.nbytes:
            raise self._bad(key, "an array that the file holds in full")
        try:
            value = np.asarray(dataset[()])
        except (OSError, RuntimeError) as error:
            raise self._bad(key, "a readable array") from error
        is_bfloat16 = dataset.attrs.get("dtype") == "bfloat16" and value.dtype == np.uint16
        return value.view(ml_dtypes.bfloat16) if is_bfloat16 else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)

    def _dataset(self, group: Any, key: str) -> h5py.Dataset:
        dataset = _child(group, key)
        if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in _KINDS:
            raise self._bad(key, "an array of numbers")
        if dataset.external or dataset.is_virtual:
            raise self._bad(key, "an array in the file itself")
        return dataset

    def _bad(self, key: str, expected: str) -> DataError:
        return DataError(
            explain(
                f"'{self._place}/vars/{key}' is no weight.", expected=expected, fix="save the weights again"
            )
        )


def places_with_weights(file: h5py.File) -> list[str]:
    """All places of a file at which there are arrays; links are not followed."""
    places: dict[str, None] = {}

    def note(name: str, item: Any) -> None:
        place, _, number = name.rpartition("/vars/")
        if isinstance(item, h5py.Dataset) and number:
            places.setdefault(place)

    file.visititems(note)
    return list(places)


def _child(group: Any, path: str) -> Any:
    """What lies under a path; None if nothing does. Raises: DataError for links and damage."""
    for name in path.split("/"):
        if not isinstance(group, h5py.Group):
            raise DataError(explain(f"'{group.name}' is no group.", fix="save the weights again"))
        link = group.get(name, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise DataError(
                explain(
                    f"'{group.name}/{name}' is a link.",
                    expected="arrays in the file itself",
                    got=_target(link),
                )
            )
        try:
            group = group[name]
        except (KeyError, OSError, RuntimeError) as error:
            message = explain(f"'{group.name}/{name}' is damaged.", fix="save the weights again")
            raise DataError(message) from error
    return group


def _target(link: Any) -> str:
    return f"a link to {getattr(link, 'filename', 'another place')!s:.60}"
