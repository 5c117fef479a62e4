"""The sentences that explain a connection: the reasons of transitions, and the explanations of packets."""

from __future__ import annotations

import re
import string

import pytest

from pcapstate.escaping import safe
from pcapstate.tcp.machine import TABLE, Row
from pcapstate.tcp.states import State
from pcapstate.wording.explanations import EXPLANATIONS, explanation
from pcapstate.wording.languages import LANGUAGES, translate
from pcapstate.wording.styles import LINUX, RFC, STYLES, Style

SPELLINGS = {style.states[state] for style in STYLES.values() for state in State}
SECTION = re.compile(r"RFC \d+|§[\d.]*\d|(?<=figure )\d+|(?<=図 )\d+")
SENTENCES = dict.fromkeys([*(row.reason for row in TABLE), *EXPLANATIONS.values()])
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
ENDS = {"sender": "client", "receiver": "server", "end": "client"}


def bare(text: str) -> str:
    """Return a text without its fields."""
    return "".join(literal for literal, *_ in string.Formatter().parse(text))


def numbers_of(name: str) -> dict[str, int]:
    """Return a number for each field of an explanation that takes one."""
    fields = [field for _, field, *_ in string.Formatter().parse(EXPLANATIONS[name]) if field]
    chosen = [one for one in dict.fromkeys(fields) if one not in (*ENDS, *State.__members__, "wait")]
    return {field: 4321 + 1000 * at for at, field in enumerate(chosen)}


@EVERY_LANGUAGE
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_ends_fits_every_style_and_cites_the_same_in_each_language(sentence: str, language: str) -> None:
    told = translate(sentence, language)
    assert told[-1] == ("." if language == "en" else "。")
    assert safe(told) == told
    assert [one for one in SPELLINGS if one in bare(told)] == [], "the styles spell states differently"
    assert SECTION.findall(told) == SECTION.findall(sentence)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.event.name)
def test_a_reason_has_no_fields(row: Row) -> None:
    assert not set("{}") & set(row.reason)


@EVERY_LANGUAGE
@pytest.mark.parametrize("style", [LINUX, RFC], ids=lambda style: style.name)
@pytest.mark.parametrize("name", EXPLANATIONS)
def test_an_explanation_tells_the_numbers_that_it_is_given(name: str, style: Style, language: str) -> None:
    given = numbers_of(name)
    told = explanation(name, language, style, wait="60 s", **ENDS, **given)
    assert not set("{}") & set(told)
    assert {int(one.replace(",", "")) for one in re.findall(r"\d,?\d{3}\b", told)} - {5681, 5927, 7323, 7413, 9293} == {
        *given.values()
    }


def test_counts_have_their_nouns_and_sequence_numbers_no_commas() -> None:
    fields = {"ack": 1001, "seq": 1000, "length": 1, "number": 4}
    assert explanation("ack-of-data", **fields) == (
        "ack 1001 = 1000 + 1: packet #4, with 1 byte from 1000 on, has arrived, and all data before it (RFC 9293 §3.4)."
    )
    assert explanation("data", sender="client", length=1448) == (
        "The client sends 1,448 bytes; data does not change a state."
    )
    assert explanation("gap", missing=1).startswith("Before this packet, 1 sequence number is missing:")


def test_ends_are_named_and_states_spelled_as_asked() -> None:
    assert explanation("syn-ack-under-way", "ja", RFC, receiver="client").endswith("クライアントは SYN-SENT です。")
    assert "it stays CLOSE (" in explanation("refusal", "en", LINUX, sender="server")
