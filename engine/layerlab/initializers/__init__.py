"""First values of weights, under the names of `keras.initializers`.

Random ones are drawn on the host, so that the same seed gives the same weights on every back end.
"""

from layerlab.initializers.base import *
from layerlab.initializers.constant import *
from layerlab.initializers.identifiers import *
from layerlab.initializers.random import *
from layerlab.initializers.scaled import *
