"""The editor of templates in a browser: fields, conditions, preview, refusals, drafts."""

import io
import re

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from bpi_portal.roles import sync_roles
from mailing.models import Template, TemplateAsset, TemplateVersion
from mailing.services.templates import create_template
from tests.browser.harness import check_axe, log_in
from tests.factories.customers import make_customer, make_issuer
from tests.factories.users import make_user

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.pango,
    pytest.mark.django_db(transaction=True),
]
SAVE = re.compile("^(Guardar|Save)$")


@pytest.fixture
def template(page: Page, live_server: LiveServer) -> Template:
    sync_roles()
    make_issuer()
    log_in(page, make_user("mailing"), live_server.url)
    texts = {
        "subject_es": "Nuevas tarifas",
        "body_es": "<p>Estimada clienta:</p>",
        "body_en": "<p>Dear customer,</p>",
    }
    version = create_template(
        name="Tarifas", kind="letter", texts=texts, actor="tests", now=timezone.now()
    )
    return version.template


def open_editor(page: Page, template: Template) -> None:
    page.goto(f"/mailing/templates/{template.pk}/edit/")
    shown(page)


def text_of(page: Page, part: str = "body_es") -> Locator:
    return page.locator(f"#id_{part} + .editor .ProseMirror")


def press(page: Page, what: str) -> None:
    """Press a button of the toolbar."""
    page.locator(f"#id_body_es + .editor [data-do={what}]").click()
    settle(page)


def agree(page: Page, dialog: str) -> None:
    """Press the main button of a dialog."""
    page.locator(f"#{dialog} button[value=ok]").click()
    settle(page)


def to_the_end(page: Page) -> None:
    page.keyboard.press("Control+End")
    settle(page)


def settle(page: Page) -> None:
    """Let the editor see where the cursor is: it looks with the next picture of the screen."""
    page.evaluate(
        "() => new Promise((go) => setTimeout(() => requestAnimationFrame(() => "
        "requestAnimationFrame(go)), 0))"
    )


def shown(page: Page) -> Locator:
    """Return the preview, once it shows what is written."""
    preview = page.locator("#preview[aria-busy=false]")
    expect(preview.locator("img, .note").first).to_be_visible()
    return preview


def save(page: Page) -> None:
    shown(page)
    with page.expect_navigation():
        page.get_by_role("button", name=SAVE).last.click()


def newest() -> TemplateVersion:
    return TemplateVersion.objects.order_by("-number")[0]


def test_a_letter_with_fields_conditions_and_a_picture(page: Page, template: Template) -> None:
    customer = make_customer(
        legal_name="Óptica Lumen, S.L.", contacts=[{"name": "Amaia Ruiz", "role": "general"}]
    )
    open_editor(page, template)
    text_of(page).click()
    to_the_end(page)
    page.keyboard.press("Enter")
    # A field: typed by hand, then from the menu by its name, with the keyboard alone.
    page.keyboard.type("Le escribe {{ account_manager.name }} a ")
    page.keyboard.press("Control+Shift+F")
    check_axe(page)
    page.keyboard.type("nombre del contacto")
    page.keyboard.press("Enter")
    settle(page)
    page.keyboard.press("Enter")
    # Words in a sentence that stand there only if.
    page.keyboard.type("Gracias, muchas gracias.")
    for _letter in ", muchas gracias.":
        page.keyboard.press("Shift+ArrowLeft")
    settle(page)
    press(page, "condition")
    agree(page, "condition-dialog")
    to_the_end(page)
    page.keyboard.press("Enter")
    # Paragraphs that do, and others otherwise; changed afterwards by their heading.
    page.keyboard.type("Desde hace mucho.")
    press(page, "condition")
    page.select_option("#condition-field", "customer.since")
    page.select_option("#condition-operator", "less")
    page.fill("#condition-value", "2020")
    page.check("#condition-otherwise")
    check_axe(page)
    agree(page, "condition-dialog")
    text_of(page).locator(".otherwise p").click()
    settle(page)
    page.keyboard.type("Desde hace poco.")
    text_of(page).locator(".condition > button").click()
    page.fill("#condition-value", "2019")
    agree(page, "condition-dialog")
    text_of(page).locator("p").first.click()
    to_the_end(page)
    # A picture, uploaded on the spot.
    press(page, "picture")
    content = io.BytesIO()
    Image.new("RGB", (60, 20), "teal").save(content, "PNG")
    page.set_input_files(
        "#picture-file",
        {"name": "Firma.png", "mimeType": "image/png", "buffer": content.getvalue()},
    )
    expect(page.locator("#picture-dialog input[value=firma]")).to_be_checked()
    page.fill("#picture-alt", "Firma")
    agree(page, "picture-dialog")
    # As one customer would get it.
    page.fill("#preview-customer", customer.number)
    expect(page.locator("#preview")).to_contain_text(re.compile("Blank for|En blanco"))
    save(page)
    assert newest().number == 2
    assert newest().body_es == (
        "<p>Estimada clienta:</p>"
        '<p>Le escribe <span data-field="account_manager.name"></span> a '
        '<span data-field="contact.name"></span></p>'
        '<p>Gracias<span data-if="customer.language" data-op="is" data-value="es">, muchas '
        "gracias.</span></p>"
        '<div data-if="customer.since" data-op="less" data-value="2019"><p>Desde hace mucho.</p>'
        '<div data-else=""><p>Desde hace poco.<img alt="Firma" data-width="25" '
        'src="asset:firma"></p></div></div>'
    )
    assert newest().body_en == "<p>Dear customer,</p>"
    assert TemplateAsset.objects.get().name == "firma"
    shown(page)


