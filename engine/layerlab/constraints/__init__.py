"""Projections of weights after each update, under the names of `keras.constraints`."""

from layerlab.constraints.norms import *
from layerlab.constraints.resolution import *
