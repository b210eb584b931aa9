"""A real IPP printer (CUPS's ``ippeveprinter``) that a test can let run dry, jam, freeze or die.

For tests marked ``printer``, and for benches::

    with RunningPrinter(folder) as printer:
        printer.run_out_of_paper(after=3)
        …
        printer.fill()
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Self

from bpi_portal.supervisor.processes import die_with_parent
from mailing.printers.base import PrinterError
from mailing.printers.ipp import IppPrinter
from tests.bridge.janus import wait_until

PROGRAM = "/usr/sbin/ippeveprinter"
COMMAND = Path(__file__).with_name("command.py")
FAST = 100_000
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={folder}/bus</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_type="method_call"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""


class RunningPrinter:
    """The printer and its paper.

    Args:
        folder: for its spool and logs.
        formats: what it prints; without ``application/pdf`` it takes no letter.
    """

    def __init__(self, folder: Path, *, formats: str = "application/pdf,image/pwg-raster") -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.formats = formats
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.uri = f"ipp://127.0.0.1:{self.port}/ipp/print"
        self._bus: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # The path of a Unix socket must stay short, which a test's own folder may not be.
        self._bus_folder = Path(tempfile.mkdtemp(prefix="bpi-bus-"))

    # --- its life ---------------------------------------------------------------------------
    def __enter__(self) -> Self:
        self.spool.mkdir(parents=True, exist_ok=True)
        self.speed(FAST)
        self._start_bus()
        try:
            return self.switch_on()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def switch_on(self) -> Self:
        """Start it; it remembers no job of before."""
        self._process = self._start(
            PROGRAM,
            *("-p", str(self.port), "-n", "localhost", "-d", str(self.spool), "-k", "-r", "off"),
            *("-v", "-2", "-s", "60,60", "-f", self.formats, "-K", str(self.folder)),
            *("-c", str(COMMAND), "Letters"),
            log="printer.log",
        )
        wait_until(self._answers, what="the printer's answer")
        return self

    def switch_off(self) -> None:
        """Pull the plug: it and whatever it was printing are gone."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it take connections and answer nothing."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after ``freeze``."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        """Leave nothing running."""
        self.switch_off()
        if self._bus is not None:
            self._bus.kill()
            self._bus.wait()
        shutil.rmtree(self._bus_folder, ignore_errors=True)

    # --- its troubles -----------------------------------------------------------------------
    def speed(self, pages_a_second: float) -> None:
        """Set how fast it prints, from the next page on."""
        self._set("speed", str(pages_a_second))

    def run_out_of_paper(self, *, after: int) -> None:
        """Let the tray hold so many pages of a job."""
        self._set("trouble", f"{after} media-empty")

    def jam(self, *, after: int) -> None:
        """Let a sheet get stuck after so many pages of a job."""
        self._set("trouble", f"{after} media-jam")

    def give_up(self, *, after: int) -> None:
        """Let it abort the job after so many pages."""
        self._set("trouble", f"{after} abort")

    def fill(self) -> None:
        """Put paper in, or take the jammed sheet out: it goes on by itself."""
        (self.spool / "trouble").unlink(missing_ok=True)

    # --- its paper --------------------------------------------------------------------------
    def pages(self) -> Counter[str]:
        """Count the printed pages of each job, by the job's name."""
        return Counter(name for name, _page in self._printed())

    def printed_twice(self) -> list[tuple[str, str]]:
        """Return pages that lie in the output tray more than once, whatever attempt it was."""
        seen = Counter((name.split(" ", 2)[-1], page) for name, page in self._printed())
        return [page for page, times in seen.items() if times > 1]

    def _printed(self) -> list[tuple[str, str]]:
        paper = self.spool / "printed"
        lines = paper.read_text().splitlines() if paper.exists() else []
        return [(name, page) for name, _tab, page in (line.partition("\t") for line in lines)]

    # --- inside -----------------------------------------------------------------------------
    def _answers(self) -> bool:
        try:
            IppPrinter(self.uri, timeout=1).condition()
        except PrinterError:
            return False
        return True

    def _set(self, name: str, text: str) -> None:
        """Change a control file in one step: its reader may look at any moment."""
        beside = self.spool / f".{name}"
        beside.write_text(text)
        beside.rename(self.spool / name)

    def _start_bus(self) -> None:
        """Give it a bus of its own: Debian's looks for Avahi on the system's, and waits."""
        configuration = self._bus_folder / "bus.conf"
        configuration.write_text(BUS.format(folder=self._bus_folder))
        self._bus = self._start(
            "dbus-daemon",
            f"--config-file={configuration}",
            "--nofork",
            "--nopidfile",
            log="bus.log",
        )
        wait_until((self._bus_folder / "bus").exists, what="the bus")

    def _start(self, *command: str, log: str) -> "subprocess.Popen[bytes]":
        with (self.folder / log).open("ab") as output:
            return subprocess.Popen(  # noqa: S603 (our own words)
                command,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self.folder),
                    "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self._bus_folder}/bus",
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 (one libc call)
            )


def a_pdf(pages: int) -> bytes:
    """Return a small PDF of empty A4 pages."""
    kids = b" ".join(b"%d 0 R" % (3 + page) for page in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        *[b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * pages,
    ]
    content, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size, start = len(objects) + 1, len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    content += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(content)
