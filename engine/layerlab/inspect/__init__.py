"""Looking at a model without changing it: records of its graph and summary, and pictures of them."""

from layerlab.inspect.graph import describe_graph, operations_of
from layerlab.inspect.records import (
    Edge,
    LayerDetails,
    ModelGraph,
    NodeInfo,
    SummaryRow,
    SummaryTable,
    WeightStatistics,
)
from layerlab.inspect.revision import revision
from layerlab.inspect.summary import print_summary, summarize
from layerlab.inspect.svg import graph_svg
from layerlab.inspect.weights import describe_layer, weight_statistics

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
