"""Models: Functional, Sequential and subclassed; copies of them, and their text. Imports everything below."""

from layerlab.models.cloning import clone_model
from layerlab.models.functional import Functional, Input
from layerlab.models.model import Model
from layerlab.models.sequential import Sequential
from layerlab.models.text import model_from_json, model_from_yaml
from layerlab.saving.model_file import load_model, save_model

__all__ = [
    "Functional",
    "Input",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "model_from_yaml",
    "save_model",
]
