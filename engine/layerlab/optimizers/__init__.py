"""Optimizers, under the names of `keras.optimizers`."""

from layerlab.optimizers import schedules
from layerlab.optimizers.adafactor import *
from layerlab.optimizers.adagrad import *
from layerlab.optimizers.adam import *
from layerlab.optimizers.adam_variants import *
from layerlab.optimizers.base import *
from layerlab.optimizers.ftrl import *
from layerlab.optimizers.identifiers import *
from layerlab.optimizers.lion import *
from layerlab.optimizers.loss_scale import *
from layerlab.optimizers.muon import *
from layerlab.optimizers.rmsprop import *
from layerlab.optimizers.sgd import *
