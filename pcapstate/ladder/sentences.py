"""What there is to say under the steps of a ladder, in words."""

from __future__ import annotations

from ..tcp.machine import Certainty
from ..views.reading_aids import Manner
from ..wording.counts import Count
from ..wording.explanations import explanation
from ..wording.languages import translate
from ..wording.styles import shown_states
from ..wording.times import duration
from .explaining import SIDES, Fold, Said, Why

SURE = (Certainty.SEEN, Certainty.TIMER)
"""What needs no remark."""


class Sentences:
    """Sentences in a language and a style of states; ``arrow`` stands between two states."""

    def __init__(self, how: Manner, arrow: str = "→") -> None:
        self._how, self._arrow = how, arrow
        self._states = shown_states(how.style)

    def sentence(self, said: Why | Said) -> str:
        """Return the sentence of a change or of what the numbers tell."""
        lang = self._how.lang
        if isinstance(said, Said):
            return explanation(said.name, lang, self._how.style, **said.fields)
        change = said.change
        role = translate(SIDES[change.side], lang)
        states = f"{self._states[change.before]} {self._arrow} {self._states[change.after]}"
        sure = "" if said.certainty in SURE else f" ({translate(said.certainty.word, lang)})"
        return f"{role} {states}{sure}: {translate(said.reason, lang)}"

    def fold(self, fold: Fold) -> str:
        """Return what a fold leaves out."""
        text = translate(
            "#{first} to #{last}: {count:segment|segments} of data and ACKs, {up:byte|bytes} from the client, "
            "{down:byte|bytes} from the server, {time}",
            self._how.lang,
        )
        up, down = map(Count, fold.sent)
        return text.format(
            first=fold.first, last=fold.last, count=Count(fold.packets), up=up, down=down, time=duration(fold.duration)
        )
