"""Where Wireshark is, and where plug-in, profile and capture program belong in its personal folders."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ..errors import CallError
from ..escaping import safe
from ..messages import Message

HERE = Path(__file__).parent
PLUG_IN = HERE / "pcapstate.lua"
PROFILE = HERE / "profile"
NAME = "pcapstate"
"""Of the profile."""
WIRESHARK = "wireshark"
ELSEWHERE = {
    "darwin": ("/Applications/Wireshark.app/Contents/MacOS/Wireshark",),
    "win32": (r"C:\Program Files\Wireshark\Wireshark.exe",),
}
"""Where installers put it without telling the shell."""


def program(name: str) -> str:
    """Return the path of a program. Raises CallError."""
    places = ELSEWHERE.get(sys.platform, ()) if name == WIRESHARK else ()
    found = shutil.which(name) or next(filter(os.path.isfile, places), None)
    if found is None:
        raise CallError(
            Message("there is no program {name}; install Wireshark, or name it with --program", name=safe(name))
        )
    return found


class Folders(NamedTuple):
    """Personal folders of Wireshark."""

    plug_ins: Path
    profiles: Path
    extcaps: Path
    """Programs that capture for it."""

    @property
    def plug_in(self) -> Path:
        """Where the plug-in belongs."""
        return self.plug_ins / PLUG_IN.name

    @property
    def profile(self) -> Path:
        """The folder of the profile."""
        return self.profiles / NAME

    @property
    def launcher(self) -> Path:
        """Where the program belongs that starts this one to capture."""
        return self.extcaps / (f"{NAME}.bat" if sys.platform == "win32" else NAME)

    def files(self) -> dict[Path, bytes]:
        """Return what belongs there: plug-in, profile and launcher."""
        found = {self.plug_in: PLUG_IN.read_bytes(), self.launcher: launcher()}
        return found | {self.profile / one.name: one.read_bytes() for one in sorted(PROFILE.iterdir())}


def folders() -> Folders:
    """Return the personal folders of Wireshark here. Only tshark tells them (-G folders), and it may be missing."""
    home = Path.home()
    chosen = os.environ.get("WIRESHARK_CONFIG_DIR")
    if sys.platform == "win32":
        configuration = Path(chosen or os.path.join(os.environ.get("APPDATA", home), "Wireshark"))
        return Folders(*(configuration / name for name in ("plugins", "profiles", "extcap")))
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "wireshark"
    if not configuration.is_dir() and (home / ".wireshark").is_dir():
        configuration = home / ".wireshark"
    libraries = home / ".local" / "lib" / "wireshark"
    return Folders(libraries / "plugins", Path(chosen or configuration) / "profiles", libraries / "extcap")


def launcher() -> bytes:
    """Return a program that starts this one to capture, with the Python that runs now."""
    # -P: Wireshark's current folder is nowhere to import from.
    options = f"-P -m {__package__.partition('.')[0]} extcap"
    if sys.platform == "win32":
        return f'@echo off\r\n"{sys.executable}" {options} %*\r\n'.encode()
    return f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {options} "$@"\n'.encode()


def only_extcaps() -> str:
    """Return the folder of capture programs of a Wireshark that has no personal one (before 4.2), if it is known."""
    tshark = shutil.which("tshark")
    if tshark is None:
        return ""
    told = subprocess.run([tshark, "-G", "folders"], capture_output=True, check=False).stdout.decode(errors="replace")
    known = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    return "" if "Personal Extcap path" in known else known.get("Extcap path", "").strip()
