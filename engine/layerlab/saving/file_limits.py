"""How large the parts of a `.keras` file may be. A file over a limit is refused, whatever it holds.

Python objects take up to twenty-five times the bytes of the JSON text they are read from: that sets the
limit of the config. A chain of 5,000 layers takes 8 MiB.
"""

from __future__ import annotations

__all__ = [
    "MAX_ASSETS_BYTES",
    "MAX_CONFIG_BYTES",
    "MAX_DIRECTORY_BYTES",
    "MAX_EXPANSION",
    "MAX_MEMBERS",
    "MAX_METADATA_BYTES",
    "SMALL_BYTES",
    "weights_allowed",
]

MAX_MEMBERS = 10_000
MAX_DIRECTORY_BYTES = 4 * 2**20  # of the zip file's list of members
MAX_CONFIG_BYTES = 32 * 2**20
MAX_METADATA_BYTES = 2**20
MAX_ASSETS_BYTES = 2**30  # all together
MAX_EXPANSION = 100  # of a compressed member; text of layers reaches about 50
SMALL_BYTES = 2**20  # a member up to this size may expand by more


def weights_allowed(stored_bytes: int) -> int:
    """How many bytes of variables a config may ask for, when the file stores this many.

    Eight: Adam with AMSGrad, averages and accumulated gradients has six variables for each weight, and a file
    may have been saved without the optimizer's state.
    """
    return 8 * stored_bytes + 64 * 2**20
