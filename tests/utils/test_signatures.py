"""Names and signatures of `utils` and `datasets` against the installed Keras; what differs has a reason."""

from __future__ import annotations

import inspect
from typing import Any

import keras as oracle
import pytest

import layerlab as keras

LATER = "not in this version"
LEFT_OUT = {
    "Config": "an attribute dictionary of Keras' own for hyperparameters; types.SimpleNamespace is in Python",
    "FeatureSpace": LATER,
    "bounding_boxes": LATER,
    "disable_interactive_logging": LATER,
    "enable_interactive_logging": LATER,
    "get_source_inputs": "walks private nodes of Keras' graphs; layerlab.inspect.describe_graph gives ours",
    "is_interactive_logging_enabled": LATER,
    "legacy": "Keras' own deserialization of a format of Keras 2",
}
# Ours on the left, for names that both have.
DIFFERENT = {
    "deserialize_keras_object": "Keras passes **kwargs over without a word",
    "plot_model": "splines is the way in which Graphviz bends edges; layerlab does not draw with it",
    "model_to_dot": "there is none: it raises UnsupportedError",
}


def signature(value: Any) -> dict[str, Any]:
    parameters = inspect.signature(value).parameters.values()
    return {p.name: "**" if p.kind is p.VAR_KEYWORD else p.default for p in parameters if p.name != "self"}


def names(package: Any) -> set[str]:
    return {name for name in dir(package) if not name.startswith("_")}


@pytest.mark.oracle
def test_each_name_of_keras_utils_is_here_or_has_a_reason() -> None:
    assert names(oracle.utils) - names(keras.utils) == LEFT_OUT.keys()


@pytest.mark.oracle
@pytest.mark.parametrize("name", sorted((names(oracle.utils) & names(keras.utils)) - DIFFERENT.keys()))
def test_arguments_order_and_defaults_are_those_of_keras(name: str) -> None:
    ours, theirs = getattr(keras.utils, name), getattr(oracle.utils, name)
    if callable(theirs):
        expected = signature(theirs)
        if name.endswith(("_from_directory", "_from_array")) and "format" in expected:
            expected["format"] = None  # Keras' default is "tf", which needs TensorFlow
        assert list(signature(ours).items()) == list(expected.items())
