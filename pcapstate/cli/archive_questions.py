"""``pcapstate archive netstat``, and the like: the commands for one capture, asked of a dataset."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import click

from ..errors import CallError
from ..messages import Message
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..tcp.time_wait import TimeWait
from ..views.connection_columns import STORIES

NOT_OF_DATASETS = frozenset(
    (
        "captures", "interfaces", "capture_filter", "duration", "buffer", "no_promiscuous", "snaplen", "wait", "write",
        "rotate", "keep", "user", "verbose", "follow", "metrics", "time_wait", "split_vlans", "threads",
        "resolve",
    )
)  # fmt: skip
"""Parameters that say where packets come from, and how they are followed."""
OF_FRAMES = {
    "program": "-b", "programs": "--programs", "ethernet": "-e", "route": "-r", "statistics": "-s",
    "udp": "-u", "checksums": "--checksums",
}  # fmt: skip
"""Options that only frames answer, and a dataset has none."""
HELP = {
    "netstat": "Show what netstat would have printed on a host at any moment of a dataset.",
    "connections": "List the connections of a dataset: both states, and how each went.",
    "timeline": "List every state change in a dataset, with the packet that proves it.",
    "diagnose": "Find what is wrong, or worth a look, in a dataset, in order of importance.",
    "plot": "Draw how many connections of a dataset are in each state over time.",
}
SAME = "Options and output are those of pcapstate {command}. Packets are frames of captures; programs get both apart."
VIEWS = {
    "netstat": "pcapstate.sockets.columns",
    "connections": "pcapstate.views.connection_columns",
    "timeline": "pcapstate.views.timeline_columns",
    "diagnose": "pcapstate.views.connection_columns",
    "plot": "pcapstate.views.connection_columns",
}
"""What knows the fields of filters."""
EXAMPLES = {
    "netstat": "--at 2026-11-07T14:05Z --local 10.0.0.20",
    "connections": '--filter "outcome = refused" --sort server',
    "timeline": "--host 10.0.0.20 --at 2026-11-07T14:05Z",
    "diagnose": '--filter "opened > 2026-11-07T14:00Z"',
    "plot": "--from 2026-11-07T14:00Z --at 2026-11-07T15:00Z -o states.svg",
}


def question(name: str) -> click.Command:
    """Return a command that asks a dataset what the command of the same name asks a capture."""
    command: click.Command = getattr(importlib.import_module(f"{__package__}.{name}"), name)
    dataset = click.Argument(
        ["captures"], nargs=-1 if name == "netstat" else 1, required=True, metavar="DATASET", type=click.Path()
    )
    kept = [_hidden(one) for one in command.params if one.name not in NOT_OF_DATASETS]
    callback = command.callback
    assert callback is not None

    def asked(captures: Any, **values: Any) -> Any:
        given = (captures,) if isinstance(captures, str) else tuple(captures)
        for letter, option in OF_FRAMES.items():
            if values.get(letter):
                raise click.UsageError(Message("{option} needs frames, which a dataset does not keep", option=option))
        if name == "netstat":
            values["resolve"] = False
        archive = _opened(given[0], name, values)
        return callback(
            captures=given, archive=archive, time_wait=TimeWait(), split_vlans=archive.manifest.options.split, **values
        )

    told = f"{HELP[name]}\n\n{SAME.format(command=name)}\n\n\b\nExamples:\n"
    told += f"  pcapstate archive {name} dataset {EXAMPLES[name]}\n"
    found = type(command)(name, params=[dataset, *kept], callback=asked, help=told)
    found.context_settings = dict(command.context_settings)
    return found


def _hidden(option: click.Parameter) -> click.Parameter:
    """Return an option, left out of the help where a dataset cannot answer it: there is an error that says why."""
    if option.name not in OF_FRAMES:
        return option
    found = copy.copy(option)
    found.hidden = True  # type: ignore[attr-defined]
    return found


def _opened(root: str, name: str, values: dict[str, Any]) -> Any:
    """Return the dataset that a question is asked of, and which of its connections the question is about."""
    # Only who asks a dataset needs it.
    from ..archive.archive import Archive, Wanted

    if name == "netstat" and values.get("protocol") not in (None, "tcp", "tcpv6"):
        option = f"-p {values['protocol']}"
        raise click.UsageError(Message("{option} needs frames, which a dataset does not keep", option=option))
    selection = _selection(name, values)
    stories = sorted(STORIES & selection.needed)
    if stories or values.get("format") == "zeek":
        option = "/".join(stories) or "--format zeek"
        raise click.UsageError(Message("{option} needs frames, which a dataset does not keep", option=option))
    alive = name == "netstat" and not values.get("all_") and not values.get("listening")
    try:
        archive = Archive(root, Wanted(alive=alive))
        archive.wanted = archive.wanted._replace(where=_where(archive, name, values, selection))
    except CallError as error:
        raise click.UsageError(str(error)) from None
    return archive


def _selection(name: str, values: dict[str, Any]) -> Selection:
    """Return what a question's options choose."""
    view = importlib.import_module(VIEWS[name])
    names = view.COLUMNS if name == "netstat" else view.BY_NAME
    options = SelectionOptions(**{one: values[one] for one in SelectionOptions._fields if one in values})
    return Selection(options, view.fields, names, bool(values.get("utc")))


def _where(archive: Any, name: str, values: dict[str, Any], selection: Selection) -> str:
    """Return the condition on connections that a question's options make; empty: all may be in the answer."""
    from ..archive.pruning import of_expression, of_local

    if name == "diagnose":
        # What others did explains what became of the chosen ones.
        return ""
    parts = []
    if values.get("local"):
        try:
            parts.append(of_local(values["local"]))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--local") from None
    if values.get("connection") is not None:
        parts.append(f"connection = {int(values['connection'])}")
    parts.append(of_expression(selection.condition(lambda: (archive.start or 0, archive.clock or 0))))
    return " AND ".join(f"({one})" for one in parts if one)
