"""``pcapstate states``: what the states mean."""

from __future__ import annotations

import shutil

import click

from ..kernels.running import Kernels
from ..messages import Message
from ..output.formats import PEOPLE, render
from ..output.paragraphs import definitions
from ..output.whole_files import write
from ..tcp.states import State
from ..views import states as view
from ..wording.meanings import ORDER
from ..wording.state_names import LONGEST, nearest_state, state_named
from ..wording.styles import STYLES
from .format_choice import format_option
from .options import STATE_STYLE, output_option
from .spoken import for_programs, lang_option


def _named(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[State, ...]:
    return tuple(_state(value) for value in values)


def _state(value: str) -> State:
    state = state_named(value)
    if state is None:
        near = nearest_state(value)
        if near:
            hint = Message("the nearest is {state}", state=near.name)
        else:
            hint = Message("states are {states}", states=", ".join(one.name for one in ORDER))
        raise click.BadParameter(Message("{value!r} is not a TCP state; {hint}", value=value[:LONGEST], hint=hint))
    return state


def _completed(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [one.name for one in ORDER if one.name.startswith(incomplete.upper())]


@click.command()
@click.argument("names", nargs=-1, metavar="[STATE]...", callback=_named, shell_complete=_completed)
@STATE_STYLE
@lang_option("language")
@format_option("format_")
@output_option
@click.pass_context
def states(context: click.Context, names: tuple[State, ...], style: str, language: str, format_: str) -> None:
    """Explain the states of TCP: what each means, when it is normal, and what many connections in it point to.

    Without a name all are explained. Names may be spelled as any system does: SYN_RECEIVED, syn-recv, SYN_RCVD.

    \b
    Examples:
      pcapstate states
      pcapstate states CLOSE_WAIT TIME_WAIT --lang ja
      pcapstate states --style linux --format json
    """
    chosen = tuple(dict.fromkeys(names)) or ORDER
    if format_ == PEOPLE:
        blocks = view.view_for_people(chosen, language, STYLES[style])
        write([definitions(blocks, shutil.get_terminal_size().columns).encode()])
    else:
        write(render(view.view(chosen, for_programs(context, language), STYLES[style]), format_, Kernels()))
