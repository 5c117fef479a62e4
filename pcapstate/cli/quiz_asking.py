"""Questions asked in a terminal, with keys or line by line; from a pipe or a file, line by line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable

import click

from ..escaping import safe
from ..ladder.drawing import Line
from ..output.colours import painted
from ..output.paragraphs import wrapped
from ..output.screen import screen
from ..output.widths import display_width
from ..quiz.checking import LETTERS, Score, chosen, excluded
from ..quiz.questions import Question
from ..quiz.texts import Texts
from ..tcp.states import State
from ..wording.languages import translate

UP, DOWN = ("\x1b[A", "\x1bOA", "\xe0H", "\x00H"), ("\x1b[B", "\x1bOB", "\xe0P", "\x00P")
"""What a terminal sends for the arrow keys, in both of its modes, and the console of Windows."""
ENTER, ERASE, INTERRUPT = ("\r", "\n"), ("\x7f", "\x08"), ("\x03", "\x04", "\x1a")
HINT = "?"
WIDEST = 100
LONGEST = 40
"""Characters of an answer that is typed."""
CLEARED = "\x1b[{}A\r\x1b[J"
"""Goes so many rows up, and clears what is below."""


class Ended(Exception):
    """Nobody answers any more."""


class Asking:
    """Asks questions, and says what became of the answers."""

    def __init__(self, lang: str, read: Callable[[], str] | None) -> None:
        """``read`` waits for a key (``keys``); None: answers are lines of the input."""
        self._lang, self._read = lang, read
        shown = screen()
        self._colour = shown is not None and shown.colour

    def show(self, title: str, ladder: Iterable[Line]) -> None:
        """Show the packets that a question is about; ``title``: of a connection that is new."""
        click.echo(f"\n== {title}\n" if title else "")
        for line in ladder:
            text = "".join(painted(run.text, run.tone) if self._colour else run.text for run in line)
            click.echo(text.rstrip(), color=True)

    def answered(self, texts: Texts, question: Question) -> tuple[bool, int]:
        """Ask a question until it is answered; return whether the answer was right, and how many hints there were.

        Raises Ended.
        """
        click.echo()
        self._say(texts.question(question))
        hints = 0
        while True:
            read = self._read
            given = self._line(texts, question, hints) if read is None else self._menu(texts, question, hints, read)
            if given == HINT:
                hints += 1
                text = texts.hint(question) if hints == 1 else None
                if text is not None:
                    self._say(text)
                continue
            found = chosen(question, given)
            if found is None:
                self._say(
                    translate("No choice is {text}: type its letter.", self._lang).format(text=repr(given[:LONGEST]))
                )
                continue
            break
        right = found == question.right and not isinstance(found, State)
        answer = texts.choices(question)[question.right]
        text = "Right: {answer}" if right else "No: {answer}"
        self._say(translate(text, self._lang).format(answer=answer))
        for sentence in texts.explained(question):
            self._say(sentence, 4)
        return right, hints

    def _say(self, text: str, indent: int = 0) -> None:
        width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
        for line in wrapped(text, width - indent):
            click.echo(" " * indent + line)

    def _line(self, texts: Texts, question: Question, hints: int) -> str:
        """Read an answer from a line of the input."""
        away = excluded(question, hints)
        for at, text in enumerate(texts.choices(question)):
            if at not in away:
                click.echo(f"  {LETTERS[at]}) {text}")
        click.echo("> ", nl=False)
        given = sys.stdin.readline()
        if not given:
            click.echo()
            raise Ended
        if not sys.stdin.isatty():
            click.echo(safe(given.strip()))
        return given.strip() or " "

    def _menu(self, texts: Texts, question: Question, hints: int, read: Callable[[], str]) -> str:
        """Let an answer be chosen with the arrow keys, or typed."""
        away, choices = excluded(question, hints), texts.choices(question)
        open_ = [at for at in range(len(choices)) if at not in away]
        place, typed = 0, ""
        help_ = translate("arrows and Enter, or type an answer; ?: hint, Ctrl-C: end", self._lang)
        drawn = 0
        try:
            while True:
                lines = [f"{'>' if at == open_[place] else ' '} {LETTERS[at]}) {choices[at]}" for at in open_]
                lines.append(f"[{help_}] {typed}")
                click.echo(CLEARED.format(drawn) if drawn else "", nl=False)
                click.echo("\n".join(lines), nl=False)
                drawn = _rows(lines) - 1
                key = _key(read)
                if key in UP or key in DOWN:
                    place = (place + (1 if key in DOWN else -1)) % len(open_)
                elif key in ENTER:
                    return typed or LETTERS[open_[place]]
                elif key == HINT and not typed:
                    return HINT
                elif key in ERASE:
                    typed = typed[:-1]
                elif key.isprintable() and len(typed) < LONGEST:
                    typed += key
        finally:
            click.echo(CLEARED.format(drawn), nl=False)

    def end(self, score: Score, look: list[str]) -> None:
        """Say how many answers were right, and what to look at again."""
        lang = self._lang
        if not score.asked:
            self._say(translate("No question was answered.", lang))
            return
        text = translate("{right} of {asked} right, and {helped} more with a hint.", lang)
        click.echo()
        self._say(text.format(right=score.right, asked=score.asked, helped=score.helped))
        commands = [f"pcapstate states {' '.join(state.name for state in score.again)}"] if score.again else []
        if commands or look:
            self._say(translate("Look again at:", lang))
        for command in (*commands, *look):
            click.echo(f"  {command}")


def _key(read: Callable[[], str]) -> str:
    """Wait for a key. Raises Ended."""
    try:
        key = read()
    except (KeyboardInterrupt, EOFError):
        raise Ended from None
    if key in INTERRUPT:
        raise Ended
    return key


def _rows(lines: list[str]) -> int:
    """Return how many rows of the terminal lines take."""
    columns = max(shutil.get_terminal_size().columns, 1)
    return sum(max(1, -(-display_width(line) // columns)) for line in lines)
