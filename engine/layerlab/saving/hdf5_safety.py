"""What an HDF5 file may hold before anything is read from it: plain arrays, in full, in the file itself.

HDF5 can point out of the file (external links, external storage, virtual datasets), declare far more than
it stores (datasets never written, filters, shared text) and hold references and nested types. Keras writes
none of that, so a file that uses it was made by somebody else, and is refused as a whole.
"""

from __future__ import annotations

import functools
import math
import mmap
import os
from collections.abc import Callable
from typing import Any

import h5py

from layerlab.errors import DataError, explain

__all__ = ["check_hdf5"]

MAX_OBJECTS = 200_000  # links of all groups: a model of 10,000 layers with an optimizer has half of that
MAX_SHARED_TEXT = 2**30  # bytes; every entry of a list of free-length text may point to the same text
_LARGEST_NUMBER = 16  # bytes
_HEAP = b"GCOL\x01\0\0\0"  # what every piece of the file that holds free-length text begins with
_NUMBERS = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)


def check_hdf5(file: h5py.File) -> None:
    """Go through all groups, datasets and attributes of an open file; no array is read, no link followed.

    Raises: DataError for links other than hard ones, virtual, external, filtered or unwritten datasets,
    datasets larger than the file, references and other types that are no numbers, too many objects, damage.
    """
    try:
        _check_objects(file)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(_damaged(str(error)[:120])) from error


def _check_objects(file: h5py.File) -> None:
    size = file.id.get_filesize()
    longest_text = functools.cache(lambda: _longest_text(file, size))
    root = h5py.h5o.open(file.id, b"/")
    seen = {h5py.h5o.get_info(root).addr}
    links = stored = 0
    waiting = [("", root)]
    while waiting:
        place, item = waiting.pop()
        _check_attributes(place, item, size, longest_text)
        if isinstance(item, h5py.h5d.DatasetID):
            stored += _checked_dataset(place, item, size)
            if stored > size:
                raise _refused(place, "arrays that do not share their bytes", "more bytes than the file has")
            continue
        if not isinstance(item, h5py.h5g.GroupID):
            raise _refused(place, "a group or an array", type(item).__name__)
        names = _names(place, item, MAX_OBJECTS - links)
        links += len(names)
        for name in names:
            child = h5py.h5o.open(item, name)
            address = h5py.h5o.get_info(child).addr
            if address not in seen:  # a group may lie in itself
                seen.add(address)
                waiting.append((f"{place}/{name.decode(errors='replace')[:200]}", child))


def _names(place: str, group: h5py.Group, most: int) -> list[bytes]:
    names: list[bytes] = []
    links: list[bytes] = []

    def note(name: bytes, info: Any) -> bool | None:
        (names if info.type == h5py.h5l.TYPE_HARD else links).append(name)
        return True if links or len(names) > most else None  # ends the iteration; HDF5 cannot pass on errors

    group.links.iterate(note, info=True)
    if links:
        shown = f"{place}/{links[0].decode(errors='replace')[:200]}"
        raise _refused(shown, "things in the file itself", "a link to another place or file")
    if len(names) > most:
        raise _refused(place or "/", f"at most {MAX_OBJECTS} groups and arrays", "more")
    return names


def _checked_dataset(place: str, dataset: Any, file_size: int) -> int:
    """How many bytes of the file the dataset takes."""
    plan = dataset.get_create_plist()
    if plan.get_layout() == h5py.h5d.VIRTUAL:
        raise _refused(place, "an array in the file itself", "a virtual dataset, whose values lie elsewhere")
    if plan.get_external_count():
        raise _refused(place, "an array in the file itself", "external storage")
    if plan.get_nfilters():
        raise _refused(place, "an array stored as it is", "a compressed or filtered one")
    kind = dataset.get_type()
    if not _is_plain(kind) or kind.dtype is None:  # damaged types raise when they become NumPy's
        raise _refused(place, "numbers", "references, nested types or text of free length")
    shape = dataset.get_space().get_simple_extent_dims() or ()
    is_null = dataset.get_space().get_simple_extent_type() == h5py.h5s.NULL
    declared = 0 if is_null else math.prod(int(n) for n in shape) * kind.get_size()
    stored = int(dataset.get_storage_size())
    if declared > file_size or stored < declared:
        raise _refused(place, f"{declared} bytes, as its shape {shape} says", f"{stored} in the file")
    offset = dataset.get_offset()
    if offset is not None and offset + declared > file_size:
        raise _refused(place, "an array that ends within the file", "one that goes on after its end")
    return stored


def _check_attributes(place: str, item: object, file_size: int, longest_text: Callable[[], int]) -> None:
    for index in range(h5py.h5a.get_num_attrs(item)):
        attribute = h5py.h5a.open(item, index=index)
        name = f"{place or '/'} (attribute '{attribute.name.decode(errors='replace')[:100]}')"
        kind = attribute.get_type()
        is_free_text = isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str()
        if not is_free_text and not _is_plain(kind):
            raise _refused(name, "numbers or text", "references or nested types")
        count = math.prod(int(n) for n in attribute.get_space().get_simple_extent_dims() or ())
        if count * kind.get_size() > file_size:
            raise _refused(name, "what the file holds", f"{count} values that it does not hold")
        is_suspect = is_free_text and count > 1 and count * file_size > MAX_SHARED_TEXT
        if is_suspect and count * longest_text() > MAX_SHARED_TEXT:
            raise _refused(name, "a list of text of fixed length", f"{count} entries of free length")


def _longest_text(file: h5py.File, file_size: int) -> int:
    """No text of free length in the file is longer than this many bytes.

    Keras writes names of layers and weights as such text, in files of any size: so look where text can be.
    """
    if not os.path.isfile(file.filename):
        return file_size
    longest = 0
    with open(file.filename, "rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data:
        place = data.find(_HEAP)
        while place >= 0:
            longest = max(longest, int.from_bytes(data[place + 8 : place + 16], "little"))
            place = data.find(_HEAP, place + 1)
    return min(longest, file_size)


def _is_plain(kind: Any) -> bool:
    """Numbers; text of fixed length; one or two opaque bytes, as bfloat16 and float8 are written."""
    if kind.get_class() == h5py.h5t.OPAQUE:
        return bool(kind.get_size() <= 2)
    if kind.get_class() == h5py.h5t.STRING:
        return not kind.is_variable_str()
    return kind.get_class() in _NUMBERS and kind.get_size() <= _LARGEST_NUMBER


def _refused(place: str, expected: str, got: str) -> DataError:
    return DataError(explain(f"The HDF5 file is refused because of '{place}'.", expected=expected, got=got))


def _damaged(detail: str) -> str:
    return explain(f"The HDF5 file is damaged: {detail}", fix="save it again")
