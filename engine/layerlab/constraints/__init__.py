"""Projections of weights after each update, under the names of `keras.constraints`."""

from layerlab.constraints.identifiers import *
from layerlab.constraints.norms import *
