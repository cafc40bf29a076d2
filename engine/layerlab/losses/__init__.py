"""Losses: how far predictions are from labels. One file per family; every name of `keras.losses`."""

from layerlab.losses.base import *
from layerlab.losses.crossentropy import *
from layerlab.losses.hinge import *
from layerlab.losses.identifiers import *
from layerlab.losses.probabilistic import *
from layerlab.losses.regression import *
from layerlab.losses.segmentation import *
from layerlab.losses.similarity import *
