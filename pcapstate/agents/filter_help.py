"""What filters can ask about, for who writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..query.column_fields import ReadTime
from ..query.fields import OPERATORS, Field, Kind
from . import moments
from .asked_about import CONNECTIONS, TIMELINE, fields_of_connections, fields_of_timeline
from .cited import Json

FIELDS: dict[str, tuple[Callable[[ReadTime], Mapping[str, Field]], tuple[str, ...], tuple[str, ...]]] = {
    "connections": (
        fields_of_connections,
        CONNECTIONS,
        ("outcome = refused", "state = CLOSE_WAIT and server_port = 443", "host = 10.0.0.0/8 and client_bytes > 10M"),
    ),
    "netstat": (
        moments.fields,
        moments.COLUMNS,
        ("state = CLOSE_WAIT and age > 60s", "port in {80, 443, 8000..8999}", "foreign_address = 10.0.0.0/8"),
    ),
    "timeline": (
        fields_of_timeline,
        TIMELINE,
        ("to = CLOSE_WAIT", "certainty != seen", "packet <= 100 and endpoint = server"),
    ),
}
"""By tool: the fields of its filter, the columns of its order, and examples."""

GRAMMAR = (
    "A condition is a field, an operator and a value; conditions are joined by and, or, not and parentheses. port and "
    "host mean either end. in takes a list in braces, with ranges: {80, 443, 8000..8999}. ~ is a pattern with * and ?. "
    "No comparison matches a missing value."
)
KINDS = {
    Kind.NUMBER: "1500, 1.5k, 10M",
    Kind.DURATION: "60s, 1.5ms, 1h30m",
    Kind.TIME: "as the argument at: 12.5 (seconds after the first packet), 14:05:10",
    Kind.PORT: "443, https, 8000-8999",
    Kind.STATE: "ESTABLISHED, CLOSE_WAIT, FIN_WAIT_2 …, as any system spells them",
    Kind.WORD: "one of the field's words",
    Kind.TEXT: "any text",
    Kind.ADDRESS: "10.0.0.5, 2001:db8::1, or a network: 10.0.0.0/8",
    Kind.FLAG: "true or false; the field alone is a condition, too",
}


def filter_help(tool: str) -> Json:
    """Answer filter_help."""
    fields, columns, examples = FIELDS[tool]
    found = fields(lambda text: 0)
    kinds = {field.kind for field in found.values()}
    return {
        "fields": [
            {
                "name": name,
                "kind": field.kind.value,
                "operators": list(OPERATORS[field.kind]),
                "words": [str(word) for word in field.words if word is not None],
            }
            for name, field in found.items()
        ],
        "sort": list(columns),
        "kinds": {kind.value: text for kind, text in KINDS.items() if kind in kinds},
        "grammar": GRAMMAR,
        "examples": list(examples),
    }
