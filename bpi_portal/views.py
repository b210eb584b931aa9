"""The screens of the roof: home and search."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from toolkit.access import require

from . import search as searching
from .home import desk_of


@require_safe
@require()
def home(request: HttpRequest) -> HttpResponse:
    """Greet the user with the work of their role."""
    return render(request, "portal/home.html", {"desk": desk_of(request.user, now=timezone.now())})


@require_safe
@require()
def search(request: HttpRequest) -> HttpResponse:
    """Answer the palette with a list, or show the same as a page."""
    text = request.GET.get("q", "")
    context = {"text": text, "kinds": searching.search(request.user, text)}
    template = "portal/_search_results.html" if request.htmx else "portal/search.html"  # type: ignore[attr-defined]
    return render(request, template, context)
