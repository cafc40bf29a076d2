"""Graphs of layers as configs and back, those of older Keras too: what models and their files both need."""
