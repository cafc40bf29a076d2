"""KerasFileEditor: look into a file of weights, compare it with a model, change it, and save it again.

For weights whose model has changed since. What it shows is text; a file is read as safely as when it is
loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import InvalidArgumentError, did_you_mean, explain
from layerlab.saving.archive import opened_weights
from layerlab.saving.replace_file import as_path, replacing
from layerlab.saving.stateful_objects import walk
from layerlab.saving.weights_store import created, naming, opened, read_array, write_array
from layerlab.training.interrupts import deferred_interrupts
from layerlab.typing import PathLike

if TYPE_CHECKING:
    import h5py

__all__ = ["KerasFileEditor"]

Tree = dict[str, Any]  # objects by name, with their weights by number


class KerasFileEditor:
    """The weights of a `.keras` or `.weights.h5` file, to look at, compare and change.

    They are read into memory; the file itself stays as it is, and `resave_weights`
    writes another. Objects have paths, as 'layers/dense_2', or, where it is the only
    one, a name: 'dense_2'. `weights_dict` holds them: nested dicts, with arrays at the
    ends.

    Args:
        filepath: str or Path.
    Raises: FileNotFoundError; InvalidArgumentError for another suffix; DataError for a
        damaged file.

    Example:
        >>> import layerlab as keras, tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save_weights(f"{folder}/line.weights.h5")
        ...     editor = KerasFileEditor(f"{folder}/line.weights.h5")
        >>> editor.weights_dict["layers"]["dense"]["0"].shape
        (2, 1)
    """

    def __init__(self, filepath: PathLike) -> None:
        path = as_path(filepath, "KerasFileEditor")
        if not path.name.endswith((".keras", ".weights.h5")):
            raise InvalidArgumentError(
                explain(f"KerasFileEditor('{path.name}')", expected="a .keras or .weights.h5 file")
            )
        self.filepath = str(path)
        self._names: dict[str, str] = {}  # path -> what the object was called
        open_weights = opened_weights if path.name.endswith(".keras") else opened
        with open_weights(path) as file, naming(path):
            self.weights_dict: Tree = self._read(file, "")

    def summary(self) -> None:
        """Print the objects with their weights' shapes and dtypes."""
        print(f"Weights of '{self.filepath}'")
        for line in self._lines(self.weights_dict, "", "  "):
            print(line)

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Print where the weights differ in shape from what a model needs.

        Args:
            reference_model: a built model.
        Returns: 'status' ('success' or 'error'), 'error_count', and 'match_count', the
            weights that fit.
        """
        expected = {f"{place}/{key}".lstrip("/"): shape for place, key, shape in _needed(reference_model)}
        found = {path: tuple(np.shape(value)) for path, value in _leaves(self.weights_dict)}
        errors = []
        for path in [*expected, *(path for path in found if path not in expected)]:
            if path not in found:
                errors.append(f"'{path}', of shape {expected[path]}, is missing from the file")
            elif path not in expected:
                errors.append(f"'{path}', of shape {found[path]}, is not in the model")
            elif found[path] != expected[path]:
                errors.append(f"'{path}' has shape {found[path]}, in the model {expected[path]}")
        matches = sum(found.get(path) == shape for path, shape in expected.items())
        for error in errors:
            print(f"  {error}")
        fits = "differs from" if errors else "fits"
        print(f"The file {fits} the model: {matches} weights match, {len(errors)} do not.")
        return {
            "status": "error" if errors else "success",
            "error_count": len(errors),
            "match_count": matches,
        }

    # -- changes --------------------------------------------------------------------------------------

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name; it stays inside of the same parent.

        Args:
            object_name: path, or name where it is the only one.
            new_name: a name without '/', which no neighbour has.
        Raises: InvalidArgumentError.
        """
        if not isinstance(new_name, str) or not new_name or "/" in new_name:
            raise InvalidArgumentError(
                explain("rename_object(new_name=...)", expected="a name, not a path", got=repr(new_name)[:80])
            )
        parent, name = self._found(object_name)
        if new_name in parent and new_name != name:
            raise InvalidArgumentError(f"rename_object: there is a '{new_name}' beside '{object_name}'.")
        items = [(new_name if key == name else key, value) for key, value in parent.items()]
        parent.clear()
        parent.update(items)

    def delete_object(self, object_name: str) -> None:
        """Remove an object with all that is inside.

        Args:
            object_name: path, or name where it is the only one.
        Raises: InvalidArgumentError for an unknown object.
        """
        parent, name = self._found(object_name)
        del parent[name]

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Add an object with weights.

        Args:
            object_path: a new path, as 'layers/dense_2'; its parent must be there.
            weights: name -> array, as `{"0": kernel, "1": bias}`.
        Raises: InvalidArgumentError.
        """
        *parents, name = _parts(object_path)
        inside = self.weights_dict
        for part in parents:
            if not isinstance(inside.get(part), dict):
                raise self._unknown("/".join(parents))
            inside = inside[part]
        inside[name] = _checked(weights)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove a weight of an object.

        Args:
            object_name: path, or name where it is the only one.
            weight_name: as '0'.
        Raises: InvalidArgumentError for an unknown object or weight.
        """
        weights = self._object(object_name)
        if weight_name not in weights:
            raise InvalidArgumentError(
                explain(
                    f"'{object_name}' has no weight '{weight_name}'.",
                    expected=", ".join(f"'{key}'" for key in weights) or "it has none",
                )
            )
        del weights[weight_name]

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Add weights to an object, or replace weights that it has under these names.

        Args:
            object_name: path, or name where it is the only one.
            weights: name -> array.
        Raises: InvalidArgumentError.
        """
        self._object(object_name).update(_checked(weights))

    def resave_weights(self, filepath: PathLike) -> None:
        """Write a `.weights.h5` file with what there is now.

        Args:
            filepath: str or Path; a file that is there is replaced once the new one is
                complete.
        Raises: InvalidArgumentError for another suffix; OSError.
        """
        path = as_path(filepath, "resave_weights")
        if not path.name.endswith(".weights.h5"):
            raise InvalidArgumentError(
                explain("resave_weights", expected="a path ending in '.weights.h5'", got=path.name)
            )
        with replacing(path) as temporary, deferred_interrupts(), created(temporary) as file:
            for place, value in _leaves(self.weights_dict):
                parent, _, key = place.rpartition("/")
                group = file.require_group(f"{parent}/vars" if parent else "vars")
                group.attrs["name"] = self._names.get(parent, "")
                write_array(group, key, value)

    save = resave_weights  # its name in Keras before 3.4

    # -- inside ---------------------------------------------------------------------------------------

    def _read(self, group: h5py.Group, path: str) -> Tree:
        """Objects and weights of a checked group; a 'vars' inside an object is no object of its own."""
        read: Tree = {}
        for key, item in group.items():
            if key == "vars" and hasattr(item, "items"):
                self._names[path] = str(item.attrs.get("name", ""))
                read |= {number: read_array(array) for number, array in item.items()}
            elif hasattr(item, "items"):
                inner = self._read(item, f"{path}/{key}".lstrip("/"))
                read |= {key: inner} if inner else {}
        return read

    def _lines(self, tree: Tree, path: str, indent: str) -> Iterator[str]:
        for key, value in tree.items():
            inner = f"{path}/{key}".lstrip("/")
            if isinstance(value, dict):
                name = self._names.get(inner)
                called = f" ('{_shown(name)}')" if name and name != key else ""
                yield f"{indent}{_shown(key)}{called}"
                yield from self._lines(value, inner, f"{indent}  ")
            else:
                array = np.asarray(value)
                yield f"{indent}{_shown(key)}: shape={array.shape}, dtype={array.dtype}"

    def _object(self, name: str) -> Tree:
        parent, last = self._found(name)
        if not isinstance(parent[last], dict):
            raise InvalidArgumentError(f"'{name}' is a weight, not an object.")
        return cast(Tree, parent[last])

    def _found(self, name: str) -> tuple[Tree, str]:
        """(the dict that holds an object, its name there), for a path, or a name that occurs once."""
        parts = _parts(name)
        everywhere = list(_objects(self.weights_dict))
        matching = [(path, parent) for path, parent in everywhere if path == name]
        if not matching and len(parts) == 1:
            matching = [(path, parent) for path, parent in everywhere if path.rpartition("/")[2] == name]
        if not matching:
            raise self._unknown(name)
        if len(matching) > 1:
            raise InvalidArgumentError(
                explain(f"There are several '{name}'.", expected=" or ".join(path for path, _ in matching))
            )
        return matching[0][1], parts[-1]

    def _unknown(self, name: str) -> InvalidArgumentError:
        paths = [path for path, _ in _objects(self.weights_dict)]
        return InvalidArgumentError(
            explain(
                f"'{name}' is not in the file.{did_you_mean(name, paths)}",
                expected=", ".join(paths[:20]) or "nothing",
            )
        )


def _objects(tree: Tree, path: str = "") -> Iterator[tuple[str, Tree]]:
    """(path, the dict that holds it) of every object."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield f"{path}{key}", tree
            yield from _objects(value, f"{path}{key}/")


