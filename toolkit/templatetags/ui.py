"""Components of the screens that need a little code; docs/screens.md shows each in use.

Numbers, dates and money are in toolkit/templatetags/values.py.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms, template
from django.forms import BaseForm, BoundField
from django.http import HttpRequest, QueryDict
from django.template.context import Context
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from toolkit import charts
from toolkit.tables import Page

register = template.Library()

Text = str | Promise


@register.simple_tag
def icon(name: str, size: int = 18, label: Text = "") -> SafeString:
    """Draw an icon of static/icons.svg; without a ``label`` it is decoration."""
    spoken = (
        format_html(' role="img" aria-label="{}"', label)
        if label
        else mark_safe(' aria-hidden="true"')
    )
    return format_html(
        '<svg class="i" width="{}" height="{}"{}><use href="{}#{}"></use></svg>',
        size,
        size,
        spoken,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def pill(tone: str, label: Text, why: Text = "") -> SafeString:
    """Show a state as a coloured dot and a word, with the reason on hover and on focus.

    ``tone``: good, info, warn, bad, neutral, draft, live; several may be joined by blanks
    (``"plain neutral"`` has no dot).
    """
    if not why:
        return format_html('<span class="pill {}">{}</span>', tone, label)
    return format_html(
        '<span class="pill {}" tabindex="0" role="note" title="{}" data-why="{}">{}</span>',
        tone,
        why,
        why,
        label,
    )


@register.filter
def initials(name: object) -> str:
    """Answer up to two capital letters for a name, for the square beside it."""
    words = [word for word in str(name).replace(",", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


@register.simple_tag(takes_context=True)
def qs(context: Context, **changes: object) -> str:
    """Answer the query string of this page with some parameters changed, None or "" removed.

    ``cursor`` goes away unless it is given: it belongs to the list as it was.
    """
    query = request_of(context).GET.copy()
    query.pop("cursor", None)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_th(
    context: Context, page: Page[Any], name: str, label: Text, css: str = "", target: str = "#rows"
) -> SafeString:
    """Make a header cell that orders the list by ``name``, and the other way when pressed again."""
    descending = page.sort == f"-{name}"
    is_sorted = descending or page.sort == name
    url = qs(context, sort=name if descending or not is_sorted else f"-{name}")
    state = "descending" if descending else "ascending"
    return format_html(
        '<th scope="col" class="{}"{}><a href="{}" hx-get="{}" hx-target="{}" '
        'hx-push-url="true">{} {}</a></th>',
        css,
        format_html(' aria-sort="{}"', state) if is_sorted else "",
        url,
        url,
        target,
        label,
        icon("arrow-down" if descending else "arrow-up" if is_sorted else "arrow-up-down", 12),
    )


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any], target: str = "#rows") -> dict[str, object]:
    """Link to the previous and the next page of a list, keeping its filters."""
    return {
        "page": page,
        "target": target,
        "previous": qs(context, cursor=page.previous_cursor),
        "next": qs(context, cursor=page.next_cursor),
    }


@register.inclusion_tag("components/tabs.html", takes_context=True)
def status_tabs(
    context: Context,
    tabs: Sequence[tuple[str, Text, int | None]],
    name: str = "status",
    label: Text = "",
) -> dict[str, object]:
    """Offer the values of one filter as tabs: ``(value, label, count or None)`` each."""
    chosen = request_of(context).GET.get(name, "")
    return {
        "label": label,
        "tabs": [
            {
                "url": qs(context, **{name: value}),
                "label": text,
                "count": count,
                "is_current": chosen == value,
            }
            for value, text, count in tabs
        ],
    }


@register.inclusion_tag("components/filters.html", takes_context=True)
def filter_bar(
    context: Context,
    form: BaseForm,
    search: str = "q",
    target: str = "#rows",
    placeholder: Text = "",
    hide: str = "search",
) -> dict[str, object]:
    """Show a filter form as a search box and chips; every choice is kept in the URL.

    ``form`` is ``filterset.form``. The field named ``search`` becomes the box, the others chips,
    except those named in ``hide`` (separated by blanks), which the page offers in another way,
    as tabs perhaps. What is not shown but stands in the URL is carried along.
    """
    query = request_of(context).GET
    shown = [field for field in form if field.name not in hide.split()]
    known = {part for field in shown for part in _parameters(field)}
    return {
        "box": form[search] if search in form.fields else None,
        "chips": [_chip(context, field) for field in shown if field.name != search],
        "carried": [
            (name, value)
            for name, values in query.lists()
            if name not in known | {"cursor", "sort"}
            for value in values
        ],
        "path": request_of(context).path,
        "target": target,
        "placeholder": placeholder,
        "is_filtered": any(query.get(part) for part in known),
        "clear": "?" + urlencode([(n, v) for n, v in query.items() if n not in known | {"cursor"}]),
    }


@register.inclusion_tag("components/confirm.html", takes_context=True)
def confirm(
    context: Context,
    url: str,
    label: Text,
    question: Text,
    button: Text = "",
    tone: str = "",
    icon_name: str = "",
) -> dict[str, object]:
    """Ask before a POST that cannot be undone; opens and sends without a script.

    ``tone``: ``primary`` or ``danger`` colours the button that opens the question.
    """
    return {
        "url": url,
        "label": label,
        "question": question,
        "button": button or label,
        "tone": tone,
        "icon_name": icon_name,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("components/post_button.html", takes_context=True)
def post_button(
    context: Context, url: str, label: Text, tone: str = "", icon_name: str = ""
) -> dict[str, object]:
    """Make a button that sends a POST at once, for what can be undone or does no harm."""
    return {
        "url": url,
        "label": label,
        "tone": tone,
        "icon_name": icon_name,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("components/chart.html")
def chart(it: charts.BarChart) -> dict[str, object]:
    """Draw a bar chart made by ``toolkit.charts.bar_chart``, the table of its data behind it."""
    return {"chart": it}


@register.inclusion_tag("components/spark.html")
def spark(points: Sequence[Decimal | int], width: int = 72, height: int = 24) -> dict[str, object]:
    """Draw a tiny line beside a figure; decoration, the figure says it in words."""
    return {"spark": charts.spark(points, width=width, height=height)}


@register.inclusion_tag("components/split.html")
def split(*parts: object) -> dict[str, object]:
    """Draw a bar of parts: tone, label, amount, tone, label, amount … Nothing when all are zero."""
    amounts = [Decimal(str(amount)) for amount in parts[2::3]]
    total = sum(amounts, Decimal())
    pieces, x = [], Decimal()
    for tone, label, amount in zip(parts[0::3], parts[1::3], amounts, strict=True):
        if amount <= 0 or total <= 0:
            continue
        width = (amount / total * 1000).quantize(Decimal(1))
        percent = (amount / total * 100).quantize(Decimal(1))
        pieces.append(
            {
                "tone": tone,
                "label": label,
                "x": x,
                "width": max(width - 4, Decimal(1)),
                "percent": percent,
            }
        )
        x += width
    return {"pieces": pieces}


def request_of(context: Context) -> HttpRequest:
    """Answer the request, also inside ``{% include … only %}``, which hides the variable."""
    request = context.get("request") or getattr(context, "request", None)
    if not isinstance(request, HttpRequest):
        message = "this template tag needs the request: render the template with one"
        raise template.TemplateSyntaxError(message)
    return request


def _parameters(field: BoundField) -> list[str]:
    """Answer the names that a filter's widget has in the URL: a range has two or three."""
    widget = field.field.widget
    if suffixes := getattr(widget, "suffixes", None):  # the ranges of django-filter
        return [f"{field.html_name}_{suffix}" for suffix in suffixes]
    names = getattr(widget, "widgets_names", [""])
    return [field.html_name + name for name in names]


