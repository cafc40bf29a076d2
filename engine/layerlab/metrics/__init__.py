"""Metrics: quantities gathered over batches. One file per family; every name of `keras.metrics`."""

from layerlab.metrics.accuracy import *
from layerlab.metrics.auc import *
from layerlab.metrics.base import *
from layerlab.metrics.confusion import *
from layerlab.metrics.correlation import *
from layerlab.metrics.fscore import *
from layerlab.metrics.hinge import *
from layerlab.metrics.identifiers import *
from layerlab.metrics.iou import *
from layerlab.metrics.probabilistic import *
from layerlab.metrics.r2 import *
from layerlab.metrics.reduction import *
from layerlab.metrics.regression import *
