"""The editor of templates: write, see at once how it looks for a customer, add pictures."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers.selectors import customers_visible_to, search_customers
from mailing.documents import DEFAULT_LAYOUT, LAYOUTS
from mailing.forms.templates import PictureForm, TemplateForm, initial_of
from mailing.merge import MergeError
from mailing.models import Template, TemplateAsset, TemplateVersion
from mailing.selectors.preview import NoSuchCustomerError, Preview, preview_of, sample_of
from mailing.selectors.templates import LANGUAGES, editor_catalogue, newest_version
from mailing.services.pictures import PictureInvalidError, add_picture
from mailing.services.templates import (
    TemplateChangedMeanwhileError,
    TemplateInvalidError,
    create_template,
    draft_version,
    save_version,
)
from toolkit.access import require
from toolkit.exports import PDF
from toolkit.htmx import render_page_or_fragment

from .templates import SEE, version_asked

_SUGGESTED: Final = 12  # customers


@require(SEE, "mailing.add_template")
def template_create(request: HttpRequest) -> HttpResponse:
    """Write a new template of ``?kind=``, from nothing or from another one (``?from=``)."""
    origin = _origin(request)
    kind = origin.template.kind if origin else request.GET.get("kind", Template.Kind.LETTER)
    if kind not in Template.Kind.values:
        raise Http404
    initial: dict[str, Any] = {"letterhead": True, "layout": DEFAULT_LAYOUT}
    if origin:
        initial = initial_of(origin) | {"name": "", "expected_version": None}
    form = TemplateForm(request.POST or None, kind=kind, initial=initial)
    if request.method == "POST" and form.is_valid() and (made := _created(request, form)):
        messages.success(request, _("The template is saved."))
        return redirect("mailing:template_edit", pk=made.template_id)
    return _editor(request, form, None)


def _origin(request: HttpRequest) -> TemplateVersion | None:
    asked = request.GET.get("from", "")
    if not asked.isdecimal():
        return None
    return newest_version(get_object_or_404(Template, pk=asked))


def _created(request: HttpRequest, form: TemplateForm) -> TemplateVersion | None:
    try:
        return create_template(
            name=form.cleaned_data["name"],
            kind=form.kind,
            actor=request.user,
            now=timezone.now(),
            **form.version_fields(),
        )
    except TemplateInvalidError as error:
        form.refuse(error.faults)
    except ValidationError as error:
        form.refuse_name(error)
    return None


@require(SEE, "mailing.change_template")
def template_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the next version, beginning with the newest or with ``?version=``."""
    template = get_object_or_404(Template, pk=pk)
    start = version_asked(request, list(template.versions.select_related("template")))
    form = TemplateForm(request.POST or None, kind=template.kind, initial=initial_of(start))
    if request.method == "POST" and form.is_valid() and _saved(request, template, form):
        return redirect("mailing:template_edit", pk=template.pk)
    return _editor(request, form, start)


def _saved(request: HttpRequest, template: Template, form: TemplateForm) -> bool:
    """Save name and texts; what is refused is shown with all that was written."""
    before = newest_version(template).number
    try:
        version = save_version(
            template=template,
            name=form.cleaned_data["name"],
            expected_version=form.cleaned_data["expected_version"],
            actor=request.user,
            now=timezone.now(),
            **form.version_fields(),
        )
    except TemplateInvalidError as error:
        form.refuse(error.faults)
    except TemplateChangedMeanwhileError as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        form.refuse_name(error)
    else:
        if version.number == before:
            messages.info(request, _("Saved. Nothing in the texts had changed."))
        else:
            said = _("Saved as version %(number)d.") % {"number": version.number}
            messages.success(request, said)
        return True
    return False


def _editor(
    request: HttpRequest, form: TemplateForm, start: TemplateVersion | None
) -> HttpResponse:
    context = {
        "form": form,
        "kind_name": Template.Kind(form.kind).label,
        "template": start.template if start else None,
        "start": start,
        "layouts": LAYOUTS.values(),
        "catalogue": editor_catalogue(form.kind),
        "pictures": _pictures() if form.is_letter else [],
        "first_language": _first_language(form),
    }
    return render(request, "mailing/template_edit.html", context)


def _first_language(form: TemplateForm) -> str:
    """Return the language whose tab is open: the first with a fault, else the first written."""
    for language, fields in form.languages:
        if any(field.errors for field in fields):
            return language
    return next((each for each in LANGUAGES if form[f"body_{each}"].value()), LANGUAGES[0])


