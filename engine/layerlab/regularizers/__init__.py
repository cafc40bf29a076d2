"""Penalties on weights and activations, under the names of `keras.regularizers`."""

from layerlab.regularizers.penalties import *
from layerlab.regularizers.resolution import *
