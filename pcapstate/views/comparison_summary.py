"""Two captures, compared: what there is to say in a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..addresses import address
from ..comparing import fates as f
from ..comparing.comparison import Comparison
from ..comparing.findings import ahead
from ..escaping import safe
from ..findings.finding import Text
from ..wording.counts import Count
from ..wording.languages import translate
from ..wording.times import duration

HOSTS = 3
"""Hosts that are named."""


def summary(of: Comparison, names: Sequence[str], language: str, in_lines: Callable[[str], str]) -> str:
    """Return the lines; ``names``: of the captures, ``in_lines`` breaks a line where it is too long."""
    return "".join(f"{in_lines(one.told(language))}\n" for one in _lines(of, names, language))


def _lines(of: Comparison, names: Sequence[str], language: str) -> Iterator[Text]:
    texts = ("First capture: {name}, at {hosts}", "Second capture: {name}, at {hosts}")
    for which, text in enumerate(texts):
        yield Text(text, {"name": safe(names[which]), "hosts": _hosts(of, which, language)})
    clock = of.clock
    fields = {
        "ahead": ahead(clock.offset),
        "uncertainty": "?" if clock.uncertainty is None else duration(clock.uncertainty),
        "drift": f"{clock.drift * 1e6:+.1f}",
        "packets": Count(of.places.common),
    }
    if clock.given:
        yield Text("Second clock: {ahead}, as given", fields)
    elif clock.uncertainty is None:
        yield Text("Second clock: {ahead} with the transit time, from packets of one direction", fields)
    elif clock.drift:
        text = "Second clock: {ahead} ± {uncertainty}, drift {drift} ppm, from {packets:packet|packets} in both"
        yield Text(text, fields)
    else:
        yield Text("Second clock: {ahead} ± {uncertainty}, from {packets:packet|packets} in both", fields)
    rows = [one[of.shown] >= 0 for one in of.joined.rows]
    counts = [int(np.count_nonzero(one)) for one in (rows[0] & rows[1], rows[0] & ~rows[1], rows[1] & ~rows[0])]
    numbers = {f"count{place}": Count(count) for place, count in enumerate(counts)}
    yield Text("Connections: {count0} in both, {count1} only in the first, {count2} only in the second", numbers)
    told = of.fates
    words = {name.replace(" ", "_"): Count(np.count_nonzero(told.fate == which)) for which, name in enumerate(f.FATES)}
    changed = Count(np.count_nonzero(told.changed))
    yield Text(
        "Packets: {delivered} delivered, {lost} lost, {repeated} repeated, {changed} changed, {not_sent} not sent, "
        "{not_captured} not captured",
        {**words, "changed": changed},
    )
    if sum(of.others):
        yield Text("Left out: {count:connection|connections} with other hosts", {"count": Count(sum(of.others))})


def _hosts(of: Comparison, which: int, language: str) -> str:
    joined = of.joined
    rows = of.shown[joined.rows[which][of.shown] >= 0]
    near = of.places.near ^ which
    high, low, _ = (part[rows] for part in joined.places(of.reads, which, near))
    found = np.unique(np.stack([high, low], axis=1), axis=0)
    names = [str(address(int(one), int(other))) for one, other in found[:HOSTS]]
    if len(found) > HOSTS:
        names.append(translate("{count:,} more", language).format(count=len(found) - HOSTS))
    return ", ".join(names)
