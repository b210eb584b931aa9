"""Programs and libraries that no Python package brings: are they there, and how to get them."""

import ctypes.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .console import say, step

APT = ("apt-get", "install", "-y", "--no-install-recommends")
SYSTEM_PATH = os.pathsep.join(("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"))


@dataclass(frozen=True)
class Part:
    """Something of the machine that a function of the portal needs."""

    name: str
    use: str
    packages: tuple[str, ...]
    programs: tuple[str, ...] = ()  # one of these is enough
    libraries: tuple[str, ...] = ()  # all of these

    def is_there(self) -> bool:
        """Whether this machine has it."""
        has_program = not self.programs or find_program(*self.programs) is not None
        return has_program and all(map(ctypes.util.find_library, self.libraries))

    @property
    def cure(self) -> str:
        """The command that installs it on Debian."""
        return " ".join((*APT, *self.packages))


def find_program(*names: str) -> str | None:
    """Return the path of the first of these programs that is installed."""
    path = os.pathsep.join((os.environ.get("PATH", ""), SYSTEM_PATH))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


PANGO = Part(
    name="Pango",
    use="PDF documents",
    packages=("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
    libraries=("pango-1.0", "pangoft2-1.0", "harfbuzz-subset"),
)
JANUS = Part(name="Janus", use="real conferences", packages=("janus",), programs=("janus",))
CHROMIUM = Part(
    name="Chromium",
    use="browser tests",
    packages=("chromium",),
    programs=("chromium", "chromium-browser", "google-chrome"),
)
POPPLER = Part(
    name="Poppler",
    use="reading PDF in tests",
    packages=("poppler-utils",),
    programs=("pdftotext",),
)
PRINTER = Part(
    name="CUPS's IPP printer",
    use="printing in tests",
    packages=("cups-ipp-utils", "dbus"),
    programs=("ippeveprinter",),
)


def complete(parts: Sequence[Part]) -> None:
    """Install what is missing when root on Debian; otherwise say how, one line for each part.

    Nothing fails here: what needs a missing part says so where it is used.
    """
    missing = [part for part in parts if not part.is_there()]
    if missing and _may_install():
        packages = [package for part in missing for package in part.packages]
        with step(f"installing {' '.join(packages)}"):
            _install(packages)
    for part in missing:
        if not part.is_there():
            say(f"  {part.name} is missing (for {part.use}). As root: {part.cure}")


def _may_install() -> bool:
    return os.geteuid() == 0 and bool(shutil.which("apt-get")) and not os.environ.get("BPI_NO_APT")


def _install(packages: list[str]) -> None:
    if "janus" in packages:
        _forbid_packaged_janus()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = ([*APT, *packages], ["apt-get", "update"], [*APT, *packages])
    for command in commands:  # the update only when the first try found no package
        done = subprocess.run(
            command, check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True
        )
        if command[1] == "install" and done.returncode == 0:
            return


def _forbid_packaged_janus() -> None:
    """Keep Debian's own Janus service from starting: it listens everywhere, without a secret."""
    unit = Path("/etc/systemd/system/janus.service")
    if unit.parent.is_dir() and not unit.exists() and not unit.is_symlink():
        unit.symlink_to("/dev/null")  # what `systemctl mask janus` does
