"""A Dataset as one of tf.data: for code that goes on with TensorFlow, where that is installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import tree
from layerlab.data.dataset import Dataset
from layerlab.errors import explain
from layerlab.saving.tensorflow_extra import tensorflow

__all__ = ["tensorflow_dataset"]


def tensorflow_dataset(dataset: Dataset) -> Any:
    """A `tf.data.Dataset` that reads a data set, with its class names and paths.

    Raises: ImportError where TensorFlow is not installed; EmptyDataError.
    """
    try:
        tf = tensorflow()
    except ImportError as error:
        raise ImportError(
            explain(
                "A data set of tf.data needs TensorFlow, which is not installed.",
                fix="pip install tensorflow; or leave format out: fit takes layerlab's own data sets",
            )
        ) from error
    first = dataset.first()
    signature = tree.map_structure(lambda leaf: _spec(tf, leaf), first)
    made = tf.data.Dataset.from_generator(
        lambda: dataset.elements(dataset.next_pass()), output_signature=signature
    )
    count = int(dataset.cardinality())
    if count >= 0:
        made = made.apply(tf.data.experimental.assert_cardinality(count))
    made = made.prefetch(tf.data.AUTOTUNE)
    made.class_names, made.file_paths = dataset.class_names, dataset.file_paths
    return made


def _spec(tf: Any, leaf: Any) -> Any:
    """Of the first element: the last batch may be smaller, and texts are bytes there."""
    array = np.asarray(leaf)
    dtype = tf.string if array.dtype.kind in "OUS" else array.dtype
    shape = [None, *array.shape[1:]] if array.ndim else []
    return tf.TensorSpec(shape, dtype)
