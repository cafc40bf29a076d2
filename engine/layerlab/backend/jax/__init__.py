"""The JAX back end: `layerlab.backend.protocol.Backend` as a module.

What its modules name in `__all__` are the primitives; what is None has no kernel of its own here.
"""

from layerlab.backend.jax.arrays import *
from layerlab.backend.jax.compilation_cache import use_compilation_cache as _use_compilation_cache
from layerlab.backend.jax.control_flow import *
from layerlab.backend.jax.namespace import *
from layerlab.backend.jax.nn import *
from layerlab.backend.jax.pooling import *
from layerlab.backend.jax.random import *
from layerlab.backend.jax.runner import *
from layerlab.backend.jax.special import *
from layerlab.backend.jax.step_loop import *
from layerlab.backend.jax.threads import limit_threads as _limit_threads
from layerlab.backend.jax.transforms import *

name = "jax"
can_train = True
attention = None
batch_norm = None
fused_adam = None
gelu = None
layer_norm = None
lstm = None
projects_ahead = False
jit_by_default = True
_use_compilation_cache()
_limit_threads()
