"""What numbers the constructors of layers, losses, optimizers and so on take: one table for all of them.

`Configurable` looks a class's arguments up here before its own constructor runs. An argument that is no
number by nature (a name, a function) is not here; one that may be a number or something else is checked where
it is a number, text, or a list.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layerlab.errors import InvalidArgumentError, explain

__all__ = [
    "FINITE_STRENGTH",
    "FRACTION",
    "NOT_NEGATIVE",
    "POSITIVE_INTEGER",
    "RANGES",
    "Range",
    "check_arguments",
    "range_of",
]


@dataclass(frozen=True)
class Range:
    """The values that an argument may have.

    Args:
        text: how it is called in errors.
        low, high: the limits, which belong to the range unless `open_low`, `open_high`.
        is_integer: no fractions.
        several: or a (nested) list or tuple of such numbers.
        also: a number beside the range that has a meaning of its own.
    """

    text: str
    low: float = -np.inf
    high: float = np.inf
    open_low: bool = False
    open_high: bool = False
    is_integer: bool = False
    several: bool = False
    also: float | None = None

    def check(self, owner: str, name: str, value: object) -> None:
        """Raise InvalidArgumentError that names the class and the argument, unless `value` is in the range.

        None, arrays and other objects are let through: the constructor knows whether they mean something.
        """
        if not self._holds(_scalar(value)):
            self._refuse(owner, name, value)

    def require(self, owner: str, name: str, value: object) -> None:
        """Like `check`, but only a number will do: arrays and objects are refused."""
        if not isinstance(value, numbers.Real) or not self._holds(value):
            self._refuse(owner, name, value)

    def _refuse(self, owner: str, name: str, value: object) -> None:
        raise InvalidArgumentError(
            explain(
                f"{owner} got a bad `{name}`.",
                expected=self.text,
                got=repr(value)[:80],
                fix=self._meant(name, value),
            )
        )

    def _holds(self, value: object) -> bool:
        if isinstance(value, list | tuple):
            return self.several and all(map(self._holds, value))
        if isinstance(value, bool | np.bool_ | str | bytes | complex):
            return False
        if not isinstance(value, numbers.Real):
            return True
        if self.is_integer and not isinstance(value, numbers.Integral):
            return False
        if value == self.also:
            return True
        number = float(value)
        above = self.low < number if self.open_low else self.low <= number
        return above and (number < self.high if self.open_high else number <= self.high)

    def _meant(self, name: str, value: object) -> str:
        """The argument as it was probably meant: 64 for 64.0 or '64'."""
        plain = str(value).removesuffix(".0")
        is_number = self.is_integer and isinstance(value, float | str) and plain.isdecimal()
        return f"{name}={plain}" if is_number and self._holds(int(plain)) else ""


def _scalar(value: object) -> Any:
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


NUMBER = Range("a number")
NUMBERS = Range("a number, or a list of numbers", several=True)
NOT_NEGATIVE = Range("a number of at least 0", 0)
FINITE_STRENGTH = Range("a finite number of at least 0", 0, open_high=True)
POSITIVE = Range("a number of more than 0", 0, open_low=True)
NOT_POSITIVE = Range("a number of at most 0", high=0)
FRACTION = Range("a number from 0 to 1", 0, 1)
FRACTIONS = replace(FRACTION, text="a number from 0 to 1, or a list of them", several=True)
BELOW_ONE = Range("a number of at least 0 and less than 1", 0, 1, open_high=True)
WEIGHTS = Range("a number of at least 0, or a list of them", 0, several=True)
INTEGER = Range("an integer", is_integer=True)
INTEGERS = Range("an integer, or a list of integers", is_integer=True, several=True)
COUNT = Range("an integer of at least 0", 0, is_integer=True)
COUNTS = Range("an integer of at least 0, or a list of them", 0, is_integer=True, several=True)
POSITIVE_INTEGER = Range("a positive integer", 1, is_integer=True)
POSITIVE_INTEGERS = Range("a positive integer, or a list of them", 1, is_integer=True, several=True)

# By name of the argument; what the same name means in one family only is below, by class.
_NAMES: tuple[tuple[Range, str], ...] = (
    (
        POSITIVE_INTEGER,
        """batch_size depth_multiplier dynamic_growth_steps filters head_dim height input_dim k key_dim n
        ns_steps num_classes num_heads num_key_value_heads num_labels num_query_heads num_thresholds
        output_dim power_iterations sliding_window top_k units value_dim width""",
    ),
    (POSITIVE_INTEGERS, "dilation_rate groups kernel_size output_size pool_size size strides"),
    (COUNT, "class_id ema_overwrite_frequency num_oov_indices num_regressors start_from_epoch"),
    (COUNTS, "cropping output_padding target_class_ids"),
    (INTEGER, "ignore_class"),
    (INTEGERS, "attention_axes axes axis dims input_axes output_axes shared_axes"),
    (
        FRACTION,
        """dropout ema_momentum label_smoothing margin momentum precision rate recall recurrent_dropout
        renorm_momentum rho sensitivity specificity""",
    ),
    (FRACTIONS, "thresholds"),
    (BELOW_ONE, "adam_beta_1 adam_beta_2 beta_1 beta_2"),
    (
        NOT_NEGATIVE,
        """adam_lr_ratio adam_weight_decay alpha beta clipnorm clipvalue cooldown decay_rate
        end_learning_rate epsilon epsilon_1 epsilon_2 factor gamma global_clipnorm initial_accumulator_value
        initial_learning_rate l1_regularization_strength l2_regularization_strength
        l2_shrinkage_regularization_strength max_value min_lr min_value negative_slope patience
        power rms_rate stddev warmup_steps warmup_target weight_decay""",
    ),
    (FINITE_STRENGTH, "l1 l2"),
    (
        replace(NOT_NEGATIVE, text="a number of at least 0, a LearningRateSchedule, or a function"),
        "learning_rate",
    ),
    (NOT_POSITIVE, "learning_rate_power"),
    (
        POSITIVE,
        """clip_threshold decay_steps delta first_decay_steps initial_scale logit_soft_cap loss_scale_factor
        m_mul t_mul""",
    ),
    (
        NUMBER,
        """baseline beta_2_decay fill_value gain initial_value_threshold mask_value maxval min_delta minval
        muon_a muon_b muon_c threshold""",
    ),
    (NUMBERS, "boundaries mean offset value values variance"),
    (WEIGHTS, "label_weights"),
    (Range("None or an integer of at least 2", 2, is_integer=True, also=0), "gradient_accumulation_steps"),
)
RANGES: dict[str, Range] = {name: found for found, names in _NAMES for name in names.split()}
_IN_CLASS: dict[tuple[str, str], Range | None] = {
    ("Hashing", "mask_value"): None,  # a text or an integer, as what is hashed
    ("AUC", "num_thresholds"): Range("an integer of at least 2", 2, is_integer=True),
    ("AUC", "thresholds"): NUMBERS,
    ("BinaryFocalCrossentropy", "alpha"): FRACTION,
    ("CategoricalFocalCrossentropy", "alpha"): WEIGHTS,
    ("CategoricalGeneralizedCrossEntropy", "q"): Range(
        "a number, 0 < q < 1", 0, 1, open_low=True, open_high=True
    ),
    ("Circle", "gamma"): POSITIVE,
    ("ELU", "alpha"): NUMBER,
    ("FBetaScore", "beta"): POSITIVE,
    ("GroupNormalization", "groups"): Range(
        "a positive integer, or -1 for one group for each channel", 1, is_integer=True, also=-1
    ),
    ("ImageLayer", "factor"): NUMBERS,
    ("IntegerLookup", "mask_token"): INTEGER,
    ("IntegerLookup", "oov_token"): INTEGER,
    ("ReduceLROnPlateau", "factor"): BELOW_ONE,
    ("ReLU", "threshold"): NOT_NEGATIVE,
    ("Rescaling", "scale"): NUMBERS,
    ("Solarization", "addition_factor"): FRACTIONS,
    ("Solarization", "threshold_factor"): FRACTIONS,
    ("VarianceScaling", "scale"): POSITIVE,
    **{(f"ZeroPadding{rank}D", "padding"): COUNTS for rank in (1, 2, 3)},
}


def range_of(cls: type, name: str) -> Range | None:
    """What the table says of an argument of a built-in class; None if nothing."""
    for base in cls.__mro__:
        if (base.__name__, name) in _IN_CLASS:
            return _IN_CLASS[base.__name__, name]
    return RANGES.get(name)


def check_arguments(cls: type, arguments: Mapping[str, Any]) -> None:
    """Raise InvalidArgumentError for the first argument that is outside of its range.

    Args:
        cls: a built-in class, or one that takes a built-in class's constructor as it is.
    """
    for name, value in arguments.items():
        if value is not None and (found := range_of(cls, name)) is not None:
            found.check(cls.__name__, name, value)
