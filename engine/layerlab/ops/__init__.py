"""`layerlab.ops`: functions of arrays, the same on every back end, that also build a model's graph."""

from layerlab.ops import image
from layerlab.ops.convolution import *
from layerlab.ops.core import *
from layerlab.ops.create import *
from layerlab.ops.crossentropy import *
from layerlab.ops.elementwise import *
from layerlab.ops.index import *
from layerlab.ops.linalg import *
from layerlab.ops.logical import *
from layerlab.ops.nn import *
from layerlab.ops.normalization import *
from layerlab.ops.operators import *
from layerlab.ops.reduce import *
from layerlab.ops.shapes import *
