"""layerlab: build, train and understand neural networks (filled by the package's public names)."""

__version__ = "0.1.0"
