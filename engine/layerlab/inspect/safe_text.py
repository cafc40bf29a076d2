"""Text that came from anywhere (layer names, messages) made safe to show. Imports nothing of ours."""

from __future__ import annotations

import html
import re

__all__ = ["clean", "escape"]

# Control characters break XML; direction overrides let a name rewrite what stands beside it; lone
# surrogates cannot be encoded. All three become a visible U+FFFD.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(text: object, limit: int = 80) -> str:
    """`text` on one line, at most `limit` characters long, with nothing invisible that acts."""
    # Cut before the searching below: a 10 MB name must cost no more than a short one.
    line = str(text)[: 4 * limit]
    line = _UNSAFE.sub("\ufffd", re.sub(r"\s+", " ", line))
    return line if len(line) <= limit and len(str(text)) <= 4 * limit else line[: limit - 1] + "…"


def escape(text: object, limit: int = 80) -> str:
    """`clean(text)`, escaped for HTML and SVG, text and quoted attributes alike."""
    return html.escape(clean(text, limit), quote=True)
