"""A worker that is killed while it hands a job over: `python -m … before|after PRINTER`."""

import os
import signal
import sys

import django


def main(when: str, printer_id: str) -> None:
    django.setup()
    from django.utils import timezone

    from mailing.printers.ipp import IppPrinter
    from mailing.services.print_steps import advance_printer

    submit = IppPrinter.submit

    def die(self, order, can):
        if when == "after":
            submit(self, order, can)
        os.kill(os.getpid(), signal.SIGKILL)

    IppPrinter.submit = die  # type: ignore[method-assign]
    advance_printer(printer_id=int(printer_id), now=timezone.now())


if __name__ == "__main__":
    main(*sys.argv[1:])
