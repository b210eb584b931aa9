"""What the buttons of a mailing do, each for whoever may, each told in a sentence."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mailing import services
from toolkit.access import require
from toolkit.errors import DomainError

from .mailings import SEE, mailing_or_404

View = Callable[..., HttpResponseBase]


def _action(service: Callable[..., Any], permission: str, said: Any) -> View:  # noqa: ANN401 (lazy)
    """Make the view of a button: one service, its refusal told where it was pressed."""

    @require_POST
    @require(SEE, permission)
    def act(request: HttpRequest, number: str) -> HttpResponse:
        mailing = mailing_or_404(request, number)
        try:
            service(mailing=mailing, actor=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, str(said))
        return redirect("mailing:mailing_detail", number=number)

    return act


CHANGE, APPROVE, START = (
    "mailing.change_mailing",
    "mailing.approve_mailing",
    "mailing.start_mailing",
)
freeze = _action(services.freeze, CHANGE, gettext_lazy("The recipients are fixed."))
unfreeze = _action(services.unfreeze, CHANGE, gettext_lazy("The recipients are free again."))
approve = _action(services.approve, APPROVE, gettext_lazy("Approved."))
withdraw = _action(services.withdraw_approval, APPROVE, gettext_lazy("No longer approved."))
start = _action(services.start, START, gettext_lazy("It is on its way."))
pause = _action(services.pause, START, gettext_lazy("Paused."))
resume = _action(services.resume, START, gettext_lazy("It goes on."))
cancel = _action(services.cancel, START, gettext_lazy("Cancelled."))


@require_POST
@require(SEE, CHANGE)
def discard(request: HttpRequest, number: str) -> HttpResponse:
    """Throw a mailing away that was never approved."""
    mailing = mailing_or_404(request, number)
    try:
        services.discard_mailing(mailing=mailing, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("mailing:mailing_detail", number=number)
    messages.success(request, _("The mailing %s is gone.") % number)
    return redirect("mailing:mailing_list")
