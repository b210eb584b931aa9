"""Templates: every saving a version, nothing wrong is kept, nothing kept is changed."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from PIL import Image

from integration.models import Event
from mailing.models import Template, TemplateAsset, TemplateVersion
from mailing.selectors.templates import changes_between, field_menu, newest_versions
from mailing.services.pictures import PictureInvalidError, add_picture
from mailing.services.templates import (
    TemplateChangedMeanwhileError,
    TemplateInvalidError,
    archive_template,
    create_template,
    save_version,
)
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
TEXTS = {
    "subject_es": "Tarifas de {{ customer.name }}",
    "body_es": '<p>Estimado <span data-field="contact.name">Contacto</span>:</p>',
    "body_en": "<p>Dear {{ contact.name }},</p>",
    "enclosure_es": "<h2>Anexo</h2>",
}


def write(**given: Any) -> TemplateVersion:
    usual = {"name": "Tarifas", "kind": "letter", "texts": TEXTS, "actor": "tests"}
    return create_template(now=NOW, **usual | given)


def save(template: Template, texts: dict[str, str], **given: Any) -> TemplateVersion:
    return save_version(template=template, texts=texts, actor="tests", now=NOW, **given)


def picture(kind: str = "PNG", size: tuple[int, int] = (4, 3), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


# --- versions ---------------------------------------------------------------------------------
def test_a_template_begins_with_its_first_version():
    version = write()
    assert (version.number, version.layout, version.letterhead) == (1, "dl_left", True)
    assert version.body_es == '<p>Estimado <span data-field="contact.name"></span>:</p>'
    assert version.fields == ["contact.name", "customer.name"]
    assert len(version.content_hash) == 64
    assert list(Event.objects.order_by("pk").values_list("type", flat=True)) == [
        "template.created",
        "template.saved",
    ]


def test_saving_adds_a_version_and_leaves_the_older_ones():
    first = write()
    second = save(first.template, {**TEXTS, "subject_es": "Otra"}, layout="c5_6")
    assert (second.number, second.subject_es, second.layout) == (2, "Otra", "c5_6")
    first.refresh_from_db()
    assert (first.subject_es, first.layout) == ("Tarifas de {{ customer.name }}", "dl_left")
    assert [row.pk for row in newest_versions("letter")] == [second.pk]
    assert list(newest_versions("email")) == []


def test_saving_the_same_adds_nothing():
    first = write()
    again = save(first.template, {**TEXTS, "body_es": TEXTS["body_es"].replace("Contacto", "")})
    assert again.pk == first.pk
    assert TemplateVersion.objects.count() == 1
    assert Event.objects.filter(type="template.saved").count() == 1


def test_two_editors_do_not_overwrite_each_other():
    first = write()
    first.template.refresh_from_db()
    seen = first.template.version
    save(first.template, {"body_es": "<p>Uno</p>"}, expected_version=seen)
    with pytest.raises(TemplateChangedMeanwhileError):
        save(first.template, {"body_es": "<p>Dos</p>"}, expected_version=seen)
    assert TemplateVersion.objects.count() == 2


def test_the_database_refuses_to_change_a_version():
    user = make_user()
    version = write(actor=user)
    asset = add_picture(name="a.png", content=picture(), actor="tests", now=NOW)
    for change in (
        lambda: TemplateVersion.objects.update(body_es="<p>x</p>"),
        lambda: TemplateVersion.objects.filter(pk=version.pk).delete(),
        lambda: TemplateAsset.objects.filter(pk=asset.pk).update(content=b"x"),
        asset.delete,
    ):
        with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
            change()
    user.delete()  # an account may go; what it wrote stays
    version.refresh_from_db()
    assert (version.created_by, version.body_en) == (None, TEXTS["body_en"])


def test_what_changed_is_told_in_readable_lines():
    first = write()
    texts = {
        **TEXTS,
        "body_es": '<p>Estimada <span data-field="contact.name"></span>:</p><p>Adiós</p>'
        '<div data-if="customer.language" data-op="is" data-value="es"><p>¡Olé!</p></div>',
        "enclosure_es": "",
    }
    second = save(first.template, texts, letterhead=False)
    changes = {each.part: each.pieces for each in changes_between(first, second)}
    assert list(changes) == ["body_es", "enclosure_es", "letterhead"]
    assert [(piece.sign, piece.text) for piece in changes["body_es"]] == [
        ("-", "Estimado [contact.name]:"),
        ("+", "Estimada [contact.name]:"),
        ("+", "Adiós"),
        ("+", "[if customer.language is es]"),
        ("+", "¡Olé!"),
        ("+", "[end]"),
    ]
    assert [(piece.sign, piece.text) for piece in changes["enclosure_es"]] == [("-", "Anexo")]
    assert {each.part for each in changes_between(None, first)} >= {"subject_es", "body_en"}


def test_names_and_the_archive():
    first = write()
    with pytest.raises(ValidationError):
        write()
    with pytest.raises(ValidationError):
        write(name="Otra", kind="poem")
    assert save(first.template, TEXTS, name=" Nueva ").pk == first.pk
    assert Template.objects.get().name == "Nueva"
    write(name="Otra")
    with pytest.raises(ValidationError):
        save(first.template, {"body_es": "<p>x</p>"}, name="Otra")
    assert TemplateVersion.objects.count() == 2
    for _twice in range(2):
        archive_template(template=first.template, actor="tests", now=NOW)
    assert [row.template.name for row in newest_versions()] == ["Otra"]
    assert Event.objects.filter(type="template.archived").count() == 1
    archive_template(template=first.template, archived=False, actor="tests", now=NOW)
    assert newest_versions().count() == 2


# --- what is refused --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "texts", "faults"),
    [
        ("letter", {}, [("body_es", "text_missing")]),
        ("letter", {"body_en": "<p>Hi</p>", "subject_es": "x"}, [("body_es", "text_missing")]),
        ("email", {"body_es": "<p>x</p>"}, [("subject_es", "subject_missing")]),
        (
            "email",
            {"subject_es": "x", "body_es": '<img src="asset:a">', "enclosure_es": "<p>x</p>"},
            [("body_es", "picture_in_email"), ("enclosure_es", "enclosure_in_email")],
        ),
        ("letter", {"body_es": '<img src="asset:a">'}, [("body_es", "unknown_picture")]),
        ("letter", {"body_es": "{{ notice.arrival }}"}, [("body_es", "unknown_field")]),
        (
            "letter",
            {"subject_es": "{{ customer.x }}", "body_es": "{{ customer.name | money }}"},
            [("subject_es", "unknown_field"), ("body_es", "unknown_filter")],
        ),
        ("letter", {"body_es": "x", "subject_es": "y" * 201}, [("subject_es", "too_long")]),
    ],
)
def test_what_can_not_be_merged_is_not_kept(
    kind: str, texts: dict[str, str], faults: list[tuple[str, str]]
):
    with pytest.raises(TemplateInvalidError) as caught:
        write(kind=kind, texts=texts)
    assert [(each.part, each.problem.code) for each in caught.value.faults] == faults
    assert not Template.objects.exists()
    assert not Event.objects.exists()


def test_a_fault_says_its_place_in_words():
    with pytest.raises(TemplateInvalidError) as caught:
        write(texts={"body_es": "<p>Hola</p><p>Su tarifa {{ customer.price }} cambia</p>"})
    assert caught.value.members["errors"] == [
        {
            "pointer": "/body_es",
            "code": "unknown_field",
            "detail": caught.value.faults[0].message,
        }
    ]
    assert "2" in caught.value.faults[0].message
    assert "Su tarifa {{ customer.price }} cambia" in caught.value.faults[0].message


def test_an_unknown_layout_is_refused():
    with pytest.raises(TemplateInvalidError) as caught:
        write(layout="a3")
    assert [each.part for each in caught.value.faults] == ["layout"]
    assert write(kind="email", texts={"subject_es": "x", "body_es": "y"}, layout="a3").layout == ""


def test_a_notice_knows_the_day_of_arrival():
    texts = {"subject_es": "Su carta", "body_es": "<p>Llega el {{ notice.arrival }}</p>"}
    assert write(kind="notice", texts=texts).fields == ["notice.arrival"]
    shown = {field.path for group in field_menu("notice") for field, _name in group.fields}
    asked = {
        field.path
        for group in field_menu("notice", conditions=True)
        for field, _name in group.fields
    }
    assert asked - shown == {"customer.language", "customer.country", "address.country"}


# --- pictures ---------------------------------------------------------------------------------
def test_pictures_are_written_anew_and_kept_once():
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    asset = add_picture(
        name="Firma Ana.JPG", content=picture("JPEG", exif=exif), actor="tests", now=NOW
    )
    assert (asset.name, asset.media_type) == ("firma-ana", "image/jpeg")
    assert b"secret" not in bytes(asset.content)
    assert Image.open(io.BytesIO(bytes(asset.content))).size == (4, 3)
    again = add_picture(name="otra.jpg", content=picture("JPEG"), actor="tests", now=NOW)
    assert again.pk == asset.pk
    other = add_picture(name="firma-ana.png", content=picture(), actor="tests", now=NOW)
    assert other.name == "firma-ana-2"
    assert write(texts={"body_es": '<img src="asset:firma-ana">'}).number == 1


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG"),
        (b"%PDF-1.7", "PNG"),
        (picture()[:40], "PNG"),
        (picture("GIF"), "PNG"),
        (picture("TIFF"), "PNG"),
        (picture(size=(6001, 1)), "6000"),
        (b"\x89PNG" + b"x" * (2 * 1024 * 1024), "2 MB"),
    ],
)
def test_other_files_are_no_pictures(content: bytes, word: str):
    with pytest.raises(PictureInvalidError, match=word):
        add_picture(name="x.png", content=content, actor="tests", now=NOW)
    assert not TemplateAsset.objects.exists()


def test_a_wide_picture_is_made_smaller():
    asset = add_picture(name="x", content=picture(size=(4000, 100)), actor="tests", now=NOW)
    assert Image.open(io.BytesIO(bytes(asset.content))).size == (2000, 50)
