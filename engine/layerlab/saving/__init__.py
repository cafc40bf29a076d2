"""Files: whole models and weights, as Keras reads and writes them.

And the names of `keras.saving` that turn objects into configs.
"""

from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from layerlab.saving.file_editor import KerasFileEditor
from layerlab.saving.model_file import load_model, save_model
from layerlab.saving.weights_api import load_weights, save_weights

__all__ = [
    "CustomObjectScope",
    "KerasFileEditor",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
