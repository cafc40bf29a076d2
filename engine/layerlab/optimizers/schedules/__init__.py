"""Learning rates that follow from the step, under the names of `keras.optimizers.schedules`."""

from layerlab.optimizers.schedules.base import *
from layerlab.optimizers.schedules.cosine import *
from layerlab.optimizers.schedules.decay import *
from layerlab.optimizers.schedules.identifiers import *