def _chip(context: Context, field: BoundField) -> dict[str, object]:
    names = _parameters(field)
    return {
        "field": field,
        "chosen": chosen(field),
        "remove": qs(context, **dict.fromkeys(names)),
        "ends": _ends(field, names) if len(names) == len((_("From"), _("To"))) else [],
    }


def _ends(field: BoundField, names: list[str]) -> list[dict[str, object]]:
    """Describe the two inputs of a range, each with a label of its own."""
    values = field.value() or [None, None]
    parts = getattr(field.field, "fields", ())
    return [
        {
            "name": name,
            "id": f"id_{name}",
            "label": label,
            "value": "" if value is None else str(value),
            "type": "date" if isinstance(part, forms.DateField | forms.DateTimeField) else "text",
        }
        for name, label, value, part in zip(
            names, (_("From"), _("To")), values, parts, strict=False
        )
    ]


@register.filter
def chosen(field: BoundField) -> str:
    """Answer in words what a filter is set to, empty when it is not."""
    value = field.value()
    values = value if isinstance(value, list | tuple) else [value]
    given = [str(one) for one in values if one not in (None, "")]
    if not given:
        return ""
    choices = getattr(field.field, "choices", None)
    if choices is None:
        return " … ".join(given) if len(values) > 1 else given[0]
    labels = {str(getattr(key, "value", key)): str(text) for key, text in _flat(choices)}
    return ", ".join(labels.get(one, one) for one in given)


def _flat(choices: Iterable[tuple[object, Any]]) -> list[tuple[object, object]]:
    """Lay groups of choices open."""
    flat: list[tuple[object, object]] = []
    for key, text in choices:
        if isinstance(text, list | tuple):
            flat.extend(text)
        else:
            flat.append((key, text))
    return flat


def query_of(parameters: QueryDict) -> str:
    """Answer a query string for a link to an export of the same filter, without the cursor."""
    query = parameters.copy()
    query.pop("cursor", None)
    return query.urlencode()
