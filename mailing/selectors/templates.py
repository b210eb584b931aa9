"""Templates with their versions: which there are, which is newest, what changed."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mailing import merge
from mailing.documents import LAYOUTS
from mailing.merge import Field
from mailing.models import Template, TemplateAsset, TemplateVersion

# What is written in each language, and what else a version says.
WRITTEN: Final = ("subject", "body", "enclosure")
LANGUAGES: Final = ("es", "en")
TEXTS: Final = tuple(f"{part}_{language}" for language in LANGUAGES for part in WRITTEN)

OPERATOR_NAMES: Final[dict[str, Promise]] = {
    "is": _("is"),
    "is_not": _("is not"),
    "filled": _("is filled in"),
    "empty": _("is empty"),
    "contains": _("contains"),
    "greater": _("is greater than"),
    "less": _("is less than"),
}
PARTS: Final[dict[str, Promise]] = {
    "subject_es": _("Subject (Spanish)"),
    "subject_en": _("Subject (English)"),
    "body_es": _("Text (Spanish)"),
    "body_en": _("Text (English)"),
    "enclosure_es": _("Page of attachments (Spanish)"),
    "enclosure_en": _("Page of attachments (English)"),
    "layout": _("Layout"),
    "letterhead": _("With letterhead"),
}


def newest_versions(*kinds: str) -> QuerySet[TemplateVersion]:
    """Return the newest version of each template in use, by name; of these kinds, or of all."""
    newer = TemplateVersion.objects.filter(
        template=OuterRef("template"), number__gt=OuterRef("number")
    )
    found = TemplateVersion.objects.filter(~Exists(newer), template__archived=False)
    if kinds:
        found = found.filter(template__kind__in=kinds)
    return found.select_related("template").order_by("template__name")


def newest_version(template: Template) -> TemplateVersion:
    """Return the version that a new mailing would take."""
    return template.versions.order_by("-number")[0]


def templates_in_list() -> QuerySet[Template]:
    """Return all templates, for a list."""
    return Template.objects.all()


def fields_of_kind(kind: str) -> list[Field]:
    """Return the fields that templates of a kind may name."""
    return merge.fields_for(kind)


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """Fields under one heading, in the words of the reader."""

    name: str
    fields: list[tuple[Field, str]]


def field_menu(kind: str, *, conditions: bool = False) -> list[MenuGroup]:
    """Return the fields of a kind by groups, named in the active language.

    Those offered for the text, or with ``conditions`` those that can be asked.
    """
    language = (get_language() or "es")[:2]
    fields = [each for each in fields_of_kind(kind) if conditions or each.shown]
    return [
        MenuGroup(
            merge.GROUPS[group][language == "en"],
            [(each, each.name(language)) for each in members],
        )
        for group, members in merge.grouped(fields)
    ]


def editor_catalogue(kind: str) -> dict[str, Any]:
    """Return what the editor must know of fields and conditions, in the active language."""
    is_english = (get_language() or "es").startswith("en")
    return {
        "groups": [
            {
                "name": group.name,
                "fields": [
                    {
                        "path": each.path,
                        "name": name,
                        "kind": each.kind,
                        "shown": each.shown,
                        "choices": [
                            [value, english if is_english else spanish]
                            for value, spanish, english in each.choices
                        ],
                    }
                    for each, name in group.fields
                ],
            }
            for group in field_menu(kind, conditions=True)
        ],
        "operators": [
            {
                "code": code,
                "name": str(OPERATOR_NAMES[code]),
                "kinds": sorted(kinds),
                "value": code not in merge.NO_VALUE,
            }
            for code, kinds in merge.OPERATORS.items()
        ],
    }


def picture_names() -> set[str]:
    """Return the names of the pictures that templates may show."""
    return set(TemplateAsset.objects.values_list("name", flat=True))


def pictures_of(names: Iterable[str]) -> dict[str, bytes]:
    """Return the content of pictures by their names."""
    rows = TemplateAsset.objects.filter(name__in=list(names))
    return {name: bytes(content) for name, content in rows.values_list("name", "content")}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of a text: kept, taken out or put in."""

    sign: Literal["", "-", "+"]
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in one part of a template."""

    part: str
    name: Promise
    pieces: list[Piece]


def changes_between(before: TemplateVersion | None, after: TemplateVersion) -> list[Change]:
    """Return what changed from one version to another, part by part, in readable lines."""
    changes = []
    for part, name in PARTS.items():
        old, new = (_readable(each, part) for each in (before, after))
        if old != new:
            changes.append(Change(part, name, list(_pieces(old, new))))
    return changes


def _readable(version: TemplateVersion | None, part: str) -> list[str]:
    if version is None:
        return []
    value = getattr(version, part)
    if part.startswith(("body", "enclosure")):
        return [line for line in merge.readable(value).splitlines() if line.strip()]
    if part == "letterhead":
        return [str(_("yes") if value else _("no"))]
    if part == "layout" and value in LAYOUTS:
        return [str(LAYOUTS[value].name)]
    return [value] if value else []


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for kind, begin, end, new_begin, new_end in matcher.get_opcodes():
        if kind == "equal":
            # One line around a change is enough to find it again.
            shown = old[begin:end]
            kept = shown if len(shown) <= 2 else [shown[0], "…", shown[-1]]
            yield from (Piece("", line) for line in kept)
        else:
            yield from (Piece("-", line) for line in old[begin:end])
            yield from (Piece("+", line) for line in new[new_begin:new_end])
