"""Files: weights in Keras' HDF5 layout."""

from layerlab.saving.weights_file import load_weights, save_weights

__all__ = ["load_weights", "save_weights"]
