"""``pcapstate wireshark``: the capture in Wireshark, with the states as fields of its packets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..escaping import safe
from ..messages import Message
from ..wording.languages import told
from .options import CAPTURES, TRACKING, SourceOptions, shared
from .spoken import HEADINGS, lang_option, say

if TYPE_CHECKING:
    from ..wireshark.folders import Folders

FURTHER = "pcapstate.further"
"""Where the context has the arguments behind ``--``."""
PROFILE_OPTIONS = ("-C", "--config-profile")


class Passing(click.Command):
    """A command that passes what is behind ``--`` on."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments before ``--``."""
        at = args.index("--") if "--" in args else len(args)
        ctx.meta[FURTHER] = args[at + 1 :]
        return super().parse_args(ctx, args[:at])


@click.command(cls=Passing)
@shared(SourceOptions, (CAPTURES, *TRACKING), "source")
@click.option(
    "--program",
    default="wireshark",
    show_default=True,
    metavar="NAME",
    help="The program that opens it, such as tshark.",
)
@click.option(
    "--install", is_flag=True, help="Copy plug-in, profile and capture program into Wireshark's personal folders."
)
@click.option("--uninstall", is_flag=True, help="Remove them from there.")
@click.option("--yes", is_flag=True, help="With --install and --uninstall: do not ask.")
@lang_option(help=HEADINGS)
@click.pass_context
def wireshark(
    context: click.Context,
    source: SourceOptions,
    program: str,
    install: bool,
    uninstall: bool,
    yes: bool,
    lang: str,
) -> None:
    """Open a capture in Wireshark, with the TCP state of both ends as fields of every packet.

    The fields: pcapstate.client.state and pcapstate.server.state (after the packet), pcapstate.change, .cause and
    .certainty (where it changes a state), .outcome and .connection. Filters, columns, colours and graphs take them.

    --install adds a profile, "pcapstate", with columns, colours and filter buttons, and interfaces, "pcapstate: eth0"
    and so on: live capture with a comment on each packet that changes a state. Arguments after -- go to Wireshark.

    \b
    Examples:
      pcapstate wireshark capture.pcapng
      pcapstate wireshark capture.pcapng -- -Y 'pcapstate.client.state == "CLOSE_WAIT"'
      pcapstate wireshark capture.pcapng --program tshark -- -Y pcapstate.change
      pcapstate wireshark --install
    """
    if install or uninstall:
        if install and uninstall:
            raise click.UsageError("--install and --uninstall exclude each other")
        if source.captures:
            raise click.UsageError("--install and --uninstall take no capture")
        installed(install, yes, lang)
        return
    if yes:
        raise click.UsageError("--yes goes with --install and --uninstall")
    check(source.captures)
    context.exit(opened(source, program, context.meta[FURTHER], lang))


def check(captures: Sequence[str]) -> None:
    """Refuse what Wireshark does not open. Raises UsageError."""
    from ..sources.compression import compression

    if len(captures) != 1 or captures[0] == "-":
        raise click.UsageError("name one capture file, which Wireshark opens")
    if not os.path.exists(captures[0]):
        return  # reading says so
    if not os.path.isfile(captures[0]):
        raise click.UsageError(Message("{name} is no file; Wireshark opens one capture file", name=safe(captures[0])))
    with open(captures[0], "rb") as file:
        kind = compression(file.read(8))
    if kind in ("bzip2", "xz"):
        raise click.UsageError(
            Message("Wireshark does not read captures compressed with {kind}; unpack it first", kind=kind)
        )


def opened(source: SourceOptions, name: str, further: Sequence[str], lang: str) -> int:
    """Write the states, and open the capture with a program; return the exit code."""
    # Only this command needs them: loading takes its time.
    import tempfile

    from ..wireshark.folders import NAME, PLUG_IN, folders, program
    from ..wireshark.packet_states import PacketStates
    from .session import Session

    path = program(name)
    there = folders()
    own = plug_in_there(there)
    with tempfile.TemporaryDirectory(prefix="pcapstate-", ignore_cleanup_errors=True) as folder:
        reading = Session(source, record=True, passing=True, lang=lang)
        states = PacketStates(reading.capture.table, folder)
        reading.read()
        states.finish()
        code = reading.finish()
        if reading.interrupted:
            return code
        command = [path, "-r", os.path.abspath(source.captures[0])]
        if not own:
            command += ["-X", f"lua_script:{PLUG_IN}"]
        if not there.profile.is_dir():
            reading.say("pcapstate wireshark --install adds columns, colours and filter buttons")
        elif not any(one.startswith(PROFILE_OPTIONS) for one in further):
            command += ["-C", NAME]
        sys.stdout.flush()
        environment = {**os.environ, "PCAPSTATE_WIRESHARK": folder}
        done = subprocess.run([*command, *further], env=environment, check=False)
    return (done.returncode if done.returncode >= 0 else 1) or code


def plug_in_there(there: Folders) -> bool:
    """Return whether the plug-in is installed. Raises UsageError if it is that of another version."""
    from ..wireshark.folders import PLUG_IN

    try:
        found = there.plug_in.read_bytes()
    except FileNotFoundError:
        return False
    if found != PLUG_IN.read_bytes():
        raise click.UsageError(
            Message(
                "the plug-in {path} is of another version; pcapstate wireshark --install replaces it",
                path=safe(str(there.plug_in)),
            )
        )
    return True


def installed(install: bool, yes: bool, lang: str) -> None:
    """Copy plug-in, profile and capture program into the personal folders, or remove them."""
    import shlex
    import shutil

    from ..output.whole_files import WholeFile
    from ..wireshark.folders import folders, only_extcaps

    there = folders()
    places = {one: safe(str(getattr(there, one))) for one in ("plug_in", "profile", "launcher")}
    if install:
        question = "Copy the plug-in to {plug_in}, the profile to {profile} and the capture program to {launcher}?"
        done = "the plug-in is in {plug_in}, the profile in {profile}, the capture program in {launcher}"
    elif not any(one.exists() for one in (there.plug_in, there.profile, there.launcher)):
        say("plug-in, profile and capture program are not installed", lang)
        return
    else:
        question = (
            "Remove the plug-in {plug_in}, the capture program {launcher} and the profile {profile}"
            " with all that is in it?"
        )
        done = "plug-in, profile and capture program are removed"
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on; --yes does it without asking")
        if not click.confirm(told(Message(question, **places), lang), err=True):
            raise click.Abort
    if install:
        for path, content in there.files().items():
            os.makedirs(path.parent, exist_ok=True)
            whole = WholeFile(str(path))
            try:
                whole.write(content)
                whole.keep()
            except BaseException:
                whole.discard()
                raise
        there.launcher.chmod(there.launcher.stat().st_mode | 0o111)
    else:
        there.plug_in.unlink(missing_ok=True)
        there.launcher.unlink(missing_ok=True)
        if there.profile.is_symlink():
            there.profile.unlink()
        elif there.profile.exists():
            shutil.rmtree(there.profile)
    say(done, lang, **places)
    if install and (only := only_extcaps()):
        text = "this Wireshark, before 4.2, looks for capture programs in {folder} only; as root: {command}"
        command = safe(shlex.join(["ln", "-s", str(there.launcher), only]))
        say(text, lang, folder=safe(only), command=command)
