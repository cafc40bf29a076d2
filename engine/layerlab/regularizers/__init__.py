"""Penalties on weights and activations, under the names of `keras.regularizers`."""

from layerlab.regularizers.identifiers import *
from layerlab.regularizers.penalties import *
