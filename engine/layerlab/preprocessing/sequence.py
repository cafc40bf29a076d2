"""`keras.preprocessing.sequence`."""

from layerlab.utils.sequence import pad_sequences

__all__ = ["pad_sequences"]
