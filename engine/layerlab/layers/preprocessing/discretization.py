"""Numbers as the bins they fall in."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.arguments import FRACTION, POSITIVE_INTEGER
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import DataError, EmptyDataError, InvalidArgumentError, NotAdaptedError, explain
from layerlab.layers.preprocessing.batches import batches_of, is_one_array
from layerlab.layers.preprocessing.encode import as_mode, encode, encoded_shape, refuse_sparse
from layerlab.layers.preprocessing.host_layer import ListLayer
from layerlab.layers.preprocessing.host_values import plain_values
from layerlab.layers.preprocessing.quantiles import boundaries, empty_summary, merged, summary_of
from layerlab.typing import DTypeLike

__all__ = ["Discretization"]


class Discretization(ListLayer):
    """The number of the bin that each number falls in.

    Bin 0 lies below the first boundary, bin i from boundary i - 1 up to, not including,
    boundary i. Boundaries are given, or learned by `adapt` so that the bins hold about
    as many of the data each. It computes in the compiled step.

    Args:
        bin_boundaries: the boundaries, in ascending order; None learns them.
        num_bins: how many bins `adapt` shall make. Either this or `bin_boundaries`.
        epsilon: how far the shares of the data in the bins may be off, at about the
            memory of 1 / epsilon numbers.
        output_mode: "int"; "one_hot", a vector of the bins for each number; "multi_hot"
            or "count", one for each sample (the last axis).
        sparse: False; sparse results do not exist here.
    Input shape: any
    Output shape: as the input for "int", of int32; (..., bins) else, floating
    Raises: InvalidArgumentError for both or neither of `bin_boundaries` and `num_bins`;
    NotAdaptedError for a call before there are boundaries.

    Example:
        >>> import numpy as np
        >>> Discretization(bin_boundaries=[0.0, 1.0, 2.0])(np.array([-1.5, 1.0, 3.4])).tolist()
        [0, 2, 3]
        >>> layer = Discretization(num_bins=2)
        >>> layer.adapt(np.array([1.0, 2.0, 7.0, 9.0]))
        >>> layer(np.array([1.5, 8.0])).tolist()
        [0, 1]
    """

    def __init__(
        self,
        bin_boundaries: object = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: DTypeLike = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        if (bin_boundaries is None) == (num_bins is None):
            raise InvalidArgumentError(
                explain(
                    "Discretization takes either `bin_boundaries` or `num_bins`.",
                    got="neither" if num_bins is None else "both",
                )
            )
        self.output_mode = as_mode(output_mode, ("int", "one_hot", "multi_hot", "count"), "Discretization")
        self.sparse = refuse_sparse(sparse, "Discretization")
        self.bin_boundaries = None if bin_boundaries is None else _ascending(bin_boundaries)
        if num_bins is not None:
            POSITIVE_INTEGER.require("Discretization", "num_bins", num_bins)
        self.num_bins = num_bins
        FRACTION.require("Discretization", "epsilon", epsilon)
        self.epsilon = epsilon

    def adapt(self, data: object, steps: int | None = None) -> None:
        """Learn the boundaries, which are quantiles of the data, in one pass.

        Args:
            data: an array or column, or an iterable of batches: x, or (x, y), of which
                x counts. What was learned before is replaced.
            steps: how many batches are taken; None is all.
        Raises: InvalidArgumentError if the boundaries were given; DataError for NaN,
            infinity or texts, and EmptyDataError for no data: nothing changes then.
        """
        if self.num_bins is None:
            raise InvalidArgumentError(
                explain(f"{self.describe()} has given boundaries.", fix="give num_bins to learn them")
            )
        summary = empty_summary()
        for batch in [data] if is_one_array(data) else batches_of(data, steps, self.describe()):
            values = plain_values(batch, self.describe())
            if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
                raise DataError(
                    explain(
                        f"{self.describe()} cannot adapt to this.",
                        expected="finite numbers",
                        got=str(values.dtype) if values.dtype.kind not in "biuf" else "NaN or infinity",
                        fix="drop these rows, or fill them in",
                    )
                )
            summary = merged(summary_of(values.astype("float32"), self.epsilon), summary, self.epsilon)
        if not summary.size:
            raise EmptyDataError(
                explain(f"{self.describe()} cannot adapt to no data.", expected="at least one number")
            )
        self.bin_boundaries = boundaries(summary, self.num_bins)

    def call(self, inputs: Array) -> Array:
        if self.bin_boundaries is None:
            raise NotAdaptedError(
                explain(f"{self.describe()} has no boundaries yet.", fix="layer.adapt(data) learns them")
            )
        bins = ops.digitize(inputs, np.asarray(self.bin_boundaries, "float32"))
        dtype = "int32" if self.output_mode == "int" else self.compute_dtype
        return encode(bins, self.output_mode, len(self.bin_boundaries) + 1, dtype)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> KerasTensor:
        """A KerasTensor like the output, also before `adapt`.

        Args:
            *args, **kwargs: a KerasTensor.
        """
        shape = (*args, *kwargs.values())[0].shape
        if self.output_mode == "int":
            return KerasTensor(shape, "int32")
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return KerasTensor(encoded_shape(shape or (1,), self.output_mode, depth), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the output.

        Args:
            input_shape: a tuple, None where a size is open.
        """
        return self.compute_output_spec(KerasTensor(input_shape)).shape

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer of a config that `get_config` gave, with what it had learned.

        Args:
            config: a dict of the constructor's arguments.
        """
        if config.get("num_bins") is None or config.get("bin_boundaries") is None:
            return super().from_config(config)
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = _ascending(config["bin_boundaries"])
        return layer


def _ascending(given: object) -> list[float]:
    values = plain_values(given, "Discretization(bin_boundaries)")
    if (
        values.ndim != 1
        or values.dtype.kind not in "biuf"
        or (np.diff(values) < 0).any()
        or np.isnan(values).any()
    ):
        raise InvalidArgumentError(
            explain(
                "Discretization got bad `bin_boundaries`.",
                expected="numbers in ascending order",
                got=str(given)[:80],
            )
        )
    found: list[float] = values.tolist()
    return found
