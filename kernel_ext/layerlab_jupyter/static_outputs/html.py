"""The static pictures of a run and of a model: HTML that needs no kernel, no script and no style sheet.

Every text that the person chose is escaped and shortened (`layerlab.inspect.safe_text`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from layerlab.inspect import ModelGraph, SummaryTable, graph_svg
from layerlab.inspect.safe_text import clean, escape
from layerlab_jupyter.recording.metric_goals import BATCH_LOSS, best_index, metric_names
from layerlab_jupyter.static_outputs.svg_chart import charts_svg

__all__ = ["model_html", "run_html", "run_text"]

_MOST_ROWS = 60
_MOST_METRICS = 30
_MOST_NODES = 60
_MOST_NOTES = 5

_LOST = "The kernel died, or was ended or restarted, before the run ended. This is how far it got."
_COLUMNS = ["layer", "class", "output shape", "parameters", "trainable", "connected to"]

Events = Sequence[Mapping[str, Any]]


def run_html(events: Events, status: str, metrics: int = 0) -> str:
    """Headline, charts, the numbers of each metric, and what went wrong if anything did.

    Args:
        metrics: how many the run has; what is not shown is said.
    """
    numbers = _numbers(events)
    notes = "".join(f"<li>{escape(note, 400)}</li>" for note in _notes(events, status))
    return _card(
        f"<p>{escape(_headline(events, status), 400)}</p>"
        f'<div style="display:flex;flex-wrap:wrap;gap:8px">{charts_svg(events)}</div>'
        + _table(["metric", "training", "validation", "best"], numbers, "lrrr")
        + _paragraph(_more(metrics - len(numbers), "metrics"))
        + (f"<ul>{notes}</ul>" if notes else "")
    )


def run_text(events: Events, status: str, metrics: int = 0) -> str:
    """The summary of a run as plain text, for front ends without HTML."""
    lines = [clean(_headline(events, status), 400)]
    numbers = _numbers(events)
    for name, training, validation, best in numbers:
        parts = [clean(name, 40), training]
        parts += [f"validation {validation}"] if validation else []
        parts += [f"best {best}"] if best else []
        lines.append("  " + "  ".join(parts))
    more = _more(metrics - len(numbers), "metrics")
    lines += ["  " + more] if more else []
    return "\n".join(lines + ["  " + clean(note, 400) for note in _notes(events, status)])


def model_html(name: str, class_name: str, graph: ModelGraph, summary: SummaryTable) -> str:
    """Graph, summary table and totals."""
    rows = [
        (
            "\u2003" * min(row.depth, 20) + clean(row.name, 60),
            clean(row.class_name, 60),
            clean(row.output_shape, 60),
            f"{row.parameters:,}",
            "" if not row.parameters else "yes" if row.trainable else "no",
            clean(", ".join(row.connected_to[:8]), 80),
        )
        for row in summary.rows[:_MOST_ROWS]
    ]
    totals = (
        f"{summary.parameters:,} parameters ({summary.size_bytes:,} bytes): "
        f"{summary.trainable_parameters:,} trainable, {summary.non_trainable_parameters:,} not trainable, "
        f"{summary.optimizer_parameters:,} of the optimizer"
    )
    return _card(
        f"<p><b>{escape(name)}</b> ({escape(class_name)})</p>"
        f'<div style="max-height:600px;overflow:auto">{graph_svg(graph, most_nodes=_MOST_NODES)}</div>'
        + _table(_COLUMNS, rows, "lllrll")
        + _paragraph(_more(len(summary.rows) - len(rows), "rows"))
        + _paragraph(totals)
    )


def _card(content: str) -> str:
    return f'<div style="font-family:system-ui,sans-serif;font-size:13px">{content}</div>'


def _paragraph(text: str) -> str:
    return f"<p>{escape(text, 400)}</p>" if text else ""


def _more(missing: int, what: str) -> str:
    return f"… and {missing:,} more {what}" if missing > 0 else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], alignments: str) -> str:
    sides = {"l": "left", "r": "right"}
    styles = [f'style="text-align:{sides[a]}"' for a in alignments]

    def line(tag: str, texts: Sequence[str]) -> str:
        cells = zip(texts, styles, strict=True)
        return "<tr>" + "".join(f"<{tag} {style}>{escape(text)}</{tag}>" for text, style in cells) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    # In a page without a doctype a table does not take over font and colour by itself.
    style = "border-collapse:collapse;color:inherit;font:inherit"
    return f'<table cellpadding="3" style="{style}">{line("th", headings)}{body}</table>' if body else ""


def _headline(events: Events, status: str) -> str:
    start = next((e for e in events if e["type"] == "fit_started"), {})
    last = events[-1] if events else {}
    words = [f"{start.get('model_class', 'Model')} '{clean(start.get('model_name', ''), 60)}': {status}"]
    epochs = max((_epochs_begun(event) for event in events), default=0)
    if epochs:
        words.append(f"epoch {epochs} of {start.get('epochs', '?')}")
    words.append(f"{max((_step(event) for event in events), default=0):,} steps")
    if "time" in start and "time" in last:
        seconds = last["seconds"] if last["type"] == "fit_finished" else last["time"] - start["time"]
        words.append(f"{seconds:.1f} s")
    words += [clean(start[key], 40) for key in ("optimizer", "backend") if start.get(key)]
    return ", ".join(words)


def _epochs_begun(event: Mapping[str, Any]) -> int:
    """The number of the epoch that the event is of, from 1; only `fit_finished` says a count."""
    is_count = event["type"] == "fit_finished"
    return int(event["epoch"]) + (not is_count) if "epoch" in event else 0


def _step(event: Mapping[str, Any]) -> int:
    return int(event["steps"][-1] if event["type"] == "steps_finished" else event.get("step", 0))


def _notes(events: Events, status: str) -> list[str]:
    told = []
    for event in events:
        if event["type"] == "fit_failed":
            told.append(f"{event['error']}: {event['message']}")
        elif event["type"] == "fit_stopped":
            told.append(f"Stopped by the {event['reason']} at step {event['step']}. {event['message']}")
        elif event["type"] == "diagnostic":
            told.append(f"{event['message']} {event['fix']}")
    if status == "lost":
        told.append(_LOST)
    return told[-_MOST_NOTES:]


def _numbers(events: Events) -> list[tuple[str, str, str, str]]:
    """Per metric: name, last training value, last validation value, best value and its epoch."""
    last: dict[str, Any] = {}
    for event in events:
        if event["type"] == "steps_finished":
            last |= {label: values[-1] for label, values in event["logs"].items() if label != BATCH_LOSS}
        elif event["type"] == "epoch_finished":
            last |= event["logs"]
    finished = [event for event in events if event["type"] == "epoch_finished"]
    return [
        (name, _value(last.get(name)), _value(last.get(f"val_{name}")), _best(name, finished))
        for name in metric_names(last)[:_MOST_METRICS]
    ]


def _best(name: str, finished: Events) -> str:
    """The best value and its epoch, by validation where there is any; '' if nobody can say which is best."""
    label = f"val_{name}" if any(f"val_{name}" in event["logs"] for event in finished) else name
    having = [event for event in finished if label in event["logs"]]
    values = [float(event["logs"][label]) for event in having]
    best = best_index(name, values)
    return "" if best is None else f"{values[best]:.4g} (epoch {having[best]['epoch'] + 1})"


def _value(value: Any) -> str:
    return "" if value is None else f"{float(value):.4g}"
