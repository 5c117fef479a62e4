"""Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0, which differs in little.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable

from .families import COUNTER, Family, Labels

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def written(families: Iterable[Family], kind: str) -> bytes:
    """Return metrics as text of a content type: PROMETHEUS or OPEN_METRICS."""
    lines = []
    for family in families:
        sample = f"{family.name}_total" if family.kind == COUNTER else family.name
        # OpenMetrics calls a counter by its name without _total.
        name = family.name if kind == OPEN_METRICS else sample
        lines += [f"# HELP {name} {_escaped_help(family.help, kind)}", f"# TYPE {name} {family.kind}"]
        lines += [f"{sample}{_labels(labels)} {value!r}" for labels, value in family.samples]
    if kind == OPEN_METRICS:
        lines.append("# EOF")
    return "".join(f"{line}\n" for line in lines).encode()


def kind_for(accept: str) -> str:
    """Return the content type for what an HTTP client accepts."""
    for one in accept.split(","):
        what, *parameters = (part.strip().lower() for part in one.split(";"))
        if what == "application/openmetrics-text" and not any(_is_none(part) for part in parameters):
            return OPEN_METRICS
    return PROMETHEUS


def _is_none(parameter: str) -> bool:
    """Tell whether a parameter is a quality of 0: not acceptable."""
    return parameter.startswith("q=") and not parameter[2:].strip("0.")


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}" if labels else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _escaped_help(text: str, kind: str) -> str:
    return _escaped(text) if kind == OPEN_METRICS else text.replace("\\", "\\\\").replace("\n", "\\n")
