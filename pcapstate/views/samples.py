"""The samples: a row for each, for programs, and blocks of text for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..samples.catalogue import SAMPLES, Sample
from ..table import WORD, Column, Table, cells, single
from ..wording.languages import translate

Block = tuple[str, list[tuple[str, str]]]


def view(language: str) -> Table:
    """Return a row for each sample; ``without``: the numbers of packets, with blanks between."""
    told: dict[str, list[str | None]] = {
        "sample": [one.name for one in SAMPLES],
        "title": [translate(one.title, language) for one in SAMPLES],
        "shows": [translate(one.shows, language) for one in SAMPLES],
        "questions": [" ".join(translate(text, language) for text in one.ask) for one in SAMPLES],
        "without": [_numbers(one) or None for one in SAMPLES],
    }
    titles = {"sample": "Sample", "title": "Topic", "shows": "Shows", "questions": "Questions", "without": "Without"}
    words = {name: tuple(dict.fromkeys(texts)) for name, texts in told.items()}
    columns = tuple(Column(name, titles[name], WORD, words[name]) for name in told)
    values = {name: np.array([words[name].index(text) for text in texts]) for name, texts in told.items()}
    return single(columns, cells(columns, len(SAMPLES), **values))


def view_for_people(language: str) -> list[Block]:
    """Return what there is to say of each sample: its name, then labels and texts."""
    return [(one.name, list(_told(one, language))) for one in SAMPLES]


def heading(sample: Sample, language: str) -> list[str]:
    """Return what stands before the packets of a sample, in paragraphs."""
    told = [translate(sample.title, language), translate(sample.shows, language)]
    if sample.lost is not None:
        text = "Here packet #{number} was lost on its way. Its sender captured it, so the packet is shown."
        told.append(translate(text, language).format(number=sample.lost))
    return told


def _told(sample: Sample, language: str) -> Sequence[tuple[str, str]]:
    told = [
        (translate("Topic", language), translate(sample.title, language)),
        (translate("Shows", language), translate(sample.shows, language)),
    ]
    told += [(translate("Ask", language), translate(text, language)) for text in sample.ask]
    if sample.without:
        told.append((translate("Without", language), _numbers(sample)))
    return told


def _numbers(sample: Sample) -> str:
    return " ".join(f"#{number}" for number in sample.without)
