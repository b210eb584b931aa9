"""The screens of templates: who may see and write, the preview for a customer, pictures."""

import datetime as dt
import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from customers.models import Customer
from integration.models import Event
from mailing.models import Template, TemplateAsset, TemplateVersion
from mailing.services.templates import archive_template, create_template, save_version
from tests.factories.customers import make_customer, make_issuer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
URL = "/mailing/templates/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def writer(client: Client) -> Client:
    client.force_login(make_user("mailing", username="marta"))
    client.cookies["django_language"] = "en"
    return client


def write(name: str = "Tarifas", kind: str = "letter", **texts: str) -> Template:
    texts = texts or {"subject_es": "Tarifas", "body_es": "<p>Hola, {{ contact.name }}</p>"}
    return create_template(name=name, kind=kind, texts=texts, actor="tests", now=NOW).template


def lumen() -> Customer:
    return make_customer(
        legal_name="Óptica Lumen, S.L.",
        contacts=[{"name": "Amaia Ruiz", "role": "general"}],
        addresses=[
            {
                "kind": "postal",
                "line1": "Calle del Urumea 12",
                "postcode": "20012",
                "city": "Donostia",
                "country": "ES",
            }
        ],
    )


def posted(**given: Any) -> dict[str, Any]:
    usual = {"name": "Tarifas", "kind": "letter", "layout": "c5_6", "language": "es"}
    return {**usual, "body_es": "<p>Hola, {{ contact.name }}</p>", **given}


