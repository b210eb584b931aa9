"""Write templates: every saving is a new version, checked as a whole before it is kept."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.services import Who
from customers.services.actors import known, user_of
from integration.services import record_event
from mailing import merge
from mailing.documents import DEFAULT_LAYOUT, LAYOUTS
from mailing.merge import Place, Problem
from mailing.models import Template, TemplateAsset, TemplateVersion
from mailing.selectors.templates import LANGUAGES, TEXTS, fields_of_kind, picture_names
from toolkit.errors import DomainError

from .template_faults import words_of

LONGEST_SUBJECT: Final = 200
_NOWHERE: Final = Place(1, "")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a template: in which part (``body_es``), what, and in words."""

    part: str
    problem: Problem

    @property
    def message(self) -> str:
        """Say in the active language what is wrong and where."""
        return words_of(self.problem)


class TemplateInvalidError(DomainError):
    """The texts can't be merged as they are; ``faults`` says why. Nothing was saved."""

    code = "validation-error"
    title = gettext_lazy("The input is not valid")
    status = 400

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        errors = [
            {"pointer": f"/{each.part}", "code": each.problem.code, "detail": each.message}
            for each in self.faults
        ]
        super().__init__(" ".join(each.message for each in self.faults), errors=errors)


class TemplateChangedMeanwhileError(DomainError):
    """Somebody else saved the template first; nothing was saved."""

    code = "precondition-failed"
    title = gettext_lazy("Changed in the meantime")
    status = 412

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed this template meanwhile."))


@transaction.atomic
def create_template(
    *,
    name: str,
    kind: str,
    texts: Mapping[str, str],
    layout: str = DEFAULT_LAYOUT,
    letterhead: bool = True,
    actor: Who,
    now: dt.datetime,
) -> TemplateVersion:
    """Write a new template and return its first version.

    Args:
        name: how it is called; unique.
        kind: a value of ``Template.Kind``.
        texts: ``subject_es``, ``body_es``, ``enclosure_es`` and the same in ``en``; HTML where it
            is not a subject. What is absent is blank.
        layout: a key of ``documents.LAYOUTS``; only letters have one.
        letterhead: whether letters print it.
        actor: who does it.
        now: when (aware).

    Raises:
        ValidationError: the name or the kind is wrong.
        TemplateInvalidError: with every fault of the texts.
    """
    template = Template(name=name.strip(), kind=kind, created_at=now)
    template.full_clean()
    template.save()
    _record("created", template, actor=actor, now=now, data={"kind": kind})
    return _save(template, texts, layout=layout, letterhead=letterhead, actor=actor, now=now)


@transaction.atomic
def save_version(
    *,
    template: Template,
    texts: Mapping[str, str],
    layout: str = DEFAULT_LAYOUT,
    letterhead: bool = True,
    name: str | None = None,
    expected_version: int | None = None,
    actor: Who,
    now: dt.datetime,
) -> TemplateVersion:
    """Save the texts as the next version and return it; older ones stay as they are.

    Saving what is saved already returns the newest version, and nothing is added. With ``name``
    the template is called so from now on.

    Raises:
        TemplateChangedMeanwhileError: the template is not at ``expected_version`` any more.
        ValidationError: the name is taken or wrong.
        TemplateInvalidError: with every fault of the texts.
    """
    locked = _locked(template, expected_version)
    if name is not None:
        _rename(locked, name, actor=actor, now=now)
    return _save(locked, texts, layout=layout, letterhead=letterhead, actor=actor, now=now)


@transaction.atomic
def archive_template(
    *, template: Template, archived: bool = True, actor: Who, now: dt.datetime
) -> Template:
    """Offer a template to new mailings no more, or again. Repeating it changes nothing."""
    locked = _locked(template)
    if locked.archived != archived:
        locked.archived = archived
        _change(locked, "archived" if archived else "restored", actor=actor, now=now)
    return locked


def draft_version(
    *, template: Template, texts: Mapping[str, str], layout: str, letterhead: bool
) -> TemplateVersion:
    """Return the texts as a version that is checked and not saved: for a preview.

    ``template`` may be unsaved too.

    Raises:
        TemplateInvalidError: with every fault of the texts.
    """
    clean = _clean(texts)
    faults = list(_faults(template.kind, clean, layout))
    if faults:
        raise TemplateInvalidError(faults)
    is_letter = template.kind == Template.Kind.LETTER
    return TemplateVersion(
        template=template,
        layout=layout if is_letter else "",
        letterhead=letterhead,
        fields=_named(clean),
        **clean,
    )


