"""The curves of a finished run as SVG: one panel per metric family, with no script and no ids.

Axes and text take the page's colour; the lines are readable on light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from layerlab.inspect.safe_text import escape
from layerlab_jupyter.recording.metric_goals import BATCH_LOSS, best_index, metric_names

__all__ = ["charts_svg"]

_WIDTH, _HEIGHT = 330, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 10, 26, 34
_MOST_PANELS = 8
_TRAINING, _VALIDATION = "#3b82c4", "#d9772b"

Points = list[tuple[float, float]]


@dataclass
class _Panel:
    """One family: 'loss' holds the labels batch_loss, loss and val_loss."""

    name: str
    batches: Points = field(default_factory=list)
    training: Points = field(default_factory=list)
    validation: Points = field(default_factory=list)


def charts_svg(events: Iterable[Mapping[str, Any]]) -> str:
    """The panels of a run, as `<svg>` elements side by side; '' when it has no values."""
    events = list(events)
    panels = _panels(events)
    epoch_ends = {e["epoch"] + 1: float(e["step"]) for e in events if e["type"] == "epoch_finished"}
    marks = [(float(e["step"]), _mark_text(e)) for e in events if e["type"] in _MARKS]
    drawn = [_draw(panel, epoch_ends, marks) for panel in panels[:_MOST_PANELS]]
    return "".join(svg for svg in drawn if svg)


def _panels(events: Iterable[Mapping[str, Any]]) -> list[_Panel]:
    panels: dict[str, _Panel] = {}

    def panel(label: str) -> _Panel:
        return panels.setdefault(label, _Panel(label))

    for event in events:
        if event["type"] == "steps_finished":
            alone = {"loss": BATCH_LOSS} if BATCH_LOSS in event["logs"] else {}
            for label in event["logs"]:
                if label != BATCH_LOSS:
                    values = event["logs"][alone.get(label, label)]
                    panel(label).batches += zip(map(float, event["steps"]), map(float, values), strict=True)
        elif event["type"] == "epoch_finished":
            for label, value in event["logs"].items():
                name = label.removeprefix("val_")
                points = panel(name).training if name == label else panel(name).validation
                points.append((float(event["step"]), float(value)))
    return [panels[name] for name in metric_names(panels)]


_MARKS = {"learning_rate_changed", "fit_stopped", "fit_failed", "diagnostic", "checkpoint_saved"}


def _mark_text(event: Mapping[str, Any]) -> str:
    if event["type"] == "learning_rate_changed":
        return f"learning rate {event['learning_rate']}"
    return f"{event['type'].replace('_', ' ')}: {event.get('message') or event.get('path', '')}"


def _draw(panel: _Panel, epoch_ends: Mapping[int, float], marks: Iterable[tuple[float, str]]) -> str:
    points = [p for p in panel.batches + panel.training + panel.validation if math.isfinite(p[1])]
    if not points:
        return ""
    x_range = _padded(min(x for x, _ in points), max(x for x, _ in points), 0.0)
    y_range = _padded(*_robust_range(panel), 0.05)
    frame = _Frame(x_range, y_range)
    parts = [_axes(panel.name, frame, epoch_ends)]
    for step, text in marks:
        if x_range[0] <= step <= x_range[1]:
            parts.append(
                f'<path d="M{frame.x(step)} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#b04a9a" stroke-opacity=".6"'
                f' stroke-dasharray="2 3"><title>{escape(text, 120)}</title></path>'
            )
    parts.append(_line(panel.batches, frame, _TRAINING, 'stroke-opacity=".4"'))
    parts.append(_line(panel.training, frame, _TRAINING, 'stroke-width="2"', dots=True))
    parts.append(_line(panel.validation, frame, _VALIDATION, 'stroke-width="2"', dots=True))
    parts.append(_best(panel, frame, epoch_ends))
    parts.append(_legend(panel))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(_spoken(panel), 200)}"'
        f' width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' font-family="system-ui,sans-serif" font-size="10" fill="currentColor">{"".join(parts)}</svg>'
    )


def _robust_range(panel: _Panel) -> tuple[float, float]:
    """All epoch values, and the batches but for the 2 % at each end: one spike must not flatten the rest."""
    batches = sorted(y for _, y in panel.batches if math.isfinite(y))
    cut = len(batches) // 50
    values = batches[cut : len(batches) - cut]
    values += [y for _, y in panel.training + panel.validation if math.isfinite(y)]
    return min(values), max(values)


def _padded(low: float, high: float, share: float) -> tuple[float, float]:
    margin = share * (high - low) or (0.0 if high > low else 0.5 * abs(high) or 0.5)
    return low - margin, high + margin


@dataclass(frozen=True)
class _Frame:
    """From values to pixels; what lies outside is drawn at the border."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> str:
        low, high = self.x_range
        return f"{_LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT):.1f}"

    def y(self, value: float) -> str:
        low, high = self.y_range
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        return f"{_TOP + (1 - share) * (_HEIGHT - _TOP - _BOTTOM):.1f}"


