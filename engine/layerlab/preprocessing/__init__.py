"""Older homes of what is in `keras.utils`, as Keras keeps them."""

from layerlab.preprocessing import image, sequence
from layerlab.utils.image_dataset import image_dataset_from_directory
from layerlab.utils.text_dataset import text_dataset_from_directory
from layerlab.utils.timeseries_dataset import timeseries_dataset_from_array

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