def test_what_is_refused_or_left_is_not_lost(page: Page, template: Template) -> None:
    open_editor(page, template)
    page.get_by_role("tab").nth(1).click()
    text_of(page, "body_en").click()
    to_the_end(page)
    page.keyboard.type(" Your price {{ customer.name | money }} changes")
    expect(page.locator("#preview .note.bad")).to_contain_text("{{ customer.name | money }}")
    save(page)
    # The tab with the fault is open, the place is told, the text stands there.
    assert TemplateVersion.objects.count() == 1
    expect(text_of(page, "body_en")).to_contain_text("Your price {{ customer.name | money }}")
    expect(page.locator("#texts-en .errorlist")).to_contain_text("money")
    expect(page.locator("#texts-es")).to_be_hidden()
    # Left without saving, it is offered again.
    page.goto("/mailing/templates/")
    open_editor(page, template)
    expect(text_of(page, "body_en")).not_to_contain_text("money")
    page.locator("[data-draft-take]").click()
    page.get_by_role("tab").nth(1).click()
    expect(text_of(page, "body_en")).to_contain_text("Your price {{ customer.name | money }}")
    text_of(page, "body_en").click()
    page.keyboard.press("Control+A")
    settle(page)
    page.keyboard.type("Dear customer, thank you.")
    expect(page.locator("#preview img").first).to_be_visible()
    save(page)
    assert newest().body_en == "<p>Dear customer, thank you.</p>"
    # Saved, there is nothing to take back.
    expect(page.locator("#draft")).to_be_hidden()


def test_a_table_a_link_and_a_list(page: Page, template: Template) -> None:
    open_editor(page, template)
    text_of(page).click()
    to_the_end(page)
    press(page, "bullets")
    page.keyboard.press("Enter")
    press(page, "link")
    page.fill("#link-address", "javascript:alert(1)")
    agree(page, "link-dialog")
    expect(page.locator("#link-dialog [data-bad]")).to_be_visible()
    page.fill("#link-address", "https://bpi.example/tarifas")
    agree(page, "link-dialog")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    press(page, "table")
    page.keyboard.type("Acceso")
    press(page, "deleteRow")
    press(page, "deleteRow")
    save(page)
    assert newest().body_es == (
        "<ul><li><p>Estimada clienta:</p></li>"
        '<li><p><a href="https://bpi.example/tarifas">https://bpi.example/tarifas</a></p></li></ul>'
        "<table><tbody><tr><td><p></p></td><td><p></p></td></tr></tbody></table>"
    )
    shown(page)


def test_an_email_without_a_script(scriptless_page: Page, live_server: LiveServer) -> None:
    page = scriptless_page
    sync_roles()
    make_issuer()
    log_in(page, make_user("mailing"), live_server.url)
    page.goto("/mailing/templates/new/?kind=email")
    page.fill("#id_name", "Felicitación")
    page.fill("#id_subject_es", "Felices fiestas, {{ customer.name }}")
    page.fill("#id_body_es", "<p>Gracias, {{ customer.nam }}</p>")
    page.get_by_role("button", name=SAVE).last.click()
    expect(page.locator(".errorlist").first).to_contain_text("customer.nam")
    expect(page.locator("#id_body_es")).to_have_value("<p>Gracias, {{ customer.nam }}</p>")
    page.fill("#id_body_es", "<p>Gracias, {{ customer.name }}</p>")
    page.get_by_role("button", name=SAVE).last.click()
    expect(page).to_have_url(re.compile(r"/edit/$"))
    assert newest().fields == ["customer.name"]
