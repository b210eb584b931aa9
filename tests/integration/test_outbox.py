"""The screens of outgoing e-mail: who sees what, how it is shown, what a person may do."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from bpi_portal.roles import sync_roles
from customers.selectors import timeline
from integration import selectors
from integration.models import Event, OutgoingMessage, Suppression
from integration.selectors import purposes, register_purpose
from integration.services import Attachment, hold_batch, suppress
from integration.services.messages_outcomes import record
from tests.factories.customers import make_customer
from tests.factories.users import make_user
from tests.mail.messages import BATCH, NOON, queue, queued

pytestmark = pytest.mark.django_db
LIST = reverse("integration:message_list")
SUPPRESSIONS = reverse("integration:suppression_list")
HTML = '<p style="color:red">Buenos <script>alert(1)</script></p>'


@pytest.fixture(autouse=True)
def _purposes(monkeypatch):
    monkeypatch.setattr(purposes, "_PURPOSES", {})
    register_purpose("billing.invoice", label="Invoices", permission="billing.view_invoice")
    register_purpose("mailing.notice", label="Notices", permission="customers.view_customer")


def logged_in(client, *roles):
    sync_roles()
    client.force_login(make_user(*roles, username="-".join(roles) or "nobody"))
    client.cookies["django_language"] = "en"
    return client


def page(name, row, **kwargs):
    return reverse(f"integration:{name}", kwargs={"pk": row.pk, **kwargs})


def set_state(row, state, **fields):
    OutgoingMessage.objects.filter(pk=row.pk).update(state=state, **fields)


def text_of(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_the_outbox_is_filtered_by_everything_that_matters(client):
    logged_in(client, "administrator")
    ana = queue("ana@gmail.example", subject="Uno", customer_number="C-000001")
    bea = queue("bea@other.example", purpose="billing.invoice", batch="billing:1", subject="Dos")
    set_state(ana, "sent", sent_at=NOON, bounced_at=NOON, bounce="soft")

    def shown(**parameters):
        body = text_of(client.get(LIST, parameters))
        return {row for row in (ana, bea) if row.recipient in body}

    assert shown() == {ana, bea}
    assert shown(state="sent") == shown(state="bounced") == {ana}
    assert shown(state="queued") == {bea}
    assert shown(purpose="billing.invoice") == shown(batch="billing:1") == {bea}
    assert shown(customer="C-000001") == shown(domain="GMAIL.example") == {ana}
    assert shown(q="dos") == shown(q="BEA@") == shown(q=bea.key) == {bea}
    today = timezone.localdate(NOON)
    assert shown(created_from=today) == {ana, bea}
    assert shown(created_from=today + dt.timedelta(days=1)) == set()


def test_the_tabs_count_and_a_paused_batch_says_so(client):
    logged_in(client, "administrator")
    queue("a@example.es", "b@example.es")
    hold_batch(batch=BATCH, actor="tests", now=NOON)
    body = text_of(client.get(LIST, {"batch": BATCH}))
    assert "This batch is paused" in body
    tab = body[body.index("state=queued") :]
    assert "2" in tab[: tab.index("</a>")]
    assert "state=claimed" not in body


def test_the_list_costs_the_same_however_long_it_is(client, django_assert_max_num_queries):
    logged_in(client, "administrator")
    for number in range(3):
        queue(*(f"n{number}.{each}@example.es" for each in range(20)))
    client.get(LIST)
    with django_assert_max_num_queries(8):
        body = text_of(client.get(LIST))
    assert "cursor=" in body


def test_a_message_is_shown_as_it_was_written(client):
    logged_in(client, "administrator")
    row = queue(
        "ana@example.es",
        subject="Su <b>carta</b>",
        text="Buenos días <b>",
        html=HTML,
        headers={"X-Mailing": "17"},
        attachments=[Attachment("año.pdf", "application/pdf", b"%PDF")],
    )
    set_state(row, "sent", sent_at=NOON, last_code=250, last_answer="2.0.0 queued as 4711")
    record(row, "message.sent", actor="tests", now=NOON)
    body = text_of(client.get(page("message_detail", row)))
    for shown in (
        "Su &lt;b&gt;carta",
        "Buenos días &lt;b&gt;",
        "2.0.0 queued as 4711",
        "X-Mailing",
        row.key,
        "Notices",
        "E-mail sent",
        "año.pdf",
    ):
        assert shown in body
    assert "alert(1)" not in body
    assert 'sandbox src="' in body
    file = client.get(page("message_attachment", row, position=0))
    assert (file.content, file["Content-Type"]) == (b"%PDF", "application/pdf")
    assert file["Content-Disposition"].startswith("attachment")
    assert client.get(page("message_attachment", row, position=1)).status_code == 404
    source = client.get(page("message_source", row))
    assert f"Message-ID: {row.message_id}".encode() in source.content
    assert source["Content-Type"] == "message/rfc822"


def test_the_html_of_a_message_can_do_nothing(client):
    logged_in(client, "administrator")
    row = queue("ana@example.es", html=HTML)
    response = client.get(page("message_html", row))
    assert text_of(response) == HTML
    policy = dict(
        part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    framing = client.get(page("message_detail", row))["Content-Security-Policy"]
    assert "frame-src 'self'" in framing
    assert "script-src 'self'" in framing
    assert "frame-src" not in client.get(LIST)["Content-Security-Policy"]


def test_departments_see_what_they_send_to_customers_they_may_see(client):
    notice = queue("ana@example.es", html="<p>x</p>")
    invoice = queue("ana@example.es", purpose="billing.invoice")
    other = queue("ana@example.es", purpose="users.invitation")

    def visible_to(*roles):
        logged_in(client, *roles)
        return [
            client.get(page("message_detail", row)).status_code == 200
            for row in (notice, invoice, other)
        ]

    assert visible_to("administrator") == [True, True, True]
    assert visible_to("billing") == [True, True, False]
    assert visible_to("mailing") == [True, False, False]
    assert visible_to() == [False, False, False]
    assert client.get(page("message_html", notice)).status_code == 404
    client.force_login(User.objects.get(username="mailing"))
    assert client.get(LIST).status_code == 403
    assert client.get(page("message_source", notice)).status_code == 403
    assert text_of(client.get(page("message_html", notice))) == "<p>x</p>"
    assert client.post(page("message_resend", invoice)).status_code == 404


def test_the_timeline_tells_of_e_mail_by_its_purpose(client):
    sync_roles()
    customer = make_customer()
    for purpose in ("mailing.notice", "billing.invoice"):
        row = queue("ana@example.es", purpose=purpose, customer_number=customer.number)
        record(row, "message.sent", actor="tests", now=NOON)

    def told(role):
        moments = timeline(customer, user=make_user(role, username=role))
        return {str(one.title) for one in moments if one.event.type.startswith("message.")}

    assert told("administrator") == {"Correo enviado: Notices", "Correo enviado: Invoices"}
    assert told("mailing") == {"Correo enviado: Notices"}


# --- what a person decides ----------------------------------------------------------------------


def test_an_uncertain_message_is_sent_again_or_said_to_have_arrived(client):
    logged_in(client, "administrator")
    again, arrived = queue("ana@example.es"), queue("bea@example.es")
    for row in (again, arrived):
        set_state(row, "uncertain", sending_at=NOON, attempts=3)
        body = text_of(client.get(page("message_detail", row)))
        assert "Nobody knows whether the server took" in body
        assert "may then get it twice" in body
    client.post(page("message_resend", again))
    assert (queued(again).state, queued(again).attempts) == ("queued", 0)
    assert queued(again).message_id == again.message_id
    client.post(page("message_confirm", arrived))
    assert (queued(arrived).state, queued(arrived).sent_at) == ("sent", NOON)
    events = dict(Event.objects.values_list("type", "actor"))
    assert events == {"message.resent": "administrator", "message.confirmed": "administrator"}


@pytest.mark.parametrize("state", ["queued", "claimed", "sending", "sent", "cancelled"])
def test_nothing_else_is_sent_again(client, state):
    logged_in(client, "administrator")
    row = queue("ana@example.es")
    lease = {"lease_until": NOON, "claimed_by": "w"} if state in {"claimed", "sending"} else {}
    set_state(row, state, sent_at=NOON, **lease)
    assert "Send again" not in text_of(client.get(page("message_detail", row)))
    for name in ("message_resend", "message_confirm"):
        response = client.post(page(name, row), follow=True)
        assert "Only " in text_of(response)
    assert queued(row).state == state
    assert not Event.objects.exists()


def test_a_suppressed_message_waits_for_the_lift(client):
    logged_in(client, "administrator")
    row = queue("ana@example.es")
    suppression = suppress(email="ana@example.es", reason="by_hand", actor="x", now=NOON)
    set_state(row, "suppressed", last_answer="=by_hand")
    body = text_of(client.get(page("message_detail", row)))
    assert reverse("integration:suppression_lift", kwargs={"pk": suppression.pk}) in body
    assert "Lift that first" in text_of(client.post(page("message_resend", row), follow=True))
    assert queued(row).state == "suppressed"
    lift = reverse("integration:suppression_lift", kwargs={"pk": suppression.pk})
    assert text_of(client.post(lift, {"because": " "}))
    assert Suppression.objects.filter(lifted_at=None).exists()
    client.post(lift, {"because": "He telephoned"})
    suppression.refresh_from_db()
    assert suppression.lifted_by == "administrator"
    assert suppression.lifted_because == "He telephoned"
    client.post(page("message_resend", row))
    assert queued(row).state == "queued"
    assert "It was lifted before" in text_of(client.post(lift, {"because": "again"}))


def test_what_is_no_address_is_not_sent_again(client):
    logged_in(client, "administrator")
    row = queue("nobody")
    body = text_of(client.get(page("message_detail", row)))
    assert "This is no e-mail address." in body
    client.post(page("message_resend", row))
    assert queued(row).state == "perm_failed"


def test_only_whoever_may_sends_again(client):
    row = queue("ana@example.es")
    set_state(row, "uncertain")
    user = make_user(username="reader")
    for app, codename in [("integration", "view_outgoingmessage"), ("customers", "view_customer")]:
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    client.force_login(user)
    client.cookies["django_language"] = "en"
    assert "Send again" not in text_of(client.get(page("message_detail", row)))
    assert client.post(page("message_resend", row)).status_code == 403
    assert client.post(page("message_confirm", row)).status_code == 403
    assert queued(row).state == "uncertain"


def test_an_address_is_entered_by_hand_and_found(client):
    logged_in(client, "mailing")
    suppress(customer_number="C-000007", reason="unsubscribed", actor="x", now=NOON)
    new = reverse("integration:suppression_add")
    assert "required" in text_of(client.post(new, {"email": "x@example.es", "detail": ""}))
    assert Suppression.objects.count() == 1
    client.post(new, {"email": "Ana@Example.es", "detail": "asked by telephone"})
    suppression = Suppression.objects.get(email="ana@example.es")
    assert (suppression.reason, suppression.detail) == ("by_hand", "asked by telephone")
    assert Event.objects.filter(type="suppression.added").count() == 2

    def shown(**parameters):
        body = text_of(client.get(SUPPRESSIONS, parameters))
        return ["ana@example.es" in body, "C-000007" in body]

    assert shown() == shown(standing="yes") == [True, True]
    assert shown(q="ana") == shown(reason="by_hand") == [True, False]
    assert shown(customer="C-000007") == [False, True]
    assert shown(standing="no") == [False, False]
    assert selectors.suppressed_emails(["ANA@example.es"], bulk=False) == {"ANA@example.es"}


def test_whoever_may_not_change_it_is_offered_no_change(client):
    user = make_user(username="reader")
    user.user_permissions.add(Permission.objects.get(codename="view_suppression"))
    suppression = suppress(email="ana@example.es", reason="by_hand", actor="x", now=NOON)
    client.force_login(user)
    client.cookies["django_language"] = "en"
    lift = reverse("integration:suppression_lift", kwargs={"pk": suppression.pk})
    assert lift not in text_of(client.get(SUPPRESSIONS))
    for address in (lift, reverse("integration:suppression_add")):
        assert client.post(address, {"because": "x"}).status_code == 403
    assert Suppression.objects.filter(lifted_at=None).count() == 1
