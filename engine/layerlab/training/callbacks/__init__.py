"""Callbacks: what one may do at the begin and end of training, epochs and batches."""

from layerlab.training.callbacks.callback import Callback, CallbackList
from layerlab.training.callbacks.checkpoint import ModelCheckpoint
from layerlab.training.callbacks.history import CSVLogger, History
from layerlab.training.callbacks.progress import ProgbarLogger
from layerlab.training.callbacks.rules import EarlyStopping, LambdaCallback, TerminateOnNaN
from layerlab.training.callbacks.schedule import LearningRateScheduler, ReduceLROnPlateau

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
