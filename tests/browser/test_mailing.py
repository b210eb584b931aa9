"""A mass mailing by one person, on the screens: from its recipients to the report."""

import os
import re
from pathlib import Path
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import expect

from customers.models import Customer
from customers.services import opt_out
from integration.tasks import send_messages
from mailing.models import Mailing, MailingSettings, Printer, PrintJob
from mailing.services import conclude_print, finish_if_over, freeze, merge_next, write_notices
from mailing.services.print_steps import advance_printer
from tests.browser.harness import check_axe
from tests.browser.portal import Portal
from tests.factories.customers import make_customer, make_issuer
from tests.factories.mailing import make_mailing, make_version
from tests.mail.server import ScriptedServer

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.pango,
    pytest.mark.django_db(transaction=True),
]
LETTER = '<p>Estimada <span data-field="contact.name"></span>:</p><p>Suben las tarifas.</p>'
NOTICE = '<p>Su carta llega el <span data-field="notice.arrival"></span>.</p>'


@pytest.fixture
def customers() -> list[Customer]:
    """Three who get a letter, one of them without e-mail, and one who wants no letters."""
    make_issuer()
    made = [
        make_customer(
            legal_name=name,
            email="",
            contacts=[{"name": "Amaia Ruiz", "role": "general", "email": email}],
        )
        for name, email in (
            ("Cerámicas Núñez, S.A.", "amaia@nunez.example"),
            ("Óptica Lumen, S.L.", "amaia@lumen.example"),
            ("Sin Correo, S.L.", ""),
            ("Sin Cartas, S.L.", "amaia@sincartas.example"),
        )
    ]
    opt_out(customer=made[-1], channel="letter", source="desk", actor="tests", now=timezone.now())
    return made


def test_one_person_sends_a_mailing(
    portal: Portal, customers: list[Customer], tmp_path: Path
) -> None:
    make_version(body_es=LETTER, body_en="", fields=["contact.name"])
    make_version("notice", body_es=NOTICE, body_en="", fields=["notice.arrival"])
    portal.enter("mailing")
    portal.menu("Mailings")
    portal.press("New mailing", "link")
    choose(portal)
    mailing = Mailing.objects.get()
    look_at_the_lists(portal, mailing)
    press_approve(portal, f"/mailing/mailings/{mailing.number}/")
    approved(portal)
    portal.page.locator(".acts details.drop summary").last.click()
    portal.page.locator("details[open]").get_by_role("button").last.click()
    moving = portal.page.get_by_role("heading", name=portal.say("On its way"), exact=True)
    expect(moving).to_be_visible()
    do_the_work(mailing, tmp_path)
    read_the_report(portal, mailing)


def choose(portal: Portal) -> None:
    page = portal.page
    page.locator("#id_name").fill("Tarifas 2027")
    check_axe(page)
    portal.press("Save and go on")
    expect(page).to_have_url(re.compile(r"/mailing/mailings/M-\d{4}-\d{4}/texts/$"))
    expect(page.locator("aside dl.dl")).to_contain_text("3")  # letters so far
    for name in ("letter", "notice"):
        page.locator(f"#id_{name}").select_option(index=1)
    check_axe(page)
    portal.press("Save and go on")
    page.locator("#id_mail_on").fill(timezone.localdate().isoformat())
    page.locator("#id_notice_time").fill("00:00")
    page.locator("#id_printer").select_option(label=Printer.objects.get(uri="folder:").name)
    check_axe(page)
    portal.press("Save and go on")


def look_at_the_lists(portal: Portal, mailing: Mailing) -> None:
    page = portal.page
    portal.press("Fix the recipients")
    for name, count in (("Letter and e-mail", "2"), ("Letter only", "1"), ("E-mail only", "1")):
        figure = page.locator(".kpi", has_text=portal.say(name)).first
        expect(figure.locator(".v")).to_have_text(count)
    check_axe(page)
    address = f"/mailing/mailings/{mailing.number}"
    proof = page.request.get(f"{address}/proof/")
    assert proof.body().startswith(b"%PDF")
    page.goto(f"{address}/recipients/?list=letter_only")
    row = page.get_by_role("row", name="Sin Correo")
    expect(row).to_contain_text(portal.say("No e-mail address"))
    check_axe(page)
    page.get_by_role("searchbox").fill("optica")
    row.get_by_role("button", name=portal.say("Take out")).wait_for(state="detached")
    page.goto(f"{address}/")


def approved(portal: Portal) -> None:
    expect(portal.page.locator(".pill", has_text=portal.say("Approved"))).to_be_visible()
    check_axe(portal.page)


def do_the_work(mailing: Mailing, folder: Path) -> None:
    """Do what the workers do, step by step, with a real mail server."""
    printer = Printer.objects.get(uri="folder:")
    server = ScriptedServer().start()
    try:
        with (
            patch.dict(os.environ, EMAIL_URL=server.url, BPI_EMAIL_DOMAIN_RATE="0"),
            override_settings(MEDIA_ROOT=folder / "media", STATE_DIR=folder),
        ):
            assert merge_next(mailing_id=mailing.pk, clock=timezone.now)
            job = PrintJob.objects.get()
            while job.state in PrintJob.OPEN:
                advance_printer(printer_id=printer.pk, now=timezone.now())
                job.refresh_from_db()
            conclude_print(print_job_id=job.pk, now=timezone.now())
            write_notices(mailing_id=mailing.pk, now=timezone.now())
            send_messages()
    finally:
        server.stop()
    finish_if_over(mailing_id=mailing.pk, now=timezone.now())


def read_the_report(portal: Portal, mailing: Mailing) -> None:
    page = portal.page
    page.goto(f"/mailing/mailings/{mailing.number}/")
    expect(page.locator(".pill", has_text=portal.say("Done")).first).to_be_visible()
    for name, figure in (
        ("Letters printed", "3 / 3"),
        ("Notices sent", "3 / 3"),
        ("Bounced", "0"),
        ("People", "1"),
    ):
        value = page.locator(".kpi", has_text=portal.say(name)).first.locator(".v")
        expect(value).to_have_text(figure)
    check_axe(page)
    page.goto(f"/mailing/mailings/{mailing.number}/recipients/?list=both")
    row = page.get_by_role("row", name="Cerámicas Núñez")
    expect(row).to_contain_text(portal.say("Printed"))
    check_axe(page)


def test_nobody_approves_his_own_where_a_second_person_is_wanted(
    portal: Portal, customers: list[Customer]
) -> None:
    MailingSettings.objects.create(second_person=True)
    sender = User.objects.get(username=portal.enter("mailing"))
    mailing = freeze(mailing=make_mailing(sender), actor=sender, now=timezone.now())
    address = f"/mailing/mailings/{mailing.number}/"
    press_approve(portal, address)
    expect(portal.page.locator(".toast.bad")).to_be_visible()
    mailing.refresh_from_db()
    assert mailing.state == "frozen"
    portal.enter("mailing")
    press_approve(portal, address)
    approved(portal)


def press_approve(portal: Portal, address: str) -> None:
    portal.page.goto(address)
    portal.press("Approve")
    portal.page.locator("details[open]").get_by_role("button").last.click()
