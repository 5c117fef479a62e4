"""Japanese, with the words of the Japanese Windows wherever its netstat and route print have them."""

from __future__ import annotations

from ..language import Language
from .agents import AGENTS
from .archive import ARCHIVE
from .check import CHECK
from .columns import COLUMNS
from .comparing import COMPARING
from .data import DATA
from .diagram import DIAGRAM
from .errors import ERRORS
from .explanations import EXPLANATIONS
from .help import HELP
from .meanings import MEANINGS
from .messages import MESSAGES
from .plot import PLOT
from .quiz import QUIZ
from .reasons import REASONS
from .report import REPORT
from .samples import SAMPLES
from .screen import SCREEN
from .statistics import STATISTICS
from .tables import TABLES
from .traces import TRACES
from .upkeep import UPKEEP

CATALOG = {
    **TABLES,
    **STATISTICS,
    **MESSAGES,
    **SCREEN,
    **REASONS,
    **EXPLANATIONS,
    **DIAGRAM,
    **COLUMNS,
    **ERRORS,
    **ARCHIVE,
    **COMPARING,
    **AGENTS,
    **CHECK,
    **UPKEEP,
    **DATA,
    **HELP,
    **QUIZ,
    **PLOT,
    **SAMPLES,
    **REPORT,
    **TRACES,
}
"""The Japanese for each English text."""

LANGUAGE = Language(CATALOG, MEANINGS, separator="")
