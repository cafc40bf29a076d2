"""`ops.image`: images resized and moved.

Images are (height, width, channels) or (batch, height, width, channels), or with the channels before height
and width with data_format "channels_first"; data_format None is the setting's.
"""

from layerlab.ops.image.affine import *
from layerlab.ops.image.colors import *
from layerlab.ops.image.resizing import *
