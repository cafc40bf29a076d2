"""`xp` on torch."""

import array_api_compat.torch as xp

__all__ = ["xp"]
