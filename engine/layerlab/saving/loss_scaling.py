"""Loss scaling in the compile arguments of a file.

`compile` puts a LossScaleOptimizer around the optimizer if the policy of the process is mixed_float16, and a
config does not tell. Where a file is loaded under another policy, its state would fit no optimizer.
"""

from __future__ import annotations

from typing import Any

__all__ = ["has_scaled_state", "with_loss_scaling"]

_CLASS = "LossScaleOptimizer"


def has_scaled_state(weights: Any) -> bool:
    """Whether the optimizer whose state is in this HDF5 file scaled the loss."""
    return "optimizer/inner_optimizer" in weights


def with_loss_scaling(config: dict[str, Any]) -> dict[str, Any]:
    """The config of a model, with a LossScaleOptimizer around the optimizer that it was compiled with."""
    compile_config = config.get("compile_config")
    optimizer = compile_config.get("optimizer") if isinstance(compile_config, dict) else None
    if not isinstance(optimizer, dict) or optimizer.get("class_name") == _CLASS:
        return config
    scaled = {
        "module": "keras.optimizers",
        "class_name": _CLASS,
        "config": {"name": "loss_scale_optimizer", "inner_optimizer": optimizer},
        "registered_name": None,
    }
    return {**config, "compile_config": {**compile_config, "optimizer": scaled}}  # type: ignore[dict-item]
