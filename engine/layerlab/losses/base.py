"""Loss: what every loss does around its own formula, and the wrapper that makes a loss of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from layerlab import dtypes, ops, tree
from layerlab.backend.protocol import Array
from layerlab.core.config import Configurable, deserialize_keras_object, serialize_keras_object
from layerlab.core.masking import get_mask
from layerlab.core.naming import auto_name
from layerlab.core.registry import share_arguments
from layerlab.dtypes import PolicyLike
from layerlab.errors import UnsupportedError, explain
from layerlab.losses.arguments import SHARED_ARGUMENTS
from layerlab.losses.loss_arrays import as_array, returned
from layerlab.losses.reduction import reduce_weighted, squeeze_or_expand_to_same_rank, standardize_reduction
from layerlab.typing import TensorLike, Tree

__all__ = ["Loss", "LossFunctionWrapper"]

share_arguments("losses", SHARED_ARGUMENTS)


class Loss(Configurable):
    """Base of all losses: write `call(y_true, y_pred)`, and the loss does the rest.

    `call` gives one value per sample, (batch,), or per sample and place, (batch, ...).
    The loss casts labels and predictions before, and applies weights, masks and the
    reduction after it.

    Args:
        name: by which messages and configs call the loss. None makes one from the name
            of the class.
    Call: `loss(y_true, y_pred, sample_weight=None)`; weights are (batch,), or of the
    shape of the values. A mask on the predictions hides their padding.
    Raises: InvalidArgumentError for an unknown reduction; ShapeError for weights that
    do not fit the values.

    Example:
        >>> class Distance(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.mean(ops.abs(y_true - y_pred), axis=-1)
        >>> float(Distance()([[1.0], [2.0]], [[1.0], [4.0]]))
        1.0
        >>> Distance(reduction="none")([[1.0], [2.0]], [[1.0], [4.0]]).tolist()
        [0.0, 2.0]
    """

    registry_kind = "losses"
    not_in_config: ClassVar[tuple[str, ...]] = ("dtype",)  # as Keras writes it

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: PolicyLike = None
    ) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype = dtypes.as_policy(dtype or dtypes.standardize_dtype(None)).compute_dtype

    @property
    def dtype(self) -> str:
        """The dtype that labels and predictions are cast to."""
        return self._dtype

    def call(self, y_true: Any, y_pred: Any) -> Array:
        """The values before reduction: one per sample, or per sample and place.

        Args:
            y_true, y_pred: labels and predictions in the dtype of the loss.
        """
        raise UnsupportedError(
            explain(f"{type(self).__name__} has no formula.", fix="implement call(self, y_true, y_pred)")
        )

    def __call__(
        self,
        y_true: Tree[TensorLike],
        y_pred: Tree[TensorLike],
        sample_weight: Tree[TensorLike] | None = None,
    ) -> Array:
        """The loss of one batch, reduced to a number unless `reduction` is None.

        Args:
            y_true, y_pred: arrays, or nested structures of them if `call` takes such. A
                mask on `y_pred` hides its padding.
            sample_weight: one weight per sample, (batch,), or per value of `call`.
        Raises: ShapeError for weights that do not fit.
        """
        mask = get_mask(y_pred)
        values = self.call(self._in_loss_dtype(y_true), self._in_loss_dtype(y_pred))
        mask = _both(mask, get_mask(values))
        return reduce_weighted(
            self._in_loss_dtype(values), self._in_loss_dtype(sample_weight), mask, self.reduction
        )

    def _in_loss_dtype(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, dict):
            return {key: self._in_loss_dtype(item) for key, item in value.items()}
        if isinstance(value, list | tuple) and not _is_numbers(value):
            return [self._in_loss_dtype(item) for item in value]
        return as_array(value, self._dtype)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class LossFunctionWrapper(Loss):
    """A loss made of a function: `fn(y_true, y_pred, **kwargs)`, one value per sample.

    `compile(loss=fn)` makes one of each function; with a LossFunctionWrapper one
    chooses the reduction and arguments of `fn`.

    Args:
        fn: function of layerlab.losses, or any other; it gets labels and predictions of
            the same rank where a last axis of size 1 is all that they differ by.
        name: by which messages and configs call the loss. None makes one from the name
            of the class.
        **kwargs: passed to `fn`; kept as attributes and in the config.

    Example:
        >>> def power(y_true, y_pred, p=2):
        ...     return ops.mean(ops.abs(y_true - y_pred) ** p, axis=-1)
        >>> float(LossFunctionWrapper(power, p=3)([[0.0], [0.0]], [[1.0], [2.0]]))
        4.5
    """

    def __init__(
        self,
        fn: Callable[..., Array],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: PolicyLike = None,
        **kwargs: object,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        vars(self).update(kwargs)  # a config is read from attributes

    def call(self, y_true: Any, y_pred: Any) -> Array:
        """The values of `fn`, for labels and predictions whose ranks are made equal.

        Args:
            y_true, y_pred: labels and predictions, or nested structures as `fn` takes
                them.
        Raises: InvalidArgumentError if `fn` gives None.
        """
        if tree.is_nested(y_true) or tree.is_nested(y_pred):
            if tree.same_structure(y_true, y_pred):
                pairs = [
                    squeeze_or_expand_to_same_rank(*p)
                    for p in zip(tree.flatten(y_true), tree.flatten(y_pred))
                ]
                y_true = tree.pack(y_true, [first for first, _ in pairs])
                y_pred = tree.pack(y_pred, [second for _, second in pairs])
        elif y_true is not None:
            y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        return returned(self.fn(y_true, y_pred, **self._fn_kwargs), f"The loss function '{self.name}'")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a function as Keras writes it."""
        config = super().get_config()
        if "fn" in config:  # not one of the subclasses, which bring their own function
            config |= {"fn": serialize_keras_object(self.fn), **serialize_keras_object(self._fn_kwargs)}
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The loss of a config, the inverse of `get_config`.

        Args:
            config: constructor arguments; a function as `get_config` writes it.
        """
        return super().from_config(deserialize_keras_object(config) if "fn" in config else config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, kwargs={self._fn_kwargs}>"


def _is_numbers(value: object) -> bool:
    """True for a (nested) list of Python numbers: an array, not a structure of arrays."""
    while isinstance(value, list | tuple) and len(value):
        value = value[0]
    return isinstance(value, int | float | np.generic)


def _both(first: object, second: object) -> Any:
    if first is None or second is None:
        return second if first is None else first
    return ops.logical_and(first, second)
