"""Activation functions, under the names of `keras.activations`."""

from layerlab.activations.functions import *
from layerlab.activations.identifiers import *
