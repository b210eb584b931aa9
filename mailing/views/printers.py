"""Screens of the printers: what they are, how they are, what lies at them."""

from collections.abc import Callable
from typing import Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mailing.forms.printers import NewPrinterForm, PrinterForm
from mailing.models import Printer, PrintJob
from mailing.printers.base import Capabilities
from mailing.selectors import printing as selectors
from mailing.services import printers, printing
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import is_fragment

SEE: Final = "mailing.view_printer"
CHANGE: Final = (SEE, "mailing.change_printer")
SEE_JOBS: Final = (SEE, "mailing.view_printjob")
CHANGE_JOBS: Final = (*SEE_JOBS, "mailing.change_printjob")
PAST_JOBS: Final = 20


@require_safe
@require(SEE)
def printer_list(request: HttpRequest) -> HttpResponse:
    """Show all printers and how they are."""
    rows = selectors.printers_visible_to(request.user)
    return render(request, "mailing/printer_list.html", {"printers": rows})


@require(SEE, "mailing.add_printer")
def printer_create(request: HttpRequest) -> HttpResponse:
    """Add a printer by its address; it is asked at once."""
    form = NewPrinterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            printer = printers.add_printer(
                name=form.cleaned_data["name"],
                uri=form.cleaned_data["uri"],
                certificate=form.trusted(),
                actor=request.user,
                now=timezone.now(),
            )
        except printers.PrinterUnusableError as error:
            form.refuse(str(error), error.fingerprint)
        except ValidationError as error:
            form.refuse_fields(error)
        else:
            messages.success(request, _("Printer added. Let it print a test page."))
            return redirect("mailing:printer_detail", pk=printer.pk)
    return render(request, "mailing/printer_form.html", {"form": form})


@require(*CHANGE)
def printer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how a printer prints, where it is, and whether it is used."""
    printer = _printer_or_404(request, pk)
    form = PrinterForm(request.POST or None, printer=printer)
    newer = False
    if request.method == "POST" and form.is_valid():
        try:
            printers.change_printer(
                printer=printer,
                expected_version=form.cleaned_data["expected_version"],
                certificate=form.trusted() or None,
                actor=request.user,
                now=timezone.now(),
                **form.changes(),
            )
        except printers.PrinterUnusableError as error:
            form.refuse(str(error), error.fingerprint)
        except printers.PrinterInUseError as error:
            form.add_error("uri", str(error))
        except printers.PrinterChangedMeanwhileError:
            newer = True
        except ValidationError as error:
            form.refuse_fields(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("mailing:printer_detail", pk=pk)
    context = {"form": form, "printer": printer, "newer": newer}
    return render(request, "mailing/printer_form.html", context, status=409 if newer else 200)


@require_safe
@require(SEE)
def printer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one printer; its queue follows live."""
    printer = _printer_or_404(request, pk)
    context = {**_live(request, printer), "can": Capabilities.from_json(printer.capabilities)}
    return render(request, "mailing/printer_detail.html", context)


@require_safe
@require(SEE)
def printer_live(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer state and queue of a printer again and again."""
    if not is_fragment(request):
        return redirect("mailing:printer_detail", pk=pk)
    printer = _printer_or_404(request, pk)
    response = render(request, "mailing/_printer_live.html", _live(request, printer))
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@require(*CHANGE)
def printer_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the printer how it is and what it can."""
    printer = _printer_or_404(request, pk)
    printers.refresh_printer(printer=printer, now=timezone.now())
    if printer.condition == Printer.Condition.UNREACHABLE:
        messages.error(request, selectors.state_in_words(printer))
    else:
        messages.success(request, _("The printer has answered."))
    return redirect("mailing:printer_detail", pk=pk)


@require_POST
@require(*CHANGE)
def printer_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the printer print a test page."""
    printer = _printer_or_404(request, pk)
    try:
        printers.print_test_page(printer=printer, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The test page is in the queue."))
    return redirect("mailing:printer_detail", pk=pk)


@require_POST
@require(*CHANGE_JOBS)
def print_job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a job out of the queue, or have it cancelled at the printer."""
    return _act(request, pk, printing.cancel_print, _("The print job is being cancelled."))


@require_POST
@require(*CHANGE_JOBS)
def print_job_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Print a job again that failed or was cancelled."""
    return _act(request, pk, printing.retry_print, _("The print job is in the queue again."))


@require_POST
@require(*CHANGE_JOBS)
def print_job_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take down what somebody has seen in the output tray."""
    printed = request.POST.get("printed")
    if printed not in ("yes", "no"):
        messages.error(request, _("Say whether it was printed."))
        return redirect("mailing:printer_detail", pk=_job_or_404(request, pk).printer_id)

    def decide(**words: object) -> PrintJob:
        return printing.decide_print(printed=printed == "yes", **words)  # type: ignore[arg-type]

    done = _("It counts as printed.") if printed == "yes" else _("It is printed again.")
    return _act(request, pk, decide, done)


@require_safe
@require(*SEE_JOBS, "mailing.download_recipients")
def print_job_document(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Serve the PDF of a print job."""
    job = _job_or_404(request, pk)
    path = printing.document_path(job.document)
    if not path.is_file():
        raise Http404
    response = FileResponse(path.open("rb"), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="print-job-{job.pk}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _live(request: HttpRequest, printer: Printer) -> dict[str, object]:
    sees_jobs = request.user.has_perm("mailing.view_printjob")
    jobs = list(selectors.open_jobs(printer)) if sees_jobs else []
    past = selectors.past_jobs(printer, limit=PAST_JOBS) if sees_jobs else []
    return {"printer": printer, "jobs": jobs, "past": past, "sees_jobs": sees_jobs}


def _act(request: HttpRequest, pk: int, action: Callable[..., PrintJob], done: str) -> HttpResponse:
    job = _job_or_404(request, pk)
    try:
        action(job=job, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("mailing:printer_detail", pk=job.printer_id)


def _printer_or_404(request: HttpRequest, pk: int) -> Printer:
    try:
        return selectors.printer_for(request.user, pk)
    except Printer.DoesNotExist as error:
        raise Http404 from error


def _job_or_404(request: HttpRequest, pk: int) -> PrintJob:
    try:
        return selectors.print_job_for(request.user, pk)
    except PrintJob.DoesNotExist as error:
        raise Http404 from error
