"""The pure core of letters: sanitising, fields, conditions, and what texts may not do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailing import merge
from mailing.merge import Problem, check, example_fields, fields_for, render, sanitise, shape

LETTER = fields_for("letter")


def faults(html: str, **options: list[str]) -> list[tuple[str, str]]:
    return [(each.code, each.detail) for each in check(sanitise(html), LETTER, **options)]


def merged(html: str, **customer: object) -> str:
    values = example_fields("es")
    values["customer"].update(customer)  # type: ignore[arg-type]
    return render(sanitise(html), values)


# --- sanitising -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (
            '<p style="display:flex" onclick="x()">Hola <b>tú</b></p>',
            "<p>Hola <strong>tú</strong></p>",
        ),
        ('<p title="{{ x }}" lang="es" id="a" class="b">a</p>', "<p>a</p>"),
        ("<p> </p><p></p><p>a</p><p></p><p>b</p><p></p> ", "<p>a</p><p></p><p>b</p>"),
        ("<p>a<script>alert(1)</script><style>p{}</style>b</p>", "<p>ab</p>"),
        ('<div class="grid"><p>a</p></div>', "<p>a</p>"),
        (
            '<a href="javascript:x()">a</a><a href="https://b.c">b</a>',
            'a<a href="https://b.c">b</a>',
        ),
        ('<a href="http://b.c">a</a><a href="/x">b</a>', "ab"),
        ('<a href="mailto:a@b.c">a</a>', '<a href="mailto:a@b.c">a</a>'),
        ('<img src="file:///etc/passwd"><img src="https://b.c/d.png">', ""),
        ('<img src="asset:firma" onerror="x()">', '<img src="asset:firma">'),
        ('<link rel=attachment href="file:///etc/passwd"><base href="file:///">', ""),
        (
            '<span data-field="customer.name">Nombre</span>',
            '<span data-field="customer.name"></span>',
        ),
        ('<td colspan="1000">x</td>', "x"),
        ("<svg><image href='http://b.c'/></svg><object data=x></object><embed src=x>", ""),
    ],
)
def test_only_what_a_letter_may_hold_is_kept(written: str, kept: str) -> None:
    assert sanitise(written) == kept


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            [
                *("<p>", "</p>", "<div>", "<div data-if=a.b>", "<div data-else>", "</div>", "<b>"),
                *("</b>", "<span>", "</span>", "<table>", "<tr>", "<td>", "<ul>", "<li>", "<br>"),
                *("<img src=asset:x>", "<a href=https://x>", "</a>", "<script>", "<svg>", "<math>"),
                *("{{", "}}", "{%", "%}", "&lt;", "&amp;", "&", "'", '"', "<!--", "-->", "text"),
                *("<style>", "<noscript>", "<template>"),
            ]
        ),
        max_size=14,
    )
)
def test_sanitising_twice_changes_nothing(pieces: list[str]) -> None:
    once = sanitise(" ".join(pieces))
    assert sanitise(once) == once
    assert "<script" not in once


# --- fields and conditions --------------------------------------------------------------------
def test_fields_are_filled_in_and_escaped() -> None:
    html = '<p>Estimado <span data-field="customer.name">x</span>, n.º {{ customer.number }}</p>'
    assert merged(html, name="Ruiz & <b>Hijos</b>", number="C-1") == (
        "<p>Estimado Ruiz &amp; &lt;b&gt;Hijos&lt;/b&gt;, n.º C-1</p>"
    )


def test_a_value_is_never_read_as_a_template() -> None:
    assert merged("<p>{{ customer.name }}</p>", name="{{ customer.number }} {% if %}") == (
        "<p>{{ customer.number }} {% if %}</p>"
    )


@pytest.mark.parametrize(
    ("operator", "value", "holds_for"),
    [
        ("is", "Bilbao & Co", ["Bilbao & Co"]),
        ("is_not", 'Say "no"', ["Bilbao & Co", "x", None]),
        ("contains", "bao", ["Bilbao & Co"]),
        ("filled", "", ["Bilbao & Co", 'Say "no"', "x"]),
        ("empty", "", [None]),
    ],
)
def test_conditions_of_text(operator: str, value: str, holds_for: list[str | None]) -> None:
    quoted = value.replace("&", "&amp;").replace('"', "&quot;")
    html = f'<span data-if="customer.name" data-op="{operator}" data-value="{quoted}">si</span>'
    candidates = ["Bilbao & Co", 'Say "no"', "x", None]
    assert [one for one in candidates if merged(html, name=one) == "si"] == holds_for


def test_conditions_of_numbers_know_nothing_of_what_is_blank() -> None:
    html = (
        '<div data-if="customer.since" data-op="greater" data-value="2019"><p>new</p>'
        "<div data-else><p>old</p></div></div>"
    )
    assert merged(html, since=2020) == "<p>new</p>"
    assert merged(html, since=2019) == "<p>old</p>"
    assert merged(html, since=None) == "<p>old</p>"


@pytest.mark.parametrize(
    ("field", "operator", "value", "code"),
    [
        ("customer.name", "greater", "3", "bad_operator"),
        ("customer.name", "eval", "3", "bad_operator"),
        ("customer.since", "greater", "2019 or 1", "not_a_number"),
        ("customer.name", "is", "", "value_missing"),
        ("customer.name", "is", "a' or \"b", "bad_value"),
        ("customer.name", "is", "x %} {% raw", "bad_value"),
        ("customer.name | x", "is", "y", "unknown_field"),
    ],
)
def test_conditions_are_chosen_not_coded(field: str, operator: str, value: str, code: str) -> None:
    html = (
        f'<p><span data-if="{field}" data-op="{operator}" '
        f'data-value="{value.replace(chr(34), "&quot;")}">x</span></p>'
    )
    assert [fault for fault, _detail in faults(html)] == [code]


def test_typed_liquid() -> None:
    html = (
        "<p>{% case customer.language %}{% when \u201ces\u201d %}Hola{% else %}Hello{% endcase %} "
        "{{ customer.name | upcase }}"
        "{% if customer.since &lt; 2020 and customer.phone %}!{% endif %}"
        '{{ customer.email | default: "—" }}</p>'
    )
    assert faults(html) == []
    assert merged(html, language="es", name="ana", since=2019, email=" ") == "<p>Hola ANA!—</p>"
    assert merged(html, language="en", name="ana", since=2021, email="a@b") == "<p>Hello ANAa@b</p>"


# --- what is refused, with its place ----------------------------------------------------------
def test_every_fault_is_told_with_its_place() -> None:
    html = (
        "<h2>Tarifas</h2><p>Estimado {{ contact.nam }}:</p><p>Le escribimos para decirle que su "
        "tarifa es {{ customer.name | money }} y nada más que contar</p>"
    )
    problems = check(sanitise(html), LETTER)
    assert [(each.code, each.detail, each.place.line) for each in problems] == [
        ("unknown_field", "contact.nam", 2),
        ("unknown_filter", "money", 3),
    ]
    assert problems[0].place.words == "Estimado {{ contact.nam }}:"
    assert problems[1].place.words == "…es {{ customer.name | money }} y nada más que contar"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        # Objects: nothing but known paths of two words.
        ("{{ customer }}", [("unknown_field", "customer")]),
        ("{{ customer.delete() }}", [("syntax", "{{ customer.delete() }}")]),
        ("{{ customer.name.__class__ }}", [("unknown_field", "customer.name.__class__")]),
        ("{{ customer[contact.name] }}", [("unknown_field", "customer[contact.name]")]),
        # Loops, assignments, includes, raw text.
        (
            "{% for x in (1..999999999) %}x{% endfor %}",
            [("forbidden_tag", "{% for x in (1..999999999) %}"), ("forbidden_tag", "{% endfor %}")],
        ),
        ("{% assign x = 1 %}", [("forbidden_tag", "{% assign x = 1 %}")]),
        ('{% include "x" %}', [("forbidden_tag", '{% include "x" %}')]),
        ("{% raw %}", [("forbidden_tag", "{% raw %}")]),
        ("{% # x %}", [("forbidden_tag", "{% # x %}")]),
        # A range is a loop in disguise: Python looks for a text in it number by number.
        (
            '{% if (1..9999999999) contains "a" %}{% endif %}',
            [
                ("bad_comparison", '{% if (1..9999999999) contains "a" %}'),
                ("forbidden_expression", '{% if (1..9999999999) contains "a" %}'),
            ],
        ),
        ("{{ (1..9) }}", [("forbidden_expression", "{{ (1..9) }}")]),
        # Filters that were taken out parse all the same.
        ("{{ customer.name | safe }}", [("unknown_filter", "safe")]),
        (
            "{{ customer.name | split: '' | join: ',' }}",
            [("unknown_filter", "split"), ("unknown_filter", "join")],
        ),
        (
            "{{ customer.name | upcase: 3 }}",
            [("bad_filter_use", "{{ customer.name | upcase: 3 }}")],
        ),
        # Halves and strays.
        ("<p>{{ customer.name</p>", [("unclosed", "{{ customer.name")]),
        ("<p>{{ customer.<b>name</b> }}</p>", [("unclosed", "{{ customer."), ("unclosed", "}}")]),
        (
            "<p>{% if customer.name %}</p><p>{% endif %}</p>",
            [("unclosed_tag", "{% if customer.name %}"), ("stray_tag", "{% endif %}")],
        ),
        ("{% if customer.name %}a{% else %}b{% else %}c{% endif %}", [("stray_tag", "{% else %}")]),
        ("{% case customer.name %}lost{% when 'a' %}{% endcase %}", [("stray_text", "lost")]),
        ("<div data-else><p>x</p></div>", [("stray_else", "x")]),
        (
            "{% if customer.name > 3 %}{% endif %}",
            [("bad_comparison", "{% if customer.name > 3 %}")],
        ),
        # Attributes hold no fields.
        (
            '<a href="https://x.y/{{ customer.name }}">a</a>',
            [("field_in_attribute", "https://x.y/{{ customer.name }}")],
        ),
        (
            '<img src="asset:firma" alt="{{ customer.name }}">',
            [("field_in_attribute", "{{ customer.name }}")],
        ),
        (
            '<span data-field="customer.name | safe"></span>',
            [("unknown_field", "customer.name | safe")],
        ),
        ("<table><tr><td><table><tr><td>x</table></table>", [("nested_table", "")]),
        ('<img src="asset:../../etc">', [("unknown_picture", "../../etc")]),
        ("{{ notice.arrival }}", [("unknown_field", "notice.arrival")]),
    ],
)
def test_attacks_and_slips_are_refused(html: str, expected: list[tuple[str, str]]) -> None:
    assert faults(html) == expected


def test_literals_and_filters_print_no_html() -> None:
    assert merged('{{ "&lt;script>" }}{{ customer.phone | default: "&lt;b>" }}', phone=None) == (
        "&lt;script&gt;&lt;b&gt;"
    )


@pytest.mark.parametrize(
    "html",
    [
        "{% if customer.name %}" * 11 + "{% endif %}" * 11,
        "<blockquote>" * 40 + "x" + "</blockquote>" * 40,
    ],
)
def test_depth_is_limited(html: str) -> None:
    assert [code for code, _detail in faults(html)] == ["too_deep"]


def test_length_is_limited() -> None:
    assert faults("x" * 100_001) == [("too_long", "100001")]
    with pytest.raises(merge.MergeError):
        merged("{{ customer.name }}" * 1000, name="x" * 201)


class Danger(str):
    """A text that says of itself that it is safe HTML."""

    __slots__ = ()

    def __html__(self) -> str:
        return "<script>"


def test_values_are_plain_data() -> None:
    assert merged("{{ customer.name }}", name=Danger("a<b")) == "a&lt;b"
    for value in ([1], {"a": 1}, object(), b"x"):
        with pytest.raises(TypeError, match=r"customer\.name"):
            merged("{{ customer.name }}", name=value)
    with pytest.raises(TypeError, match="customer"):
        render("{{ customer.name }}", {"customer": object()})


def test_a_field_that_was_not_given_is_no_blank() -> None:
    with pytest.raises(merge.MergeError, match="phone"):
        render("{{ customer.phone }}", {"customer": {"name": "x"}})


# --- shapes, missing fields, subjects ---------------------------------------------------------
SHAPED = sanitise(
    "<p>Estimado {{ contact.name }}: {{ customer.name }}, {{ customer.name | upcase }}, "
    "{{ customer.name }}</p>"
    '<div data-if="customer.language" data-op="is" data-value="es"><p>Hola</p></div>'
)


def test_the_shape_and_its_values_are_the_text() -> None:
    values = example_fields("es")
    made = shape(SHAPED, values, prefix="body.")
    assert made.html == (
        '<p>Estimado <span data-slot="body.contact.name"></span>: '
        '<span data-slot="body.customer.name"></span>, <span data-slot="body.x2"></span>, '
        '<span data-slot="body.customer.name"></span></p><p>Hola</p>'
    )
    html = made.html
    for name, value in made.values.items():
        html = html.replace(f'<span data-slot="{name}"></span>', value)
    assert html == render(SHAPED, values)


def test_shapes_differ_by_what_is_taken_and_what_is_blank() -> None:
    values = example_fields("es")
    usual = shape(SHAPED, values)
    values["customer"]["name"] = "Otro"
    assert shape(SHAPED, values).html == usual.html
    values["contact"]["name"] = "  "
    assert "contact.name" not in shape(SHAPED, values).html
    values["customer"]["language"] = "en"
    assert "Hola" not in shape(SHAPED, values).html


def test_missing_is_what_would_be_printed_blank() -> None:
    html = sanitise(
        "<p>{{ contact.name }} {{ contact.phone | default: 'no' }} {{ customer.name }}</p>"
        '<span data-if="customer.language" data-op="is" data-value="en">{{ customer.phone }}</span>'
    )
    values = example_fields("es")
    values["contact"].update(name="", phone=None)
    values["customer"]["phone"] = ""
    assert merge.missing_fields(html, values) == ["contact.name"]
    values["customer"]["language"] = "en"
    assert merge.missing_fields(html, values) == ["contact.name", "customer.phone"]


def test_a_subject_is_one_line_of_plain_text() -> None:
    line = "Tarifas de {{ customer.name }} &\n {% if customer.since %}más{% endif %}"
    values = example_fields("es")
    values["customer"]["name"] = "A & <B>"
    assert merge.check_line(line, LETTER) == []
    assert merge.render_line(line, values) == "Tarifas de A & <B> & más"
    assert merge.shape_line(line, values, prefix="subject.").html == (
        'Tarifas de <span data-slot="subject.customer.name"></span> &amp; más'
    )
    assert [each.code for each in merge.check_line("{{ customer.x }}", LETTER)] == ["unknown_field"]
    assert merge.fields_in_line(line) == ["customer.name", "customer.since"]


def test_the_catalogue_fits_itself() -> None:
    for language in ("es", "en"):
        for field in merge.CATALOGUE:
            assert field.group in merge.GROUPS
            assert field.name(language)
            html = f'<span data-field="{field.path}"></span>'
            assert merge.missing_fields(html, example_fields(language)) == []
    assert {field.path for field in fields_for("notice")} >= {"notice.arrival", "customer.name"}
    assert Problem in vars(merge).values()


def test_plain_text() -> None:
    html = (
        '<h2>Hola &amp;\nadiós</h2><p>Uno<br>dos <a href="https://a.b">aquí</a>, '
        '<a href="mailto:a@b.c">a@b.c</a></p><ul><li>x</li><li>y<ol><li>z</li></ol></li></ul>'
        "<table><tr><th>a</th><td>b</td></tr></table><hr><blockquote><p>cita</p></blockquote>"
    )
    assert merge.plain_text(html) == (
        "Hola & adiós\n\nUno\ndos aquí (https://a.b), a@b.c\n\n- x\n- y\n  1. z\n\n"
        "a | b\n\n----\n\n> cita"
    )


def test_days_in_words() -> None:
    import datetime as dt

    day = dt.date(2026, 11, 24)
    assert merge.long_date(day, "es") == "24 de noviembre de 2026"
    assert merge.long_date(day, "en") == "24 November 2026"
    assert merge.long_date(day, "en", "US") == "November 24, 2026"
