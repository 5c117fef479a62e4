"""Compile the kernels when a wheel is built, and so at ``pip install``, editable or not.

Where kernels cannot be compiled, the wheel is one without them, for any platform: they run as plain Python there.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ZIGLANG = "ziglang==0.15.2"
"""The linker where the system has none, or for another platform."""


class Kernels(BuildHookInterface[Any]):
    """PCAPSTATE_BUILD_TARGET names a platform that is not this one, or is empty for a wheel without kernels."""

    def _target(self) -> str | None:
        targets = self._targets()
        return os.environ.get("PCAPSTATE_BUILD_TARGET", targets.this_platform() or "") or None

    def _targets(self) -> Any:
        sys.path.insert(0, self.root)
        try:
            from pcapstate.kernels import targets
        finally:
            sys.path.remove(self.root)
        return targets

    def dependencies(self) -> list[str]:
        """Return what the build needs here: the compiler, and a linker where the system has none."""
        targets, target = self._targets(), self._target()
        if target is None:
            return []
        needed = list(self.metadata.core.optional_dependencies["kernels"])
        if target != targets.this_platform() or targets.system_linker() is None:
            needed.append(ZIGLANG)
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the library: into the checkout for an editable installation, otherwise into the wheel."""
        if version == "editable":
            # As pip does with what it installs: where Python may not (PYTHONDONTWRITEBYTECODE), starting takes twice
            # as long.
            compileall.compile_dir(Path(self.root, "pcapstate"), quiet=1)
        target = self._target()
        if target is None:
            return
        targets = self._targets()
        tag = targets.TARGETS[target].tag
        build_data.update(pure_python=False, tag=f"py3-none-{tag}")
        if version == "editable":
            self._build("--target", target)
            return
        self._folder = tempfile.TemporaryDirectory(prefix="pcapstate-kernels-")
        self._build("--target", target, "--fixed", self._folder.name)
        for path in Path(self._folder.name).iterdir():
            build_data["force_include"][str(path)] = f"pcapstate/kernels/built/{path.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what is in the wheel now."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    def _build(self, *arguments: str) -> None:
        paths = [self.root, os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        command = [sys.executable, "-m", "pcapstate.kernels.building", *arguments]
        subprocess.run(command, env=environment, check=True)
