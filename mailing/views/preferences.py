"""The public page of preferences: stop letters, stop e-mails, correct the address.

A GET shows and changes nothing: programs that look into mail follow every link.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from customers.models import OptOut, SignedLink
from customers.selectors import issuer
from customers.services import AddressUnchangedError, LinkRefusedError, open_link
from mailing.forms.preferences import AddressForm, WishesForm
from mailing.selectors.preferences import PURPOSE, language_of_link, preferences_of_link
from mailing.services.preferences import correct_address, save_wishes, unsubscribe
from toolkit.public import NO_COOKIES, public_page

SAFE = ("GET", "HEAD")
LANGUAGES = dict(settings.LANGUAGES)
# The body of a POST by a mail program (RFC 8058, section 3.1).
ONE_CLICK = ("List-Unsubscribe", "One-Click")
_UNKNOWN, _GONE = 404, 410


@require_http_methods([*SAFE, "POST"])
@public_page()
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the customer receives and where; take what he wants changed."""
    try:
        link = open_link(token=token, purpose=PURPOSE, now=timezone.now(), used=False)
        with translation.override(language_of(request, link)):
            return _changed(request, link, token)
    except LinkRefusedError as error:  # also between looking and doing
        return _refused(request, error)


def _changed(request: HttpRequest, link: SignedLink, token: str) -> HttpResponse:
    """Do what was asked for, if anything was, and show the page."""
    now = timezone.now()
    if request.method in SAFE:
        return _page(request, link, saved=request.GET.get("saved", ""))
    if "address" in request.POST:
        form = AddressForm(request.POST)
        if form.is_valid():
            try:
                correct_address(token=token, address=form.cleaned_data, now=now)
            except ValidationError as error:
                form.refuse(error)
            except AddressUnchangedError as error:
                form.add_error(None, str(error))
            else:
                return _done(request, "address")
        return _page(request, link, address_form=form)
    wishes = WishesForm(request.POST, preferences_of_link(link), email=link.email)
    if "wishes" not in request.POST or not wishes.is_valid():
        return _page(request, link, status=400)
    wanted = wishes.cleaned_data
    save_wishes(token=token, letters=wanted["letters"], emails=wanted.get("emails", False), now=now)
    return _done(request, "wishes")


def _done(request: HttpRequest, what: str) -> HttpResponse:
    """Answer by the page itself, so that loading it anew sends nothing again."""
    query = request.GET.copy()
    query["saved"] = what
    return redirect(f"{request.path}?{query.urlencode()}")


def _page(
    request: HttpRequest,
    link: SignedLink,
    *,
    saved: str = "",
    address_form: AddressForm | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = preferences_of_link(link)
    current = shown.proposal or shown.address
    initial = {name: getattr(current, name) for name in AddressForm.Meta.fields} if current else {}
    context = {
        "link": link,
        "shown": shown,
        "saved": saved,
        "wishes_form": WishesForm(None, shown, email=link.email),
        "address_form": address_form or AddressForm(initial=initial),
    }
    return _render(request, "mailing/preferences.html", context, status=status)


@require_http_methods([*SAFE, "POST"])
@public_page("one_click")
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """Unsubscribe by the POST of a mail program, or by the button that a GET shows.

    No log-in, no cookie, no redirection (RFC 8058, section 3.1); a GET never unsubscribes.
    """
    now = timezone.now()
    name, value = ONE_CLICK
    asked = request.method == "POST" and request.POST.get(name) == value
    try:
        if asked:
            by_button = "button" in request.POST
            source = OptOut.Source.PAGE if by_button else OptOut.Source.ONE_CLICK
            link = unsubscribe(token=token, source=source, now=now)
        else:
            link = open_link(token=token, purpose=PURPOSE, now=now, used=False)
    except LinkRefusedError as error:
        return _refused(request, error)
    with translation.override(language_of(request, link)):
        context = {
            "link": link,
            "token": token,
            "is_done": asked,
            "shown": preferences_of_link(link),
        }
        status = 200 if asked or request.method in SAFE else 400
        return _render(request, "mailing/preferences_unsubscribe.html", context, status=status)


def _refused(request: HttpRequest, error: LinkRefusedError) -> HttpResponse:
    """Say why the link opens nothing, and whom to ask."""
    status = _UNKNOWN if error.reason == LinkRefusedError.UNKNOWN else _GONE
    with translation.override(language_of(request, error.link)):
        context = {"reason": error.reason}
        return _render(request, "mailing/preferences_refused.html", context, status=status)


def language_of(request: HttpRequest, link: SignedLink | None) -> str:
    """Return the language chosen on the page, else the contact's, the customer's, the browser's."""
    chosen = request.GET.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    if link is None:
        return translation.get_language() or settings.LANGUAGE_CODE
    return language_of_link(link)


def _render(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int
) -> HttpResponse:
    response = render(
        request, template, {**NO_COOKIES, "issuer": issuer(), **context}, status=status
    )
    response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
    return response
