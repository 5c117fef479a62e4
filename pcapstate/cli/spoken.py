"""The language of a run: that of ``--lang``, wherever it stands on the command line, or that of the locale."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import click

from ..messages import Message
from ..wording.languages import ENGLISH, LANGUAGES, told
from ..wording.locales import language_of_locale

OPTION = "--lang"
HEADINGS = "Language of headings and messages. [default: that of the locale]"
TEXTS = "Language of the texts. [default: that of the locale]"


class Spoken(NamedTuple):
    """The language of a run."""

    language: str = ENGLISH
    asked: bool = True
    """Whether it was asked for: the locale says nothing about output for programs."""


def spoken_by(arguments: Sequence[str]) -> Spoken:
    """Return the language that a command line asks for, or that of the locale; needed before anything is parsed."""
    found = ""
    for at, argument in enumerate(arguments):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name == OPTION:
            given = value if equals else "".join(arguments[at + 1 : at + 2])
            found = given if given in LANGUAGES else found
    return Spoken(found or language_of_locale(os.environ), bool(found))


def of_this_run(context: click.Context) -> Spoken:
    """Return the language of the run that a command is part of."""
    found = getattr(context.find_root().command, "spoken", None)
    return found if isinstance(found, Spoken) else Spoken()


def for_programs(context: click.Context, language: str) -> str:
    """Return the language of output for programs: English, unless another one was asked for."""
    return language if of_this_run(context).asked else ENGLISH


def _language(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    return value or of_this_run(context).language


def lang_option(*names: str, help: str = TEXTS) -> Callable[[Any], Any]:
    """Return the option ``--lang``; the command gets a language of ``LANGUAGES``."""
    return click.option(OPTION, *names, type=click.Choice(LANGUAGES), callback=_language, help=help)


def say(text: str, language: str, **fields: Any) -> None:
    """Say a line on stderr; ``text`` is a template for the fields."""
    from ..output.screen import message

    line = Message("pcapstate: {line}", line=Message(text, **fields))
    click.echo(message(told(line, language)), err=True)


def said(text: str, language: str, **fields: Any) -> str:
    """Return a line in a language; ``text`` is a template for the fields."""
    return told(Message(text, **fields), language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let click speak a language, too."""
    if language == ENGLISH:
        yield
        return
    # English needs nothing of it.
    from .translated import click_speaking

    with click_speaking(language):
        yield
