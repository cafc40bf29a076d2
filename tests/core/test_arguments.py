"""Arguments that cannot be meant are refused when the object is made, by name, whatever family it is of."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from layerlab import callbacks, constraints, initializers, layers, losses, metrics, optimizers, regularizers
from layerlab.errors import InvalidArgumentError
from layerlab.optimizers import schedules

FAMILIES = {
    "layers": layers,
    "losses": losses,
    "metrics": metrics,
    "optimizers": optimizers,
    "schedules": schedules,
    "regularizers": regularizers,
    "constraints": constraints,
    "initializers": initializers,
    "callbacks": callbacks,
}
NAN = float("nan")
BAD: tuple[tuple[tuple[Any, ...], str], ...] = (  # values, and the arguments that they are wrong for
    (
        (0, -1, 2.5, "3", True),
        """batch_size depth_multiplier dilation_rate dynamic_growth_steps filters groups head_dim height
        input_dim k kernel_size key_dim n ns_steps num_classes num_heads num_key_value_heads num_labels
        num_query_heads output_dim output_size pool_size power_iterations size sliding_window strides top_k
        units value_dim width""",
    ),
    ((0, 1.5, "two"), "num_thresholds"),
    (
        (-1, 0.5, "1"),
        """class_id cropping ema_overwrite_frequency num_oov_indices num_regressors output_padding
        start_from_epoch target_class_ids""",
    ),
    ((0.5, "all", True), "attention_axes axes axis dims ignore_class shared_axes"),
    (
        (-0.1, 2, "half", NAN, [0.5], True),
        """dropout ema_momentum label_smoothing margin momentum precision rate recall recurrent_dropout
        renorm_momentum rho sensitivity specificity""",
    ),
    ((-0.1, 2, "half", NAN), "thresholds"),
    ((-0.1, 1, "0.9"), "adam_beta_1 adam_beta_2 beta_1 beta_2 q"),
    (
        (-0.1, "some", NAN, True),
        """adam_lr_ratio adam_weight_decay alpha beta clipnorm clipvalue cooldown decay_rate
        end_learning_rate epsilon epsilon_1 epsilon_2 factor gamma global_clipnorm initial_accumulator_value
        initial_learning_rate l1 l1_regularization_strength l2 l2_regularization_strength
        l2_shrinkage_regularization_strength learning_rate max_value min_lr min_value negative_slope patience
        power rms_rate stddev warmup_steps warmup_target weight_decay""",
    ),
    ((0.1, "some"), "learning_rate_power"),
    (
        (0, -1, "some", True),
        """clip_threshold decay_steps delta first_decay_steps initial_scale logit_soft_cap loss_scale_factor
        m_mul t_mul""",
    ),
    ((1, -2, 2.5, "4"), "gradient_accumulation_steps"),
    (
        ("some", True),
        """baseline beta_2_decay boundaries fill_value gain initial_value_threshold mask_value maxval mean
        min_delta minval muon_a muon_b muon_c offset scale threshold value values variance""",
    ),
    ((-1, "heavy", [-1.0, 1.0]), "label_weights"),
    (("text", 3), "schedule"),
)
BY_NAME = {name: values for values, names in BAD for name in names.split()}
IN_CLASS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("GroupNormalization", "groups"): (0, -2, 1.5, "2"),
    ("IntegerLookup", "mask_token"): (0.5, "0"),
    ("IntegerLookup", "oov_token"): (0.5, "-1", True),
    ("ELU", "alpha"): ("some", True),
    ("BinaryFocalCrossentropy", "alpha"): (-0.1, 1.5, "some"),
    ("RandomRotation", "factor"): (-1.1, 1.5, "some", True),
    ("RandomBrightness", "factor"): (-1.1, 1.5, "some", True),
    ("RandomContrast", "factor"): (-0.1, 1.5, "some", True),
    ("RandomGrayscale", "factor"): (-0.1, 1.5, "some", True),
    ("RandomHue", "factor"): (-0.1, 1.5, "some", True),
    ("RandomInvert", "factor"): (-0.1, 1.5, "some", True),
    ("RandomSaturation", "factor"): (-1.1, 1.5, "some", True),
    ("ReduceLROnPlateau", "factor"): (-0.1, 1.0, "some"),
    ("Solarization", "addition_factor"): (-0.1, 1.5, "some", True),
    ("Solarization", "threshold_factor"): (-0.1, 1.5, "some", True),
    ("VarianceScaling", "scale"): (0, -1, "some"),
    ("ZeroPadding1D", "padding"): (-1, 0.5, "same"),
    ("ZeroPadding2D", "padding"): (-1, (1, -1), "same"),
    ("ZeroPadding3D", "padding"): (-1, 0.5, "same"),
    ("ReLU", "threshold"): (-1, "some"),
    ("AUC", "num_thresholds"): (1, 0, 2.5),
    ("AUC", "thresholds"): ("half",),
}
NOT_HERE = {  # numbers by default, but checked elsewhere or not limited
    ("Hashing", "mask_value"),
    ("BatchNormalization", "scale"), ("GroupNormalization", "scale"), ("LayerNormalization", "scale"),
}  # fmt: skip
REQUIRED: dict[str, dict[str, Any]] = {
    "units": {"units": 3}, "filters": {"filters": 2}, "kernel_size": {"kernel_size": 1},
    "rate": {"rate": 0.5}, "input_dim": {"input_dim": 3},
    "output_dim": {"output_dim": 2}, "num_heads": {"num_heads": 2},
    "key_dim": {"key_dim": 2}, "head_dim": {"head_dim": 2}, "num_query_heads": {"num_query_heads": 2},
    "num_key_value_heads": {"num_key_value_heads": 1}, "pool_size": {"pool_size": 2},
    "output_size": {"output_size": 2}, "n": {"n": 2}, "height": {"height": 2}, "width": {"width": 2},
    "factor": {"factor": 0.1}, "height_factor": {"height_factor": 0.1},
    "width_factor": {"width_factor": 0.1}, "scale": {"scale": 2.0},
    "stddev": {"stddev": 0.1}, "axes": {"axes": 1}, "dims": {"dims": (2, 1)},
    "num_classes": {"num_classes": 2}, "target_class_ids": {"target_class_ids": [0]},
    "specificity": {"specificity": 0.5}, "sensitivity": {"sensitivity": 0.5}, "recall": {"recall": 0.5},
    "precision": {"precision": 0.5}, "learning_rate": {"learning_rate": 0.1},
    "initial_learning_rate": {"initial_learning_rate": 0.1}, "decay_steps": {"decay_steps": 5},
    "decay_rate": {"decay_rate": 0.5}, "first_decay_steps": {"first_decay_steps": 5},
    "boundaries": {"boundaries": [1, 2]}, "values": {"values": [0.3, 0.2, 0.1]},
    "layer": {"layer": layers.Dense(2)}, "inner_optimizer": {"inner_optimizer": optimizers.SGD()},
    "schedule": {"schedule": abs}, "filepath": {"filepath": "m.keras"}, "equation": {"equation": "ab,bc->ac"},
    "output_shape": {"output_shape": (2,)}, "target_shape": {"target_shape": (2,)},
    "activation": {"activation": "relu"}, "function": {"function": abs}, "fn": {"fn": abs},
    "cell": {"cell": layers.LSTMCell(2)}, "cells": {"cells": [layers.LSTMCell(2)]},
    "filename": {"filename": "log.csv"}, "backup_dir": {"backup_dir": "b"},
}  # fmt: skip
SKIPPED = {"CallbackList", "InputSpec"}


def classes() -> Iterator[type]:
    for family in FAMILIES.values():
        for name, cls in sorted(vars(family).items()):
            if (
                inspect.isclass(cls)
                and cls.__name__ == name
                and name not in SKIPPED
                and cls.__module__.startswith("layerlab")
                and not issubclass(cls, Exception)
            ):
                yield cls


def cases() -> Iterator[Any]:
    for cls in classes():
        for name in inspect.signature(cls).parameters:
            if (cls.__name__, name) not in NOT_HERE and (
                bad := IN_CLASS.get((cls.__name__, name), BY_NAME.get(name))
            ):
                yield pytest.param(cls, name, bad, id=f"{cls.__module__.split('.')[1]}-{cls.__name__}-{name}")


def make(cls: type, **arguments: Any) -> Any:
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.default is parameter.empty and name in REQUIRED:
            given |= REQUIRED[name]
    return cls(**{**given, **arguments})


@pytest.mark.parametrize(("cls", "name", "values"), tuple(cases()))
def test_an_argument_that_cannot_be_meant_is_refused_by_name(cls: type, name: str, values: Any) -> None:
    for value in values:
        with pytest.raises(InvalidArgumentError) as refused:
            make(cls, **{name: value})
        message = str(refused.value)
        assert cls.__name__ in message and f"`{name}`" in message, message
        assert "Expected: " in message and f"Got: {value!r}" in message, message


def test_every_number_that_a_constructor_takes_is_in_the_table() -> None:
    left = {
        (cls.__name__, name)
        for cls in classes()
        for name, parameter in inspect.signature(cls).parameters.items()
        if isinstance(parameter.default, int | float)
        and not isinstance(parameter.default, bool)
        and name not in BY_NAME
        and (cls.__name__, name) not in IN_CLASS
        and name != "verbose"
    }
    assert not left


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (layers.Dense, {"units": np.int64(3)}),
        (layers.GroupNormalization, {"groups": -1}),
        (layers.Dropout, {"rate": 1}),
        (layers.Dropout, {"rate": np.float32(0.5)}),
        (layers.BatchNormalization, {"momentum": 1, "epsilon": 0}),
        (layers.LayerNormalization, {"axis": [1, 2]}),
        (layers.Normalization, {"axis": None}),
        (layers.Rescaling, {"scale": [0.5, 2.0], "offset": -1}),
        (layers.ReLU, {"max_value": None, "negative_slope": np.float32(0.3)}),
        (layers.Conv2D, {"filters": np.int32(2), "kernel_size": (np.int64(3), 1), "strides": [2, 2]}),
        (layers.ZeroPadding2D, {"padding": ((0, 1), (2, 0))}),
        (losses.CategoricalFocalCrossentropy, {"alpha": [0.5, 0.25], "label_smoothing": 1}),
        (metrics.Precision, {"thresholds": [0, 0.5, 1]}),
        (metrics.BinaryAccuracy, {"threshold": 0.0}),
        (optimizers.Adam, {"learning_rate": 0, "weight_decay": None, "clipnorm": 1}),
        (optimizers.Adam, {"learning_rate": schedules.ExponentialDecay(0.1, 10.5, 0.9)}),
        (optimizers.Adam, {"learning_rate": lambda: 0.1}),
        (optimizers.SGD, {"learning_rate": np.float32(0.1), "gradient_accumulation_steps": None}),
        (initializers.RandomNormal, {"mean": -1, "stddev": 0}),
        (initializers.Constant, {"value": [[1.0, 2.0]]}),
        (constraints.MaxNorm, {"max_value": 2, "axis": [0, 1]}),
        (callbacks.EarlyStopping, {"min_delta": -0.1, "baseline": -3, "patience": 0}),
        (callbacks.ReduceLROnPlateau, {"factor": 0.5, "min_lr": 0}),
    ],
)
def test_what_makes_sense_is_taken(cls: type, arguments: dict[str, Any]) -> None:
    assert make(cls, **arguments) is not None


def test_a_near_integer_is_named_as_it_was_meant() -> None:
    with pytest.raises(InvalidArgumentError, match=r"(?s)Got: 64\.0.*Fix: units=64"):
        layers.Dense(64.0)  # type: ignore[arg-type]


def test_a_class_of_ones_own_may_give_a_name_another_meaning() -> None:
    class Noisy(layers.LSTM):
        def __init__(self, rate: float, **rest: Any) -> None:
            super().__init__(4, **rest)
            self.times = rate

    assert Noisy(rate=40).times == 40
    with pytest.raises(InvalidArgumentError, match="Noisy got a bad `dropout`"):
        Noisy(rate=40, dropout=2)


def test_hooks_that_are_no_functions_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="`on_epoch_end`"):
        callbacks.LambdaCallback(on_epoch_end="print")  # type: ignore[arg-type]
