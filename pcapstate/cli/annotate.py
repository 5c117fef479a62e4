"""``pcapstate annotate``: the capture with the changes of states as comments on its packets."""

from __future__ import annotations

from contextlib import nullcontext

import click

from .. import memory
from ..output.whole_files import output_to
from ..wording.styles import STYLES
from .options import STATE_STYLE, SourceOptions, file_options
from .session import Session
from .spoken import lang_option


@click.command()
@file_options
@click.option("--no-findings", is_flag=True, help="No comments on the packets that diagnose names.")
@STATE_STYLE
@click.option(
    "-o", "--output", required=True, type=click.Path(), metavar="FILE", help="The capture to write; - is stdout."
)
@lang_option(help="Language of comments and messages. [default: that of the locale]")
@click.pass_context
def annotate(
    context: click.Context, source: SourceOptions, no_findings: bool, style: str, output: str, lang: str
) -> None:
    """Write the capture again, with a comment on each packet that changes a state.

    Wireshark shows a comment with its packet, and the filter frame.comment contains "CLOSE_WAIT" finds it. Packets that
    diagnose names have its finding as a comment. All else is copied byte for byte: packets, time stamps, interfaces,
    names, secrets, and the comments there were. The result is pcapng. --at ends the comments at a moment.

    \b
    Examples:
      pcapstate annotate capture.pcapng -o annotated.pcapng
      pcapstate annotate *.pcap --style linux -o annotated.pcapng
      pcapstate annotate capture.pcap -o - | wireshark -k -i -
    """
    if not source.captures:
        raise click.UsageError("name a capture file")
    if "-" in source.captures:
        raise click.UsageError("the capture is read several times: give a file, not standard input")
    with output_to(output) if output != "-" else nullcontext():
        code = written(source, not no_findings, style, lang)
    context.exit(code)


def written(source: SourceOptions, with_findings: bool, style: str, lang: str) -> int:
    """Write the capture with comments to where output goes; return the exit code."""
    # Only this command needs them: loading takes its time.
    from ..annotation import comments
    from ..extraction import Extraction
    from ..findings.diagnosis import diagnose
    from ..findings.frames_seen import FramesSeen
    from ..tcp.settling import in_time, settled
    from ..wording.counts import Count

    seen = FramesSeen()
    reading = Session(
        source,
        record=True,
        details=with_findings,
        each=memory.DIAGNOSE if with_findings else memory.SHOWN,
        beside=memory.FRAMES_SEEN if with_findings else 0,
        watchers=lambda _: [seen] if with_findings else [],
        lang=lang,
    )
    rows, _ = settled(in_time(reading.history()))
    findings = diagnose(reading.capture, seen, None) if with_findings else []
    told = comments(reading.capture.table, rows, findings, STYLES[style], lang)
    copied = Extraction(source.captures, None, told)
    reading.write(copied.pcapng())
    code = reading.finish()
    reading.say("comments on {packets:packet|packets}", packets=Count(told.packet_count - copied.uncommented))
    if copied.uncommented:
        text = "{packets:packet has|packets have} no comment: a Simple Packet Block cannot hold one"
        reading.say(text, packets=Count(copied.uncommented))
    return code
