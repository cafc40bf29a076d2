"""Helpers under the names of `keras.utils`."""

from __future__ import annotations

import gc
from typing import Any

from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.naming import reset_names
from layerlab.core.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from layerlab.core.seed import set_random_seed
from layerlab.core.symbolic import KerasTensor
from layerlab.data.pydataset import PyDataset
from layerlab.data.unpack import pack_x_y_sample_weight, unpack_x_y_sample_weight
from layerlab.dtypes import standardize_dtype
from layerlab.inspect.plot import model_to_dot, plot_model
from layerlab.terminal.progbar import Progbar
from layerlab.utils.audio_dataset import audio_dataset_from_directory
from layerlab.utils.get_file import get_file
from layerlab.utils.image import array_to_img, img_to_array, load_img, save_img
from layerlab.utils.image_dataset import image_dataset_from_directory
from layerlab.utils.numerical import normalize, to_categorical
from layerlab.utils.sequence import pad_sequences
from layerlab.utils.split_dataset import split_dataset
from layerlab.utils.text_dataset import text_dataset_from_directory
from layerlab.utils.timeseries_dataset import timeseries_dataset_from_array

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "audio_dataset_from_directory",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "image_dataset_from_directory",
    "img_to_array",
    "is_keras_tensor",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

Sequence = PyDataset


def is_keras_tensor(x: object) -> bool:
    """True for a symbolic tensor: what `Input` gives, and layers and ops called on it.

    Args:
        x: any value.

    Example:
        >>> import layerlab as keras
        >>> is_keras_tensor(keras.Input((2,))), is_keras_tensor([1.0])
        (True, False)
    """
    return isinstance(x, KerasTensor)


def clear_session(free_memory: bool = True) -> None:
    """Begin automatic names anew: the next Dense is 'dense' again.

    A notebook that makes a model in a loop calls it before each, so that names, and the
    paths of weights in files, do not depend on how many models there were before.

    Args:
        free_memory: whether models that nothing refers to any more are freed at once.

    Example:
        >>> import layerlab as keras
        >>> clear_session()
        >>> keras.layers.Dense(1).name, keras.layers.Dense(1).name
        ('dense', 'dense_1')
    """
    reset_names()
    if free_memory:
        gc.collect()
