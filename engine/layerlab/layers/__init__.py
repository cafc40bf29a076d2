"""Layers, under the names of `keras.layers`; one file per family."""

from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.layers.activation import *
from layerlab.layers.attention import *
from layerlab.layers.augment import *
from layerlab.layers.conv import *
from layerlab.layers.conv_transpose import *
from layerlab.layers.dense import *
from layerlab.layers.embed import *
from layerlab.layers.identifiers import *
from layerlab.layers.input import *
from layerlab.layers.merge import *
from layerlab.layers.multi_head import *
from layerlab.layers.norm import *
from layerlab.layers.pool import *
from layerlab.layers.preprocess import *
from layerlab.layers.regularize import *
from layerlab.layers.reshape import *
from layerlab.layers.rnn import *
from layerlab.layers.rnn_cells import *
from layerlab.layers.rnn_layers import *
from layerlab.layers.rnn_stack import *
from layerlab.layers.time_wrap import *
from layerlab.layers.wrap import *
