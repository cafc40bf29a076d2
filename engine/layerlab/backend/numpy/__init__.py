"""The NumPy back end, for inference without JAX or torch: `layerlab.backend.protocol.Backend` as a module.

What its modules name in `__all__` are the primitives; what is None has no kernel of its own here.
"""

from layerlab.backend.numpy.arrays import *
from layerlab.backend.numpy.control_flow import *
from layerlab.backend.numpy.namespace import *
from layerlab.backend.numpy.nn import *
from layerlab.backend.numpy.random import *
from layerlab.backend.numpy.special import *
from layerlab.backend.numpy.transforms import *

name = "numpy"
can_train = False
attention = None
batch_norm = None
fused_adam = None
gelu = None
layer_norm = None
lstm = None
projects_ahead = True
jit_by_default = False
compile_loop = None
