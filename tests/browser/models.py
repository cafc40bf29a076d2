"""Models that graphs are tried on: as cells written with the public API, and as saved outputs of any size."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

from layerlab.inspect import Edge, ModelGraph, NodeInfo, SummaryTable
from layerlab_jupyter.protocol import MODEL_MIME, VERSION, ModelBundle

__all__ = ["RESNET50", "TRANSFORMER", "chain", "hostile", "node", "saved_output"]

RESNET50 = """
import layerlab as keras
L = keras.layers

def block(x, filters, name, stride=1, conv_shortcut=False):
    shortcut = x
    if conv_shortcut:
        shortcut = L.Conv2D(4 * filters, 1, strides=stride, name=name + "_0_conv")(x)
        shortcut = L.BatchNormalization(name=name + "_0_bn")(shortcut)
    y = L.Conv2D(filters, 1, strides=stride, name=name + "_1_conv")(x)
    y = L.BatchNormalization(name=name + "_1_bn")(y)
    y = L.Activation("relu", name=name + "_1_relu")(y)
    y = L.Conv2D(filters, 3, padding="same", name=name + "_2_conv")(y)
    y = L.BatchNormalization(name=name + "_2_bn")(y)
    y = L.Activation("relu", name=name + "_2_relu")(y)
    y = L.Conv2D(4 * filters, 1, name=name + "_3_conv")(y)
    y = L.BatchNormalization(name=name + "_3_bn")(y)
    y = L.Add(name=name + "_add")([shortcut, y])
    return L.Activation("relu", name=name + "_out")(y)

inputs = keras.Input((224, 224, 3), name="image")
x = L.ZeroPadding2D(3, name="conv1_pad")(inputs)
x = L.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
x = L.BatchNormalization(name="conv1_bn")(x)
x = L.Activation("relu", name="conv1_relu")(x)
x = L.ZeroPadding2D(1, name="pool1_pad")(x)
x = L.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
for stage, (filters, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], 2):
    for b in range(blocks):
        stride = 2 if b == 0 and stage > 2 else 1
        x = block(x, filters, f"conv{stage}_block{b + 1}", stride, conv_shortcut=b == 0)
x = L.GlobalAveragePooling2D(name="avg_pool")(x)
model = keras.Model(inputs, L.Dense(1000, activation="softmax", name="predictions")(x), name="resnet50")
"""

TRANSFORMER = """
import layerlab as keras
L = keras.layers

def encoder(width, heads, name):
    x = keras.Input((None, width), name="tokens")
    attended = L.MultiHeadAttention(heads, width // heads, name="attention")(x, x)
    y = L.LayerNormalization(name="norm_1")(L.Add(name="residual_1")([x, attended]))
    hidden = L.Dense(4 * width, activation="gelu", name="expand")(y)
    z = L.Dropout(0.1, name="dropout")(L.Dense(width, name="contract")(hidden))
    return keras.Model(x, L.LayerNormalization(name="norm_2")(L.Add(name="residual_2")([y, z])), name=name)

tokens = keras.Input((128,), dtype="int32", name="tokens")
x = L.Embedding(5000, 64, name="embedding")(tokens)
for i in range(4):
    x = encoder(64, 4, f"encoder_{i}")(x)
x = L.GlobalAveragePooling1D(name="pool")(x)
model = keras.Model(tokens, L.Dense(2, activation="softmax", name="sentiment")(x), name="transformer")
"""


def chain(count: int, skip: int = 0) -> ModelGraph:
    """`count` layers in a row, with automatic names; an edge past each `skip` of them."""
    nodes = [node(f"dense_{i}" if i else "dense") for i in range(count)]
    pairs = [(i, i + 1) for i in range(count - 1)]
    pairs += [(i, i + skip) for i in range(0, count - skip, skip)] if skip else []
    edges = [Edge(source=nodes[a].id, target=nodes[b].id, label="(None, 4)") for a, b in pairs]
    return ModelGraph(nodes=nodes, edges=edges)


def hostile() -> tuple[ModelGraph, list[str]]:
    """Layers whose names, classes, shapes and settings try to be more than text; and these names."""
    names = [
        "<script>window.hacked = 1</script>",
        "'\"/><img src=x onerror='window.hacked = 1'>",
        "first line\nsecond line",
        "\u202eright to left\u2066",
        "{{constructor.constructor('window.hacked = 1')()}}",
        "__proto__",
        "y" * 10_000,
    ]
    nodes = [
        node(name, class_name=name, output_shape=name, path=name, config={name: name}, family=name)
        for name in names
    ]
    edges = [Edge(source=a, target=b, label=a) for a, b in itertools.pairwise(names)]
    return ModelGraph(nodes=nodes, edges=edges), names


def node(name: str, **changes: Any) -> NodeInfo:
    """A dense layer of this name."""
    fields: dict[str, Any] = {
        "id": name,
        "parent": None,
        "name": name,
        "class_name": "Dense",
        "family": "dense",
        "path": name,
        "output_shape": "(None, 4)",
        "dtype": "float32",
        "parameters": 20,
        "trainable": True,
        "is_group": False,
        "config": {},
        "weights": [],
    }
    return NodeInfo(**(fields | changes))


def saved_output(graph: ModelGraph, name: str) -> dict[str, Any]:
    """The data of a cell that showed such a model, as a notebook holds it."""
    summary = SummaryTable(
        rows=[],
        parameters=0,
        trainable_parameters=0,
        non_trainable_parameters=0,
        optimizer_parameters=0,
        size_bytes=0,
    )
    bundle = ModelBundle(
        version=VERSION,
        kernel_id="",
        model_id="saved",
        name=name,
        class_name="Functional",
        graph=graph,
        summary=summary,
    )
    return {MODEL_MIME: json.loads(json.dumps(dataclasses.asdict(bundle))), "text/plain": "a model"}
