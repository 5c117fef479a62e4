"""The platforms that kernels are compiled for. The build reads this before anything is installed."""

from __future__ import annotations

import os
import platform
import shutil
from typing import NamedTuple


class Target(NamedTuple):
    """A platform that a library is built for.

    ``variants``: processors that kernels are compiled for, each better than the one before; ``zig``: the target's name
    for ``zig cc``; ``tag``: that of wheels.
    """

    triple: str
    variants: tuple[str, ...]
    library: str
    zig: str
    tag: str


X86 = ("x86-64-v2", "x86-64-v3")
TARGETS = {
    "linux-x86_64": Target(
        "x86_64-unknown-linux-gnu", X86, "kernels.so", "x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64"
    ),
    "linux-aarch64": Target(
        "aarch64-unknown-linux-gnu", ("generic",), "kernels.so", "aarch64-linux-gnu.2.17", "manylinux_2_17_aarch64"
    ),
    "macos-x86_64": Target(
        "x86_64-apple-macosx10.15.0", X86, "kernels.dylib", "x86_64-macos.10.15", "macosx_10_15_x86_64"
    ),
    "macos-arm64": Target(
        "arm64-apple-macosx11.0.0", ("apple-m1",), "kernels.dylib", "aarch64-macos.11.0", "macosx_11_0_arm64"
    ),
    "windows-x86_64": Target("x86_64-w64-windows-gnu", X86, "kernels.dll", "x86_64-windows-gnu", "win_amd64"),
}

LEVEL = "pcapstate_level"
"""The function that tells how many of the variants this processor can run, the first ones."""


def this_platform() -> str | None:
    """Name the target that is this machine; None where kernels cannot be compiled on it, or for it."""
    system = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}.get(platform.system(), "")
    if system == "linux" and platform.libc_ver()[0] != "glibc":
        return None  # there are no wheels of llvmlite for others
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    name = f"{system}-{'arm64' if (system, machine) == ('macos', 'aarch64') else machine}"
    return name if name in TARGETS else None


def system_linker() -> list[str] | None:
    """Return the command of the system's C compiler, which links; None where there is none."""
    if platform.system() == "Windows":
        return None
    named = os.environ.get("CC", "").split()
    return named or next(([found] for one in ("cc", "gcc", "clang") if (found := shutil.which(one))), None)
