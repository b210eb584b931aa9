"""E-mail from one text file: subject, text, and HTML in which nothing can hide."""

import pytest
from django.template import TemplateDoesNotExist
from django.utils.safestring import mark_safe

from toolkit.mail import frame_html, render_mail, text_as_html

LINK = "https://portal.example/p/?a=1&b=<2>"


@pytest.fixture(autouse=True)
def _templates(settings, tmp_path):
    (tmp_path / "x").mkdir()
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    ]
    for name, text in {
        "one.txt": "{% load i18n %}{% translate 'Invoice' %} {{ number }}\n\nHola {{ name }}:\n"
        "segunda línea\n\n{{ link }}\n\nSaludos <portal@example.es>\n",
        "two.txt": "Hello\n\nText",
        "two.html": "{% extends 'email/frame.html' %}"
        "{% block body %}<b>{{ name }}</b>{% endblock %}",
        "none.txt": "\n \n",
        "broken.txt": "Hello\n\nText",
        "broken.html": "{% include 'x/missing.html' %}",
    }.items():
        (tmp_path / "x" / name).write_text(text)


def test_one_text_is_both():
    context = {"number": "F-1", "name": "Núñez & <Hijos>", "link": LINK, "footer": "BPI & Co"}
    mail = render_mail("x/one", context, language="es")
    assert mail.subject == "Factura F-1"
    assert mail.text == (
        f"Hola Núñez & <Hijos>:\nsegunda línea\n\n{LINK}\n\nSaludos <portal@example.es>\n"
    )
    assert "Hola Núñez &amp; &lt;Hijos&gt;:<br>segunda línea" in mail.html
    assert '<a href="https://portal.example/p/?a=1&amp;b=&lt;2&gt;"' in mail.html
    assert "BPI &amp; Co" in mail.html
    assert '<html lang="es">' in mail.html
    assert "<Hijos>" not in mail.html
    assert render_mail("x/one", context, language="en").subject == "Invoice F-1"


def test_a_html_of_its_own():
    mail = render_mail("x/two", {"name": "<Ana>"}, language="es")
    assert "<b>&lt;Ana&gt;</b>" in mail.html
    assert mail.text == "Text\n"


def test_what_is_missing_is_said():
    with pytest.raises(TemplateDoesNotExist, match=r"x/nothing\.txt"):
        render_mail("x/nothing", {}, language="es")
    with pytest.raises(ValueError, match="subject into its first line"):
        render_mail("x/none", {}, language="es")
    with pytest.raises(TemplateDoesNotExist, match=r"x/missing\.html"):
        render_mail("x/broken", {}, language="es")


def test_addresses_in_a_text_become_links_and_nothing_else_does():
    html = text_as_html(
        "Vea https://a.example/x?y=1&z=2 o escriba a b@c.example.\n\njavascript:x()"
    )
    assert '<a href="https://a.example/x?y=1&amp;z=2">https://a.example/x?y=1&amp;z=2</a>' in html
    assert '<a href="mailto:b@c.example">' in html
    assert "javascript:x()</p>" in html
    assert text_as_html("<script>\n\n<b>") == (
        '<p style="margin:0 0 16px">&lt;script&gt;</p>\n<p style="margin:0 0 16px">&lt;b&gt;</p>'
    )


def test_finished_html_is_framed_as_it_is():
    html = frame_html(mark_safe("<p>ready</p>"), subject="S <b>", language="en", footer="F <i>")
    assert "<p>ready</p>" in html
    assert "<title>S &lt;b&gt;</title>" in html
    assert "F &lt;i&gt;" in html