def _leaves(tree: Tree, path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{key}/")
        else:
            yield f"{path}{key}", value


def _needed(model: ModelLike) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(path, number, shape) of what a save of the model would hold."""
    for place, saveable in walk(model):
        stored: dict[str, Any] = {}
        saveable.save_own_variables(stored)
        for key, value in stored.items():
            yield place, key, tuple(np.shape(value))


def _parts(path: object) -> list[str]:
    parts = path.split("/") if isinstance(path, str) else [""]
    if not all(part and part not in (".", "..") for part in parts):
        raise InvalidArgumentError(
            explain("The name of an object", expected="'dense' or 'layers/dense'", got=repr(path)[:80])
        )
    return parts


def _checked(weights: object) -> Tree:
    if not isinstance(weights, Mapping) or not all(isinstance(key, str) for key in weights):
        raise InvalidArgumentError(
            explain("weights", expected='a dict like {"0": kernel, "1": bias}', got=type(weights).__name__)
        )
    arrays = {key: np.asarray(value) for key, value in weights.items()}
    for key, array in arrays.items():
        if array.dtype.kind not in "biufV" or not key or "/" in key:
            raise InvalidArgumentError(
                explain(f"weights['{key[:80]}']", expected="an array of numbers", got=str(array.dtype))
            )
    return arrays


def _shown(text: str) -> str:
    """A stranger's text without control characters, and not at length."""
    return "".join(c if c.isprintable() else "?" for c in text[:200])
