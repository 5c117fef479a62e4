"""The list of the samples that come with the package."""

from __future__ import annotations

import shutil

from ..errors import OutputClosed
from ..kernels.running import Kernels
from ..output.formats import PEOPLE, render
from ..output.paragraphs import definitions
from ..output.whole_files import out
from ..views import samples as view


def write_samples(format: str, lang: str) -> None:
    """Write what each sample shows, and what to ask of it."""
    if format == PEOPLE:
        pieces = [definitions(view.view_for_people(lang), shutil.get_terminal_size().columns).encode()]
    else:
        pieces = [bytes(piece) for piece in render(view.view(lang), format, Kernels())]
    try:
        for piece in pieces:
            out().write(piece)
        out().flush()
    except BrokenPipeError:
        raise OutputClosed from None
