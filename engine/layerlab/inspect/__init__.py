"""Looking at a model without changing it: records of its graph and summary, and pictures of them."""

from layerlab.inspect.graph import describe_graph
from layerlab.inspect.records import Edge, ModelGraph, NodeInfo, SummaryRow, SummaryTable
from layerlab.inspect.revision import revision
from layerlab.inspect.summary import print_summary, summarize
from layerlab.inspect.svg import graph_svg

__all__ = [
    "Edge",
    "ModelGraph",
    "NodeInfo",
    "SummaryRow",
    "SummaryTable",
    "describe_graph",
    "graph_svg",
    "print_summary",
    "revision",
    "summarize",
]
