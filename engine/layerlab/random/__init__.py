"""`layerlab.random`: random numbers from stateless seeds."""

from layerlab.core.seed import SeedGenerator
from layerlab.random.draws import *
