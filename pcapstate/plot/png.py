"""The picture as PNG, which Pillow draws: for slides and chats that take no SVG."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import CallError
from ..escaping import safe
from ..wording.languages import ENGLISH
from .colours import LIGHT
from .layout import SIZE, WIDTH, Area, Label, Line, layout

if TYPE_CHECKING:
    from .picture import Picture

SCALE = 2
"""Pixels for each unit of the layout: screens have small ones."""
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
WITH_JAPANESE = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "NotoSansJP-Regular.otf", "ipagp.ttf", "ipag.ttf"),
    *("YuGothM.ttc", "meiryo.ttc", "msgothic.ttc"),
    *("ヒラギノ角ゴシック W3.ttc", "Hiragino Sans GB.ttc", "AppleGothic.ttf"),
)
"""Files of fonts with Japanese characters, of Linux, Windows and macOS; Pillow looks for them where fonts are."""


class Sayer(Protocol):
    """What takes a line for stderr."""

    def say(self, text: str, *, error: bool = False, **fields: Any) -> None:
        """Take a line."""


class Pen:
    """Draws pictures in a language. Raises CallError without Pillow.

    Whatever it needs of files it reads at once: privileges may be given up before there is a picture.
    """

    def __init__(self, lang: str = ENGLISH) -> None:
        try:
            for module in ("Image", "ImageDraw", "ImageFont", "PngImagePlugin"):
                import_module(f"PIL.{module}")
        except ImportError:
            raise CallError("a PNG needs Pillow: pip install 'pcapstate[plot]'; SVG needs nothing") from None
        self._japanese = None if lang == ENGLISH else _font_with_japanese()

    def drawn(self, picture: Picture, sayer: Sayer | None = None) -> bytes:
        """Return the picture as a PNG file."""
        import PIL.Image
        import PIL.ImageDraw

        if picture.how.lang != ENGLISH and self._japanese is None:
            if sayer is not None:
                sayer.say("no font with Japanese characters was found; the picture is in English")
            picture = picture._replace(how=picture.how._replace(lang=ENGLISH))
        placed = layout(picture)
        image = PIL.Image.new("RGB", (SCALE * WIDTH, SCALE * placed.height), LIGHT["paper"])
        draw = PIL.ImageDraw.Draw(image)
        for shape in placed.shapes:
            colour = LIGHT[shape.colour]
            if isinstance(shape, Area):
                # What is as light as the paper needs a rim.
                rim = LIGHT["faint"] if colour == LIGHT["paper"] else None
                draw.polygon([(SCALE * x, SCALE * y) for x, y in shape.points], fill=colour, outline=rim)
            elif isinstance(shape, Line):
                draw.line([(SCALE * x, SCALE * y) for x, y in (shape.start, shape.end)], fill=colour, width=SCALE)
            else:
                self._write(draw, shape, colour)
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True)
        return out.getvalue()

    def _write(self, draw: Any, label: Label, colour: str) -> None:
        x, y = label.at
        font = _font(None if label.text.isascii() else self._japanese, SCALE * label.size)
        draw.text(
            (SCALE * x, SCALE * y),
            safe(label.text),
            fill=colour,
            font=font,
            anchor=ANCHORS[label.anchor],
            # Neither font has a bold face everywhere.
            stroke_width=int(label.bold),
        )


def _font_with_japanese() -> bytes | None:
    import PIL.ImageFont

    for name in WITH_JAPANESE:
        with suppress(OSError):
            return Path(str(PIL.ImageFont.truetype(name, SIZE).path)).read_bytes()
    return None


@lru_cache(maxsize=16)
def _font(file: bytes | None, size: int) -> Any:
    import PIL.ImageFont

    return PIL.ImageFont.load_default(size) if file is None else PIL.ImageFont.truetype(io.BytesIO(file), size)
