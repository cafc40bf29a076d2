"""Looking at a model without changing it: records of its graph and summary, and pictures of them."""

from layerlab.inspect.graph import describe_graph, operations_of
from layerlab.inspect.layer_weights import describe_layer, weight_statistics
from layerlab.inspect.model_revision import revision
from layerlab.inspect.records import (
    Edge,
    LayerDetails,
    ModelGraph,
    NodeInfo,
    SummaryRow,
    SummaryTable,
    WeightStatistics,
)
from layerlab.inspect.summary import print_summary, summarize
from layerlab.inspect.svg_picture import graph_svg

__all__ = [
    "Edge",
    "LayerDetails",
    "ModelGraph",
    "NodeInfo",
    "SummaryRow",
    "SummaryTable",
    "WeightStatistics",
    "describe_graph",
    "describe_layer",
    "graph_svg",
    "operations_of",
    "print_summary",
    "revision",
    "summarize",
    "weight_statistics",
]
