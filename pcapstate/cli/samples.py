"""The list of the samples that come with the package."""

from __future__ import annotations

import shutil

from ..kernels.running import Kernels
from ..output.formats import PEOPLE, render
from ..output.paragraphs import definitions
from ..output.whole_files import write
from ..views import samples as view


def write_samples(format: str, lang: str) -> None:
    """Write what each sample shows, and what to ask of it."""
    if format == PEOPLE:
        write([definitions(view.view_for_people(lang), shutil.get_terminal_size().columns).encode()])
    else:
        write(bytes(piece) for piece in render(view.view(lang), format, Kernels()))