# --- preview ----------------------------------------------------------------------------------
@require_POST
@require(SEE, "mailing.change_template", "customers.view_customer")
def template_preview(request: HttpRequest) -> HttpResponse:
    """Answer how the texts that were sent look for a customer; nothing is saved.

    Pictures of the pages, or with ``export=pdf`` the document itself.
    """
    kind = request.POST.get("kind", Template.Kind.LETTER)
    if kind not in Template.Kind.values:
        raise Http404
    form = TemplateForm(request.POST, kind=kind)
    form.full_clean()
    template = Template(name=request.POST.get("name") or _("Template"), kind=kind)
    try:
        version = draft_version(template=template, **form.version_fields())
    except TemplateInvalidError as error:
        is_blank = all(fault.problem.code == "text_missing" for fault in error.faults)
        return _preview_page(request, {"is_blank": is_blank, "faults": error.faults})
    return _shown(request, version, request.POST)


@require_safe
@require(SEE, "customers.view_customer")
def template_shown(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer how a saved version looks: pictures, or with ``export=pdf`` the document."""
    template = get_object_or_404(Template, pk=pk)
    version = version_asked(request, list(template.versions.select_related("template")))
    return _shown(request, version, request.GET)


def _shown(
    request: HttpRequest, version: TemplateVersion, asked: Mapping[str, str]
) -> HttpResponse:
    """Answer how a version looks for ``customer`` (a number, blank for examples)."""
    language = asked.get("language", "")
    if language not in LANGUAGES:
        language = LANGUAGES[0]
    customer = asked.get("customer", "").strip().partition(" ")[0]
    try:
        sample = sample_of(
            version, customer=customer, language=language, user=request.user, now=timezone.now()
        )
        preview = preview_of(version, sample=sample, language=language)
    except NoSuchCustomerError:
        return _preview_page(request, {"unknown": customer})
    except MergeError:  # the values of this customer make it too long
        return _preview_page(request, {"too_long": True})
    if asked.get("export") == "pdf":
        return _document(version, preview)
    return _preview_page(request, {"preview": preview, "version": version})


def _document(version: TemplateVersion, preview: Preview) -> HttpResponse:
    response = HttpResponse(preview.pdf, content_type=PDF)
    name = f"{version.template.name} {preview.sample.name}".strip()
    shown_as = content_disposition_header(as_attachment=False, filename=f"{name}.pdf")
    response["Content-Disposition"] = shown_as or "inline"
    response["Cache-Control"] = "no-store, private"
    return response


def _preview_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return render_page_or_fragment(
        request, "mailing/template_preview.html", "mailing/_template_preview.html", context
    )


@require_safe
@require(SEE, "customers.view_customer")
def template_customers(request: HttpRequest) -> HttpResponse:
    """Suggest customers for the preview, as options of a list."""
    found = search_customers(customers_visible_to(request.user), request.GET.get("customer", ""))
    context = {"customers": found.order_by("sort_key", "pk")[:_SUGGESTED]}
    return render(request, "mailing/_template_customers.html", context)


# --- pictures ---------------------------------------------------------------------------------
@require(SEE, "mailing.change_template")
def template_pictures(request: HttpRequest) -> HttpResponse:
    """Show the pictures that letters may hold, and keep a new one; the editor asks for JSON."""
    form = PictureForm(request.POST or None, request.FILES or None)
    wants_json = request.headers.get("Accept") == "application/json"
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["picture"]
        try:
            picture = add_picture(
                name=upload.name, content=upload.read(), actor=request.user, now=timezone.now()
            )
        except PictureInvalidError as error:
            form.add_error("picture", str(error))
        else:
            if wants_json:
                return JsonResponse(_picture(picture.name), status=201)
            messages.success(request, _("The picture is kept."))
            return redirect("mailing:template_pictures")
    if wants_json:
        return JsonResponse({"errors": form.errors.get("picture", [])}, status=400)
    context = {"form": form, "pictures": _pictures()}
    return render(request, "mailing/template_pictures.html", context)


@require_safe
@require(SEE)
def template_picture(_request: HttpRequest, name: str) -> HttpResponse:
    """Serve a picture; what a name shows never changes."""
    picture = get_object_or_404(TemplateAsset, name=name)
    response = HttpResponse(bytes(picture.content), content_type=picture.media_type)
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def _pictures() -> list[dict[str, str]]:
    return [_picture(name) for name in TemplateAsset.objects.values_list("name", flat=True)]


def _picture(name: str) -> dict[str, str]:
    return {"name": name, "url": reverse("mailing:template_picture", args=[name])}
