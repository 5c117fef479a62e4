"""The captures beside this package, one short function each; ``make.py`` writes them."""

from __future__ import annotations

from . import (
    compared,
    connections,
    contradictions,
    damaged,
    example,
    findings,
    formats,
    gaps,
    hostile,
    links,
    office,
    processes,
    rare_links,
    reuse,
    tunnels,
    unreachable,
    virtual_networks,
)
from .registry import CAPTURES, Made

__all__ = [
    "CAPTURES",
    "Made",
    "compared",
    "connections",
    "contradictions",
    "damaged",
    "example",
    "findings",
    "formats",
    "gaps",
    "hostile",
    "links",
    "office",
    "processes",
    "rare_links",
    "reuse",
    "tunnels",
    "unreachable",
    "virtual_networks",
]
