"""How many steps to run in one call: as many as keep an interface lively."""

from __future__ import annotations

__all__ = ["Pace"]

_SECONDS = 0.08  # a call; a front end draws about ten times a second
# Each call of a program asks the system for its memory anew; for a step of 20 ms with 40 MB that took 12 ms.
# So calls of long steps may take longer, until they are so many.
_STEPS, _MOST_SECONDS = 12, 0.24
_GROWTH = 4


class Pace:
    """The number of steps a call, from the time that calls take.

    Args:
        least, most: its limits; the first call has `least`.
    """

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most
        self._calls = 0
        self.steps = least

    @property
    def is_adaptive(self) -> bool:
        """True where the number follows the time that calls take."""
        return self._least < self._most

    @property
    def is_unsure(self) -> bool:
        """True while the number still grows, so that calls should be waited for and timed."""
        return self.is_adaptive and (self._calls < 2 or self._grows)

    def took(self, steps: int, seconds: float) -> None:
        """Say how long a call of so many steps took."""
        self._calls += 1
        before = self.steps
        if self._calls > 1:  # the first one compiled
            a_second = steps / max(seconds, 1e-9)
            wanted = int(max(_SECONDS * a_second, min(_STEPS, _MOST_SECONDS * a_second)))
            self.steps = max(self._least, min(wanted, before * _GROWTH, self._most))
        self._grows = self.steps > before
