"""Template tags: what they write, and that they escape what they are given."""

from decimal import Decimal

import django_filters
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.utils import translation

from bpi_portal.navigation import ENTRIES, sections_for
from tests.factories.users import make_user
from toolkit.charts import Series, bar_chart, spark

LOAD = "{% load i18n ui values %}"


def render(text, address="/", **context):
    request = RequestFactory().get(address)
    request.user = AnonymousUser()
    with translation.override("en"):
        return Template(LOAD + text).render(RequestContext(request, context)).strip()


def test_pill_escapes_and_says_why():
    assert (
        render("{% pill 'bad' label %}", label="<b>") == '<span class="pill bad">&lt;b&gt;</span>'
    )
    said = render("{% pill 'bad' 'Late' why %}", why='due "3"')
    assert 'title="due &quot;3&quot;"' in said
    assert 'tabindex="0"' in said


def test_icon_is_decoration_unless_named():
    assert 'aria-hidden="true"' in render("{% icon 'x' %}")
    assert 'role="img" aria-label="Close"' in render("{% icon 'x' 16 'Close' %}")


def test_query_string_keeps_the_filter_and_drops_the_cursor():
    address = "/?q=a&cursor=zz&status=x"
    assert render("{% qs status='paid' %}", address) == "?q=a&amp;status=paid"
    assert render("{% qs status=None %}", address) == "?q=a"


def test_initials():
    assert render("{{ 'Óptica Lumen, S.L.'|initials }}") == "ÓL"
    assert render("{{ ''|initials }}") == ""


def test_confirm_posts_with_the_token():
    html = render("{% confirm '/issue/' 'Issue' 'Sure?' %}")
    assert 'method="post" action="/issue/"' in html
    assert "csrfmiddlewaretoken" in html


class People(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="username", label="Search")
    staff = django_filters.ChoiceFilter(
        field_name="is_staff", label="Kind", choices=[("1", "Staff"), ("0", "Other")]
    )
    joined = django_filters.DateFromToRangeFilter(field_name="date_joined", label="Joined")

    class Meta:
        model = User
        fields: list[str] = []


def bar(address):
    query = RequestFactory().get(address).GET
    return render("{% filter_bar form %}", address, form=People(query, User.objects.none()).form)


def test_filter_bar_shows_what_is_chosen_in_words():
    html = bar("/people/?q=an&staff=1&joined_after=2026-01-01&tab=x&sort=-q&cursor=c")
    assert 'value="an"' in html
    assert "<b>Staff</b>" in html
    assert '<input type="date" name="joined_after" id="id_joined_after" value="2026-01-01"' in html
    assert '<input type="hidden" name="tab" value="x">' in html
    assert 'name="sort"' not in html
    assert 'name="cursor"' not in html
    assert 'href="?tab=x&amp;sort=-q"' in html


def test_filter_bar_offers_nothing_to_clear_when_nothing_is_chosen():
    assert "Clear filters" not in bar("/people/?tab=x")


def test_chart_stacks_and_scales():
    chart = bar_chart("T", ["a", "b"], [Series("x", [100, 0]), Series("y", [50, Decimal(150)])])
    assert [line.value for line in chart.grid] == [0, 50, 100, 150, 200]
    first = chart.bars[0]
    assert first.total == 150
    assert first.segments[1].y + first.segments[1].height == first.segments[0].y
    assert chart.bars[1].segments[0].height == 0


def test_chart_refuses_uneven_series():
    with pytest.raises(ValueError, match="as long as its labels"):
        bar_chart("T", ["a", "b"], [Series("x", [1])])


def test_chart_of_nothing_is_flat():
    chart = bar_chart("T", ["a"], [Series("x", [0])])
    assert chart.bars[0].segments[0].height == 0


def test_chart_writes_svg_numbers_in_every_language():
    chart = bar_chart("T", ["a"], [Series("x", [Decimal("1.5")])], decimals=1)
    with translation.override("es"):
        html = Template(LOAD + "{% chart it %}").render(
            RequestContext(RequestFactory().get("/"), {"it": chart})
        )
    assert 'y="10.0"' in html or 'y="63.5"' in html or 'y="66.0"' in html
    assert "1,5" in html


def test_spark_needs_two_points():
    assert spark([1]).line == ""
    assert spark([0, 10], width=10, height=16).line == "M0.0 13.0 L10.0 3.0"


def test_split_leaves_nothing_out():
    html = render("{% split 'good' 'Paid' '75' 'bad' 'Overdue' '25' 'info' 'Open' '0' %}")
    assert 'aria-label="Paid 75 %, Overdue 25 %"' in html
    assert render("{% split 'good' 'Paid' '0' %}") == ""


def test_a_stranger_has_no_menu():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert sections_for(request) == []


@pytest.mark.django_db
def test_menu_follows_the_permissions_and_marks_the_page():
    request = RequestFactory().get("/users/7/")
    request.user = User.objects.create_superuser("root")
    links = {
        link.entry.url_name: link for section in sections_for(request) for link in section.links
    }
    assert links["users:user_list"].is_current
    assert not links["home"].is_current
    request.user = User.objects.create(username="plain")
    links = {link.entry.url_name for section in sections_for(request) for link in section.links}
    assert links == {"home"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (
            "mailing",
            {
                "home",
                "sales:customer_list",
                "sales:list_list",
                "mailing:mailing_list",
                "mailing:template_list",
                "mailing:printer_list",
            },
        ),
        ("administrator", {entry.url_name for entry in ENTRIES}),
        ("reservations", None),
        ("sales", None),
        ("billing", None),
        ("auditor", None),
    ],
)
def test_every_entry_of_the_menu_opens_for_whom_it_is_shown(client, role, expected):
    user = make_user(role)
    request = RequestFactory().get("/")
    request.user = user
    links = [link for section in sections_for(request) for link in section.links]
    assert expected is None or {link.entry.url_name for link in links} == expected
    client.force_login(user)
    assert {link.url: client.get(link.url).status_code for link in links} == {
        link.url: 200 for link in links
    }
