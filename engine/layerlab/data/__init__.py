"""Data for training: every kind becomes a BatchSource."""

from layerlab.data.choose_source import (
    make_source,
    pack_x_y_sample_weight,
    unpack_x_y_sample_weight,
    with_queue_options,
)
from layerlab.data.dataset import AUTOTUNE, Dataset
from layerlab.data.pydataset import PyDataset

__all__ = [
    "AUTOTUNE",
    "Dataset",
    "PyDataset",
    "make_source",
    "pack_x_y_sample_weight",
    "unpack_x_y_sample_weight",
    "with_queue_options",
]
