"""The PyTorch back end: `layerlab.backend.protocol.Backend` as a module.

What its modules name in `__all__` are the primitives.
"""

from layerlab.backend.torch.arrays import *
from layerlab.backend.torch.control_flow import *
from layerlab.backend.torch.fused_kernels import *
from layerlab.backend.torch.namespace import *
from layerlab.backend.torch.nn import *
from layerlab.backend.torch.optimizer_kernels import *
from layerlab.backend.torch.random import *
from layerlab.backend.torch.recurrent_kernels import *
from layerlab.backend.torch.runner import *
from layerlab.backend.torch.special import *
from layerlab.backend.torch.threads import limit_threads as _limit_threads
from layerlab.backend.torch.transforms import *

name = "torch"
can_train = True
projects_ahead = True
jit_by_default = False
_limit_threads()
