"""``pcapstate extcap``: what Wireshark runs to list the interfaces of pcapstate, and to capture on one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from ..errors import CallError, LiveError, OutputClosed
from ..output.whole_files import out
from ..wireshark import extcap as answers
from ..wording.languages import told
from ..wording.styles import STYLES
from .spoken import lang_option


# A later Wireshark may pass more.
@click.command(hidden=True, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--extcap-version", metavar="VERSION", expose_value=False, help="The version of Wireshark.")
@click.option("--extcap-interfaces", is_flag=True, help="List the interfaces.")
@click.option("--extcap-interface", "given", metavar="NAME", help="The interface, as listed.")
@click.option("--extcap-dlts", is_flag=True, help="Show its link type.")
@click.option("--extcap-config", is_flag=True, help="List its settings, which are the options below.")
@click.option(
    "--extcap-capture-filter",
    "filter",
    metavar="BPF",
    help="Capture only packets that match this filter; without --capture: check it.",
)
@click.option("--capture", is_flag=True, help="Capture on it.")
@click.option("--fifo", metavar="FILE", help="The named pipe to write to.")
@click.option(
    "--style",
    type=click.Choice(tuple(STYLES)),
    default=next(iter(STYLES)),
    show_default=True,
    help="Spell the states as this system's netstat does.",
)
@click.option("--snaplen", type=int, metavar="N", help="Keep only the first N bytes of each packet.")
@click.option("--no-promiscuous", is_flag=True, help="Only packets to and from this host.")
@lang_option(help="Language of comments and messages. [default: that of the locale]")
@click.pass_context
def extcap(
    context: click.Context,
    extcap_interfaces: bool,
    given: str | None,
    extcap_dlts: bool,
    extcap_config: bool,
    filter: str | None,
    capture: bool,
    fifo: str | None,
    style: str,
    snaplen: int | None,
    no_promiscuous: bool,
    lang: str,
) -> None:
    """Capture for Wireshark, with a comment on each packet that changes a state.

    Wireshark calls it, once pcapstate wireshark --install has put it among the interfaces (man 4 extcap).

    \b
    Examples:
      pcapstate extcap --extcap-interfaces
      pcapstate extcap --capture --extcap-interface pcapstate_eth0 --fifo /tmp/pipe
    """
    if extcap_interfaces:
        answer(answers.interfaces())
        return
    if given is None:
        raise click.UsageError("name an interface with --extcap-interface")
    try:
        name = answers.name_of(given)
    except CallError as error:
        raise click.UsageError(str(error)) from None
    if extcap_dlts:
        answer(answers.link_types(name))
    elif extcap_config:
        answer(answers.settings(lang))
    elif capture:
        if fifo is None:
            raise click.UsageError("--capture goes with --fifo")
        context.exit(captured(name, fifo, filter, style, snaplen, no_promiscuous, lang))
    elif filter is not None:
        answer(objections(name, filter, lang))
    else:
        raise click.UsageError("name what to do: --extcap-dlts, --extcap-config or --capture")


def answer(lines: Iterable[str]) -> None:
    """Write lines as Wireshark reads them."""
    out().write("".join(f"{line}\n" for line in lines).encode())
    out().flush()


def objections(name: str, filter: str, lang: str) -> list[str]:
    """Return what is wrong with a capture filter."""
    # Only this question needs it: loading takes its time.
    from ..sources.framing import MAXIMUM_CAPTURED
    from ..sources.hardware_types import LINKTYPE_SLL2
    from ..sources.socket_filters import program_for

    linktype = answers.linktype(name)
    try:
        program_for(filter, linktype, linktype == LINKTYPE_SLL2, MAXIMUM_CAPTURED)
    except LiveError as error:
        return [told(error.args[0], lang)]
    return []


def captured(
    name: str, fifo: str, filter: str | None, style: str, snaplen: int | None, no_promiscuous: bool, lang: str
) -> int:
    """Write packets with comments to a named pipe until nobody reads it, or a signal; return the exit code."""
    # Only capturing needs them: loading takes its time.
    from ..live_annotation import CommentedPackets
    from ..sources.framing import MAXIMUM_CAPTURED
    from ..tcp.time_wait import TimeWait
    from .options import SourceOptions
    from .session import Session

    pipe = opened(fifo)
    try:
        packets = CommentedPackets(pipe.write, STYLES[style], lang)
        source = SourceOptions(
            (),
            TimeWait(),
            split_vlans=False,
            memory=None,
            # Wireshark shows a line on stderr as an error.
            quiet=True,
            interfaces=(name,),
            capture_filter=filter,
            no_promiscuous=no_promiscuous,
            snaplen=snaplen,
        )
        reading = Session(source, record=True, passing=True, watchers=lambda _: [packets], lang=lang)
        interface: Any = reading.capture.source
        interface.at_once = True
        pipe.gone = interface.stop
        packets.begin(reading.capture, interface.linktypes, name, snaplen or MAXIMUM_CAPTURED)
        for transitions in reading.transitions():
            packets.add(transitions)
        packets.end()
        return reading.finish()
    finally:
        pipe.close()


def opened(path: str) -> answers.Pipe:
    """Return the pipe, once somebody reads it. Raises OSError, OutputClosed."""
    from .interruption import Interruption

    try:
        with Interruption(endless=True):
            return answers.Pipe(path)
    except KeyboardInterrupt:
        raise OutputClosed from None