def words(content: bytes, folder: Path) -> str:
    (folder / "letter.pdf").write_bytes(content)
    command = ["pdftotext", "-layout", "letter.pdf", "-"]
    return subprocess.run(  # noqa: S603
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout


# --- list and versions ------------------------------------------------------------------------
def test_the_list_by_kind(writer: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(4):
        write(f"Carta {number}")
    write("Aviso", "notice", subject_en="x", body_en="y")
    archive_template(template=write("Vieja"), actor="tests", now=NOW)
    with django_assert_max_num_queries(12):
        page = writer.get(URL)
    assert [(value, count) for value, _label, count in page.context["tabs"]] == [
        ("", 5),
        ("letter", 4),
        ("notice", 1),
        ("email", 0),
        ("archived", 1),
    ]
    for kind, names in {"notice": ["Aviso"], "archived": ["Vieja"], "none": []}.items():
        shown = writer.get(URL, {"kind": kind}).context["page"].rows
        assert [row.name for row in shown] == names


def test_a_version_and_what_changed(writer: Client) -> None:
    template = write()
    texts = {"body_es": "<p>Adiós, {{ contact.name }}</p>"}
    save_version(template=template, texts=texts, actor="tests", now=NOW)
    page = writer.get(f"{URL}{template.pk}/").content.decode()
    assert "<ins>Adiós, {{ contact.name }}</ins>" in page
    assert "<del>Hola, {{ contact.name }}</del>" in page
    older = writer.get(f"{URL}{template.pk}/?version=1")
    assert older.context["version"].number == 1
    assert f"{URL}{template.pk}/edit/?version=1" in older.content.decode()
    assert writer.get(f"{URL}{template.pk}/?version=3").status_code == 404


# --- writing ----------------------------------------------------------------------------------
def test_write_save_and_copy(writer: Client) -> None:
    made = writer.post(f"{URL}new/?kind=letter", posted())
    version = TemplateVersion.objects.get()
    assert made.headers["Location"] == f"{URL}{version.template_id}/edit/"
    assert version.created_by is not None
    assert (version.created_by.username, version.layout) == ("marta", "c5_6")
    assert version.letterhead is False
    version.template.refresh_from_db()
    form = posted(
        name="Tarifas 2027", body_es="<p>Otra</p>", expected_version=version.template.version
    )
    writer.post(f"{URL}{version.template_id}/edit/", form)
    template = Template.objects.get()
    assert (template.name, template.versions.count()) == ("Tarifas 2027", 2)
    # Another editor had opened it before that: nothing is overwritten, the text stays.
    late = writer.post(f"{URL}{template.pk}/edit/", {**form, "body_es": "<p>Tarde</p>"})
    assert template.versions.count() == 2
    assert "&lt;p&gt;Tarde&lt;/p&gt;" in late.content.decode()
    copy = writer.get(f"{URL}new/?from={template.pk}").context["form"]
    assert (copy.kind, copy.initial["body_es"], copy.initial["name"]) == (
        "letter",
        "<p>Otra</p>",
        "",
    )
    assert writer.get(f"{URL}new/?kind=poem").status_code == 404


def test_a_refused_text_is_shown_with_its_place(writer: Client) -> None:
    refused = writer.post(f"{URL}new/?kind=letter", posted(body_es="<p>{{ customer.x }}</p>"))
    form = refused.context["form"]
    assert form.errors["body_es"] == [
        "Paragraph 1, “{{ customer.x }}”: There is no field “customer.x”."
    ]
    assert refused.context["first_language"] == "es"
    assert "&lt;p&gt;{{ customer.x }}&lt;/p&gt;" in refused.content.decode()
    taken = write()
    again = writer.post(f"{URL}new/?kind=letter", posted(name=taken.name))
    assert list(again.context["form"].errors) == ["name"]
    assert Template.objects.count() == 1


def test_archive_and_restore(writer: Client) -> None:
    template = write()
    for body, archived in (({}, True), ({"restore": "1"}, False)):
        writer.post(f"{URL}{template.pk}/archive/", body)
        template.refresh_from_db()
        assert template.archived is archived
    assert writer.get(f"{URL}{template.pk}/archive/").status_code == 405


# --- preview ----------------------------------------------------------------------------------
@pytest.mark.pango
@pytest.mark.poppler
def test_the_letter_of_a_customer_as_pdf(writer: Client, tmp_path: Path) -> None:
    make_issuer()
    customer = lumen()
    answer = writer.post(
        f"{URL}preview/", posted(customer=f"{customer.number} Óptica", export="pdf")
    )
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store, private"
    text = words(answer.content, tmp_path)
    for expected in ("Hola, Amaia Ruiz", "Calle del Urumea 12", "20012 DONOSTIA", customer.number):
        assert expected in text
    assert not Template.objects.exists()


@pytest.mark.pango
def test_the_preview_tells_what_is_blank(writer: Client) -> None:
    customer = make_customer(addresses=[])
    page = writer.post(f"{URL}preview/", posted(customer=customer.number), headers=HTMX)
    preview = page.context["preview"]
    assert preview.missing == ["contact.name"]
    assert preview.missing_names == ["Contact's name"]
    assert preview.missing_parts == ("country",)
    assert page.content.decode().count('src="data:image/png;base64,') == 1
    assert "<html" not in page.content.decode()
    sample = writer.post(f"{URL}preview/", posted()).context["preview"]
    assert (sample.missing, sample.fits, sample.pages) == ([], True, 1)


@pytest.mark.pango
def test_the_preview_of_an_email(writer: Client) -> None:
    form = posted(
        kind="notice",
        subject_en="Your letter, {{ customer.name }}",
        body_en="<p>It comes on <strong>{{ notice.arrival }}</strong>.</p>",
        body_es="",
        language="en",
    )
    mail = writer.post(f"{URL}preview/", form, headers=HTMX).context["preview"].mail
    assert mail.subject == "Your letter, Óptica Lumen"
    assert mail.text.startswith("It comes on 27 November 2026.\n")
    assert "<strong>27 November 2026</strong>" in mail.html


def test_the_preview_refuses_as_saving_does(writer: Client) -> None:
    page = writer.post(f"{URL}preview/", posted(body_es="{{ customer.x }}"), headers=HTMX)
    assert "There is no field “customer.x”." in page.content.decode()
    unknown = writer.post(f"{URL}preview/", posted(customer="C-none"), headers=HTMX)
    assert "There is no customer C-none." in unknown.content.decode()
    assert writer.post(f"{URL}preview/", posted(kind="poem")).status_code == 404
    blank = writer.post(f"{URL}preview/", {}, headers=HTMX).content.decode()
    assert "What you write is shown here." in blank


@pytest.mark.pango
def test_a_saved_version_is_shown_as_it_was(writer: Client) -> None:
    template = write()
    save_version(template=template, texts={"body_es": "<p>x</p>"}, actor="tests", now=NOW)
    address = f"{URL}{template.pk}/shown/"

    def shown(**asked: str) -> Any:
        return writer.get(address, asked)

    assert shown(version="1").context["version"].number == 1
    assert shown().context["version"].number == 2
    assert shown(version="1", export="pdf").content.startswith(b"%PDF")


def test_customers_are_suggested(writer: Client) -> None:
    customer = lumen()
    make_customer(legal_name="Otro, S.L.")
    options = writer.get(f"{URL}customers/", {"customer": "optica"}).content.decode()
    assert options.count("<option") == 1
    assert customer.number in options


# --- pictures ---------------------------------------------------------------------------------
def test_pictures_from_the_editor_and_from_their_page(writer: Client) -> None:
    content = io.BytesIO()
    Image.new("RGB", (4, 3), "teal").save(content, "PNG")

    def upload(data: bytes, **headers: str) -> Any:
        file = SimpleUploadedFile("Firma.png", data, "image/png")
        return writer.post(f"{URL}pictures/", {"picture": file}, headers=headers)

    made = upload(content.getvalue(), accept="application/json")
    assert (made.status_code, made.json()) == (
        201,
        {"name": "firma", "url": f"{URL}pictures/firma/"},
    )
    shown = writer.get(made.json()["url"])
    assert shown.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(shown.content)).size == (4, 3)
    refused = upload(b"<svg/>", accept="application/json")
    assert (refused.status_code, refused.json()) == (
        400,
        {"errors": ["The picture must be a PNG or a JPEG."]},
    )
    assert upload(content.getvalue()).status_code == 302
    assert TemplateAsset.objects.count() == 1
    assert "firma" in writer.get(f"{URL}pictures/").content.decode()


# --- who may ----------------------------------------------------------------------------------
def test_who_only_reads_changes_nothing(client: Client) -> None:
    template = write()
    events = Event.objects.count()
    client.force_login(make_user("auditor"))
    assert client.get(f"{URL}{template.pk}/").status_code == 200
    assert "/edit/" not in client.get(f"{URL}{template.pk}/").content.decode()
    for path in (
        "new/",
        f"{template.pk}/edit/",
        f"{template.pk}/archive/",
        "preview/",
        "pictures/",
    ):
        assert client.post(URL + path, posted()).status_code == 403
    client.force_login(make_user("sales"))
    for path in ("", f"{template.pk}/", f"{template.pk}/shown/", "customers/"):
        assert client.get(URL + path).status_code == 403
    assert Event.objects.count() == events
