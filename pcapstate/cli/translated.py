"""Commands in another language: their help, the help's layout for wide characters, and what click itself says."""

from __future__ import annotations

import copy
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from ..output.paragraphs import wrapped
from ..output.widths import display_width
from ..wording.languages import told, translate
from .spoken import of_this_run

SPEAKING = ("core", "decorators", "exceptions", "formatting", "parser", "types")
"""The modules of click whose texts people see."""
VERBATIM = "\b\n"
"""What click's paragraphs begin with whose lines stay as they are."""
SENTENCE = re.compile(r".+?[.。:](?=\s|$)|.+")
SAID_BY_CLICK = (
    "Usage:",
    "Options",
    "Commands",
    "[OPTIONS]",
    "COMMAND [ARGS]...",
    "Show this message and exit.",
    "required",
    "default: {default}",
    "Error: {message}",
    "Aborted!",
    "Try '{command} {option}' for help.",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "Missing command.",
    "Missing argument",
    "Missing option",
    "No such option {name!r}.",
    "No such option: {name}",
    "Did you mean {possibility}?",
    "(Did you mean one of: {possibilities}?)",
    "(Possible options: {possibilities})",
    "Got unexpected extra argument ({args})",
    "Got unexpected extra arguments ({args})",
    "Choose from:\n\t{choices}",
    "{value!r} is not {choice}.",
    "{value!r} is not one of {choices}.",
    "{value!r} is not a valid {number_type}.",
    "integer",
    "integer range",
    "float",
    "float range",
    "{value} is not in the range {range}.",
    "Option {name!r} does not take a value.",
    "Option {name!r} requires an argument.",
)
"""What the commands of this program can make click say, in each version of click that they run with."""
TOLD = {"message", "number_type"}
"""Fields of click's sentences that are translated: an error of this program, a kind of number."""
COMMAND = TypeVar("COMMAND", bound=click.Command)


class Context(click.Context):
    """A context whose help is laid out by columns of the terminal, not by characters."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what lays out a page of help."""
        return Formatter(of_this_run(self).language, self.terminal_width, self.max_content_width)


class Formatter(click.HelpFormatter):
    """Lays out help for wide characters."""

    def __init__(self, language: str, width: int | None, most: int | None) -> None:
        super().__init__(width=width, max_width=most)
        self._language = language

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how the command is called."""
        lead = f"{translate('Usage:', self._language) if prefix is None else prefix} {prog} "
        for line in wrapped(args, self.width - display_width(lead)) or [""]:
            self.write(f"{lead}{line}".rstrip() + "\n")
            lead = " " * display_width(lead)

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        margin = " " * self.current_indent
        parts = []
        for paragraph in text.split("\n\n"):
            if paragraph.startswith(VERBATIM):
                lines = paragraph.removeprefix(VERBATIM).split("\n")
            else:
                lines = wrapped(paragraph, self.width - self.current_indent)
            parts.append("\n".join(f"{margin}{line}".rstrip() for line in lines))
        self.write("\n\n".join(parts) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms with their texts beside them, or below where a term is too long."""
        rows = list(rows)
        first = min(max(display_width(term) for term, _ in rows), col_max) + col_spacing
        margin = " " * self.current_indent
        for term, text in rows:
            lines = wrapped(text, self.width - self.current_indent - first)
            lead = f"{margin}{term}"
            if display_width(term) > first - col_spacing:
                self.write(f"{lead}\n")
                lead = margin
            for line in lines:
                blanks = " " * (self.current_indent + first - display_width(lead))
                self.write(f"{lead}{blanks}{line}\n")
                lead = margin


def translated(command: COMMAND, language: str) -> COMMAND:
    """Return a copy of a command whose help is in a language."""
    found = copy.copy(command)
    paragraphs = help_texts(command)
    found.help = "\n\n".join(_paragraph(one, language) for one in _paragraphs(command))
    if paragraphs:
        match = SENTENCE.match(translate(paragraphs[0], language))
        found.short_help = match[0] if match else ""
    found.params = [_parameter(one, language) for one in command.params]
    if command.options_metavar:
        found.options_metavar = translate(command.options_metavar, language)
    if isinstance(found, click.Group):
        found.subcommand_metavar = translate(found.subcommand_metavar, language)
    found.context_class = Context
    # Click keeps the option --help of a command, with its text.
    found._help_option = None
    return found


def help_texts(command: click.Command) -> list[str]:
    """Return the paragraphs of a command's help that are translated, each as one line."""
    paragraphs = _paragraphs(command)
    return [_line(one) if not one.startswith(VERBATIM) else one.split("\n")[1] for one in paragraphs]


def option_texts(command: click.Command) -> list[str]:
    """Return the texts of a command's options and arguments that are translated."""
    found = []
    for one in command.params:
        found += [text for text in (getattr(one, "help", None), one.metavar) if text]
    return found


def _paragraphs(command: click.Command) -> list[str]:
    return inspect.cleandoc(command.help or "").split("\n\n")


def _line(paragraph: str) -> str:
    return " ".join(paragraph.split())


def _paragraph(paragraph: str, language: str) -> str:
    if not paragraph.startswith(VERBATIM):
        return translate(_line(paragraph), language)
    # The heading of examples.
    first, *rest = paragraph.removeprefix(VERBATIM).split("\n")
    return VERBATIM + "\n".join([translate(first, language), *rest])


def _parameter(parameter: click.Parameter, language: str) -> click.Parameter:
    found = copy.copy(parameter)
    if found.metavar:
        found.metavar = translate(found.metavar, language)
    if text := getattr(found, "help", None):
        found.help = translate(text, language)
    return found


@contextmanager
def click_speaking(language: str) -> Iterator[None]:
    """Let click's own texts be in a language: it looks them up by gettext, which is replaced for a while."""

    class Template(str):
        def format(self, *values: Any, **fields: Any) -> str:
            for name in TOLD & fields.keys():
                fields[name] = told(fields[name], language)
            return super().format(*values, **fields)

    def said(text: str) -> str:
        return Template(translate(text, language))

    def counted(one: str, many: str, count: int) -> str:
        return said(one if count == 1 else many)

    replaced: list[tuple[Any, str, Any]] = []
    for name in SPEAKING:
        module = importlib.import_module(f"click.{name}")
        for lookup, by in (("_", said), ("ngettext", counted)):
            if hasattr(module, lookup):
                replaced.append((module, lookup, getattr(module, lookup)))
                setattr(module, lookup, by)
    try:
        yield
    finally:
        for module, lookup, before in replaced:
            setattr(module, lookup, before)
