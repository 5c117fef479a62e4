"""Everything can be read: on dark and light backgrounds, in the selected row, and by those who see no colours."""

from __future__ import annotations

import pytest

from pcapstate.screen.palette import DARK, LIGHT, Palette
from pcapstate.views.reading_aids import STATE_TONES

LEAST = 3.0
"""WCAG 2, success criterion 1.4.11, for what is not running text."""


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2)."""
    parts = [octet / 255 for octet in bytes.fromhex(colour[1:])]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_contrast(palette: Palette) -> None:
    texts = {palette.text, palette.faint, palette.accent, *palette.tones.values()}
    for background in (palette.background, palette.bar, palette.chosen):
        for text in texts:
            if background == palette.chosen and text in (palette.faint, palette.accent):
                continue  # nothing in a row has these
            assert contrast(text, background) >= LEAST, (text, background)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_every_state_has_a_colour(palette: Palette) -> None:
    assert set(STATE_TONES) <= palette.tones.keys()