def _axes(name: str, frame: _Frame, epoch_ends: Mapping[int, float]) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [f'<text x="{_LEFT}" y="14" font-size="12" font-weight="600">{escape(name, 40)}</text>']
    for tick in _ticks(*frame.y_range, 5):
        y = frame.y(tick)
        parts.append(f'<path d="M{_LEFT} {y}H{right}" stroke="currentColor" stroke-opacity=".12"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y}" dy="3" text-anchor="end">{tick:.4g}</text>')
    by_epoch = len(epoch_ends) > 1
    step_ticks = [(f"{tick:g}", tick) for tick in _ticks(*frame.x_range, 5)]
    for label, at in _epoch_ticks(epoch_ends) if by_epoch else step_ticks:
        if frame.x_range[0] <= at <= frame.x_range[1]:
            parts.append(f'<text x="{frame.x(at)}" y="{bottom + 13}" text-anchor="middle">{label}</text>')
    axis = "epoch" if by_epoch else "step"
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{axis}</text>')
    corner = f"M{_LEFT} {_TOP}V{bottom}H{right}"
    parts.append(f'<path d="{corner}" fill="none" stroke="currentColor" stroke-opacity=".5"/>')
    return "".join(parts)


def _epoch_ticks(epoch_ends: Mapping[int, float]) -> list[tuple[str, float]]:
    first, last = min(epoch_ends), max(epoch_ends)
    wanted = {round(tick) for tick in _ticks(first, last, 6)} | {last}
    return [(str(epoch), step) for epoch, step in epoch_ends.items() if epoch in wanted]


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    spacing = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    first = math.ceil(low / spacing)
    return [round(i * spacing, 12) for i in range(first, math.floor(high / spacing) + 1)]


def _line(points: Points, frame: _Frame, colour: str, style: str, dots: bool = False) -> str:
    """A polyline with a gap at each non-finite value."""
    path, at = [], None
    for x, y in points:
        if not math.isfinite(y):
            at = None
            continue
        place = (frame.x(x), frame.y(y))
        path.append(
            f"M{' '.join(place)}" if at is None else f"l{_step(at[0], place[0])} {_step(at[1], place[1])}"
        )
        at = place
    finite = [(x, y) for x, y in points if math.isfinite(y)]
    drawn = f'<path d="{"".join(path)}" fill="none" stroke="{colour}" {style}/>' if len(finite) > 1 else ""
    if dots and len(finite) <= 40:
        places = "".join(
            f"M{frame.x(x)} {frame.y(y)}h0" for x, y in finite
        )  # round ends make dots of nothing
        drawn += f'<path d="{places}" stroke="{colour}" stroke-width="4.5" stroke-linecap="round"/>'
    return drawn


def _step(before: str, after: str) -> str:
    """From one rounded place to the next: shorter than places, and roundings do not add up."""
    return f"{float(after) - float(before):.1f}".removesuffix(".0")


def _best(panel: _Panel, frame: _Frame, epoch_ends: Mapping[int, float]) -> str:
    """A ring around the best epoch, if there is more than one and somebody can say which is best."""
    points, colour = (panel.validation, _VALIDATION) if panel.validation else (panel.training, _TRAINING)
    place = best_index(panel.name, [y for _, y in points])
    if place is None or len(points) < 2:
        return ""
    step, value = points[place]
    epoch = next((epoch for epoch, end in epoch_ends.items() if end == step), "?")
    return (
        f'<circle cx="{frame.x(step)}" cy="{frame.y(value)}" r="5" fill="none" stroke="{colour}"'
        f' stroke-width="1.5"><title>best: {value:.4g} (epoch {epoch})</title></circle>'
    )


def _legend(panel: _Panel) -> str:
    """Below the chart; each line with its word, so that it does not depend on colour alone."""
    shown = [("training", _TRAINING)] if panel.training or panel.batches else []
    shown += [("validation", _VALIDATION)] if panel.validation else []
    parts, x, y = [], _WIDTH - _RIGHT - 72 * len(shown), _HEIGHT - 6
    for word, colour in shown:
        parts.append(f'<path d="M{x} {y - 3}h12" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 16}" y="{y}">{word}</text>')
        x += 72
    return "".join(parts)


def _spoken(panel: _Panel) -> str:
    words = [f"Chart of {panel.name}"]
    for name, points in (("training", panel.training), ("validation", panel.validation)):
        if points:
            words.append(f"{name} from {points[0][1]:.4g} to {points[-1][1]:.4g}")
    return ", ".join(words)
