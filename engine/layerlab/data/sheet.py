"""The first samples of a data set as static HTML, for the last line of a notebook's cell.

Images as a sheet with their labels, texts by their first lines, other arrays by their first numbers. No
script, all text escaped and cut, within 60 KB whatever the data are.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import numpy as np

from layerlab import tree

__all__ = ["sheet"]

_MOST_BYTES = 50_000  # of the pictures together
_MOST_SAMPLES = 12
_SIDE = 96  # pixels of a picture, at most
_TEXT = 160  # characters of a text
_NUMBERS = 8  # in a row
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top"


def sheet(title: str, element: object, class_names: Sequence[str] | None, is_batch: bool) -> str:
    """A data set's first samples.

    Args:
        title: says what it is.
        element: the first one: a batch, or a single sample.
        class_names: for labels that are numbers.
        is_batch: whether the first axis of arrays is that of samples.
    """
    parts = list(element) if isinstance(element, tuple) else [element]
    if not tree.flatten(parts):
        return f"<div>{_shown(title, 600)}</div>"
    leaves = [leaf for _, leaf in tree.flatten_with_path(parts[0])]
    first = np.asarray(leaves[0])
    x = first if is_batch else first[None]
    labels = _labels(parts[1], class_names, is_batch) if len(parts) > 1 else []
    pixels = _pixels(x)
    if pixels is not None and len(leaves) == 1:
        body = _pictures(pixels, labels)
    else:
        body = _table(x, labels)
    return f"<div><div>{_shown(title, 200)}</div>{_forms(element)}{body}</div>"


def _forms(element: object) -> str:
    """Shapes and dtypes."""
    leaves = [np.asarray(leaf) for leaf in tree.flatten(element)]
    forms = [f"{_dtype(leaf)} {leaf.shape}" for leaf in leaves[:6]]
    return f'<div style="opacity:0.7">{_shown(", ".join(forms), 300)}</div>'


def _dtype(leaf: np.ndarray) -> str:
    return "text" if leaf.dtype.kind in "OUS" else leaf.dtype.name


def _labels(y: object, class_names: Sequence[str] | None, is_batch: bool) -> list[str]:
    leaves = tree.flatten(y)
    labels = np.asarray(leaves[0]) if len(leaves) == 1 else None
    if labels is None:
        return []
    labels = labels if is_batch else labels[None]
    return [_label(label, class_names) for label in labels[:_MOST_SAMPLES]]


def _label(label: object, class_names: Sequence[str] | None) -> str:
    values = np.asarray(label)
    names = class_names or ()
    if values.dtype.kind in "iuf" and values.size == len(names) > 2:  # one-hot
        return str(names[int(values.argmax())])
    if values.size == 1 and values.dtype.kind in "iuf":
        number = values.item()
        if names and number == int(number) and 0 <= number < len(names):
            return str(names[int(number)])
        return f"{number:.6g}"
    if values.ndim == 0:
        return str(values.item())
    numbers = values.ravel()[:4].tolist() if values.dtype.kind in "iuf" else []
    return " ".join(f"{number:.4g}" for number in numbers)


def _pixels(x: np.ndarray) -> np.ndarray | None:
    """(samples, height, width, 1, 3 or 4) of 0 to 255; None for what are no images."""
    if x.ndim == 3 and x.dtype == np.uint8 and min(x.shape[1:]) >= 8:
        x = x[..., None]
    if x.ndim != 4 or x.dtype.kind not in "uif" or 0 in x.shape:
        return None
    if x.shape[-1] not in (1, 3, 4) and x.shape[1] in (1, 3, 4):
        x = x.transpose(0, 2, 3, 1)
    if x.shape[-1] not in (1, 3, 4) or min(x.shape[1:3]) < 2:
        return None
    values = np.nan_to_num(x[:_MOST_SAMPLES].astype("float32"), posinf=255, neginf=0)
    least, most = float(values.min()), float(values.max())
    if least < 0 or most > 255:  # no pixels as files have them
        values = (values - least) * (255 / ((most - least) or 1))
    elif most <= 1:
        values = values * 255
    return values.astype("uint8")


def _pictures(pixels: np.ndarray, labels: list[str]) -> str:
    left, figures = _MOST_BYTES, []
    for number, image in enumerate(pixels):
        source = _source(image)
        left -= len(source)
        if left < 0:
            break
        label = _shown(labels[number], 40) if number < len(labels) else ""
        figures.append(
            '<figure style="display:inline-block;margin:6px;text-align:center;max-width:110px">'
            f'<img alt="{label or "image"}" src="{source}" width="{_SIDE}" '
            'style="image-rendering:pixelated">'
            f'<figcaption style="overflow-wrap:anywhere">{label}</figcaption></figure>'
        )
    return f"<div>{''.join(figures)}</div>"


def _source(image: np.ndarray) -> str:
    """The picture as a data URL: exact where it is small, as JPEG where that would be large."""
    from PIL import Image  # with the first picture, not with layerlab

    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    picture.thumbnail((_SIDE, _SIDE))
    for form, options in (("png", {"optimize": True}), ("jpeg", {"quality": 75}), ("jpeg", {"quality": 30})):
        buffer = io.BytesIO()
        reduced = picture if form == "png" or picture.mode == "L" else picture.convert("RGB")
        reduced.save(buffer, form, **options)
        if buffer.tell() < _MOST_BYTES // 16:
            break
    return f"data:image/{form};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _table(x: np.ndarray, labels: list[str]) -> str:
    rows = []
    for number, sample in enumerate(x[: _MOST_SAMPLES // 2]):
        label = f'<td style="{_CELL}">{_shown(labels[number], 40)}</td>' if number < len(labels) else ""
        rows.append(f'<tr><td style="{_CELL}">{_shown(_sample(sample), _TEXT)}</td>{label}</tr>')
    return f'<table style="margin:4px 0">{"".join(rows)}</table>'


def _sample(sample: object) -> str:
    values = np.asarray(sample)
    if values.dtype.kind in "OUS":
        return " ".join(str(text)[: _TEXT + 1] for text in values.ravel()[:3].tolist())
    numbers = values.ravel()[:_NUMBERS].tolist()
    return " ".join(f"{number:.4g}" for number in numbers) + (" …" if values.size > _NUMBERS else "")


def _shown(text: str, longest: int) -> str:
    """Escaped and cut; no character steers the page or turns the text around."""
    one_line = " ".join(text[: longest + 1].split())
    cut = one_line if len(one_line) <= longest and len(text) <= longest else one_line[: longest - 1] + "…"
    return html.escape("".join(c if c.isprintable() else "�" for c in cut))