def _rename(template: Template, name: str, *, actor: Who, now: dt.datetime) -> None:
    if template.name == name.strip():
        return
    template.name = name.strip()
    template.full_clean()
    _change(template, "renamed", actor=actor, now=now)


def _save(
    template: Template,
    texts: Mapping[str, str],
    *,
    layout: str,
    letterhead: bool,
    actor: Who,
    now: dt.datetime,
) -> TemplateVersion:
    version = draft_version(template=template, texts=texts, layout=layout, letterhead=letterhead)
    version.content_hash = _hash_of(version)
    newest = template.versions.order_by("-number").first()
    if newest and newest.content_hash == version.content_hash:
        return newest
    version.number = newest.number + 1 if newest else 1
    version.created_by = user_of(actor)
    version.created_at = now
    version.save(force_insert=True)
    _change(template, "saved", actor=actor, now=now, data={"version": version.number})
    return version


def _clean(texts: Mapping[str, str]) -> dict[str, str]:
    return {
        part: " ".join(texts.get(part, "").split())
        if part.startswith("subject")
        else merge.sanitise(texts.get(part, ""))
        for part in TEXTS
    }


def _faults(kind: str, texts: Mapping[str, str], layout: str) -> Iterable[Fault]:
    is_letter = kind == Template.Kind.LETTER
    if is_letter and layout not in LAYOUTS:
        yield Fault("layout", Problem("unknown_layout", _NOWHERE, layout))
    fields = fields_of_kind(kind)
    pictures = picture_names() if is_letter else set()
    for part, text in texts.items():
        if part.startswith("subject"):
            problems = merge.check_line(text, fields)
            if len(text) > LONGEST_SUBJECT:
                problems.append(Problem("too_long", _NOWHERE, str(len(text))))
        else:
            problems = merge.check(text, fields, pictures=pictures)
        for problem in problems:
            if problem.code == "unknown_picture" and not is_letter:
                problem = Problem("picture_in_email", problem.place, problem.detail)  # noqa: PLW2901
            yield Fault(part, problem)
    yield from _faults_of_languages(texts, is_letter=is_letter)


def _faults_of_languages(texts: Mapping[str, str], *, is_letter: bool) -> Iterable[Fault]:
    """Find what is missing: no text at all, a text without its subject, or half a language."""
    if not any(texts[f"body_{language}"] for language in LANGUAGES):
        yield Fault("body_es", Problem("text_missing", _NOWHERE))
        return
    for language in LANGUAGES:
        subject, body, enclosure = (
            texts[f"{part}_{language}"] for part in ("subject", "body", "enclosure")
        )
        if not body and (subject or enclosure):
            yield Fault(f"body_{language}", Problem("text_missing", _NOWHERE))
        if body and not subject and not is_letter:
            yield Fault(f"subject_{language}", Problem("subject_missing", _NOWHERE))
        if enclosure and not is_letter:
            yield Fault(f"enclosure_{language}", Problem("enclosure_in_email", _NOWHERE))


def _named(texts: Mapping[str, str]) -> list[str]:
    named: dict[str, None] = {}
    for part, text in texts.items():
        names = merge.fields_in_line if part.startswith("subject") else merge.fields_named
        named |= dict.fromkeys(names(text))
    return sorted(named)


def _hash_of(version: TemplateVersion) -> str:
    """Return the SHA-256 (hex) of all that a reader would see of the texts, pictures included."""
    shown = {
        name
        for part in TEXTS
        if not part.startswith("subject")
        for name in merge.pictures_named(getattr(version, part))
    }
    pictures = TemplateAsset.objects.filter(name__in=shown).order_by("name")
    said: dict[str, Any] = {part: getattr(version, part) for part in TEXTS}
    said |= {
        "kind": version.template.kind,
        "layout": version.layout,
        "letterhead": version.letterhead,
        "pictures": list(pictures.values_list("name", "sha256")),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _locked(template: Template, expected_version: int | None = None) -> Template:
    locked = Template.objects.select_for_update().get(pk=template.pk)
    if expected_version is not None and locked.version != expected_version:
        raise TemplateChangedMeanwhileError
    return locked


def _change(
    template: Template,
    what: str,
    *,
    actor: Who,
    now: dt.datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    template.version += 1
    template.save()
    _record(what, template, actor=actor, now=now, data=data)


def _record(
    what: str,
    template: Template,
    *,
    actor: Who,
    now: dt.datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    record_event(
        type=f"template.{what}",
        actor=known(actor),
        subject=("template", template.pk),
        data={"name": template.name, **(data or {})},
        now=now,
    )
