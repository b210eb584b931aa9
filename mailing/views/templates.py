"""The screens of templates: the list, and one template with its versions."""

from typing import Final

from django.contrib import messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from mailing.documents import LAYOUTS
from mailing.models import Template, TemplateVersion
from mailing.selectors.templates import LANGUAGES, changes_between
from mailing.services.templates import archive_template
from toolkit.access import require
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

SEE: Final = "mailing.view_template"
COLUMNS = {"name": Column("name"), "created": Column("created_at")}


@require_safe
@require(SEE)
def template_list(request: HttpRequest) -> HttpResponse:
    """List templates by kind; archived ones stand under their own tab."""
    chosen = request.GET.get("kind", "")
    in_use = Template.objects.filter(archived=False)
    rows = {
        "": in_use,
        "archived": Template.objects.filter(archived=True),
        **{kind: in_use.filter(kind=kind) for kind in Template.Kind.values},
    }.get(chosen, Template.objects.none())
    page = keyset_page(_with_newest(rows), request.GET, columns=COLUMNS, default="name")
    context = {"page": page, "tabs": _tabs(), "kinds": Template.Kind.choices}
    return render_page_or_fragment(
        request, "mailing/template_list.html", "mailing/_template_rows.html", context
    )


def _with_newest(rows: QuerySet[Template]) -> QuerySet[Template]:
    newest = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number")
    return rows.annotate(
        number=Subquery(newest.values("number")[:1]),
        saved_at=Subquery(newest.values("created_at")[:1]),
        layout=Subquery(newest.values("layout")[:1]),
        body_es=Subquery(newest.values("body_es")[:1]),
        body_en=Subquery(newest.values("body_en")[:1]),
    )


def _tabs() -> list[tuple[str, object, int]]:
    counted = Template.objects.order_by().values_list("archived", "kind").annotate(Count("pk"))
    counts = {(archived, kind): count for archived, kind, count in counted}
    in_use = {kind: counts.get((False, kind), 0) for kind in Template.Kind.values}
    archived = sum(count for (is_archived, _kind), count in counts.items() if is_archived)
    return [
        ("", pgettext("templates", "All"), sum(in_use.values())),
        *((kind, label, in_use[kind]) for kind, label in Template.Kind.choices),
        ("archived", _("Archived"), archived),
    ]


@require_safe
@require(SEE)
def template_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a template: how a version looks, what changed from version to version."""
    template = get_object_or_404(Template, pk=pk)
    versions = list(template.versions.select_related("created_by", "template"))
    shown = version_asked(request, versions)
    before = next((each for each in versions if each.number < shown.number), None)
    context = {
        "template": template,
        "versions": versions,
        "version": shown,
        "changes": changes_between(before, shown),
        "before": before,
        "layout": LAYOUTS.get(shown.layout),
        "languages": [each for each in LANGUAGES if getattr(shown, f"body_{each}")],
    }
    return render(request, "mailing/template_detail.html", context)


def version_asked(request: HttpRequest, versions: list[TemplateVersion]) -> TemplateVersion:
    """Return the version that ``?version=`` names, else the newest."""
    asked = request.GET.get("version", "")
    found = [each for each in versions if not asked or str(each.number) == asked]
    if not found:
        raise Http404
    return found[0]


@require_POST
@require(SEE, "mailing.change_template")
def template_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a template to new mailings no more, or again with ``restore``."""
    template = get_object_or_404(Template, pk=pk)
    archived = "restore" not in request.POST
    archive_template(template=template, archived=archived, actor=request.user, now=timezone.now())
    said = _("The template is archived.") if archived else _("The template is in use again.")
    messages.success(request, said)
    return redirect("mailing:template_detail", pk=pk)
