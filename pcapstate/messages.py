"""Messages for people that keep their template and fields, so that whoever shows them can translate them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .escaping import safe


class Message(str):
    """An English text made of a template and its fields; fields may be messages themselves.

    It is a ``str`` in every respect. ``str()`` of it, and of an exception made of it, keeps template and fields;
    ``wording.languages.told`` translates it.
    """

    template: str
    fields: dict[str, Any]

    def __new__(cls, template: str, /, **fields: Any) -> Message:
        """Fill in a template; without fields it is the text itself."""
        if isinstance(template, Message) and not fields:
            return template
        made = super().__new__(cls, template.format(**fields) if fields else template)
        made.template, made.fields = template, fields
        return made

    def __str__(self) -> str:
        """Return the message itself."""
        return self

    def __getnewargs__(self) -> tuple[str]:
        """Return what a copy is made of; template and fields follow as its state."""
        return (str.__str__(self),)


def of_name(name: str, what: str, /, **fields: Any) -> Message:
    """Return what there is to say of a file or an interface: its name, and a template with its fields."""
    return Message("{name}: {what}", name=name, what=Message(what, **fields))


def nameless(error: BaseException) -> str:
    """Return what an error made of ``of_name`` says, without the name."""
    said = str(error)
    return str(said.fields.get("what", said)) if isinstance(said, Message) else said


def joined(messages: Iterable[str], separator: str) -> Message:
    """Return messages as one."""
    fields = {f"part{number}": one for number, one in enumerate(messages)}
    return Message(separator.join(f"{{{name}}}" for name in fields), **fields)


def reason(error: BaseException) -> Message:
    """Return why an operation failed, fit for a terminal: the system's text for it, or the exception's."""
    text = getattr(error, "strerror", None) or str(error)
    return text if isinstance(text, Message) else Message(safe(text))
