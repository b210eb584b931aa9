"""Faults of templates in words, with their place."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailing.merge import Problem

WORDS: Final[dict[str, Promise]] = {
    "unknown_field": gettext_lazy("There is no field “%(detail)s”."),
    "unknown_filter": gettext_lazy("There is no filter “%(detail)s”."),
    "unknown_picture": gettext_lazy("There is no picture “%(detail)s”."),
    "unknown_layout": gettext_lazy("There is no layout “%(detail)s”."),
    "bad_filter_use": gettext_lazy("The filter in %(detail)s takes other arguments."),
    "bad_comparison": gettext_lazy("%(detail)s compares what can't be compared."),
    "bad_operator": gettext_lazy("“%(detail)s” is no condition for this field."),
    "bad_value": gettext_lazy("The value of the condition “%(detail)s” can't be used."),
    "not_a_number": gettext_lazy("The condition “%(detail)s” needs a number."),
    "value_missing": gettext_lazy("The condition “%(detail)s” has no value."),
    "forbidden_tag": gettext_lazy("%(detail)s can't be used in a letter."),
    "forbidden_expression": gettext_lazy("%(detail)s can't be used in a letter."),
    "field_in_attribute": gettext_lazy("Links and pictures can't hold fields: %(detail)s."),
    "syntax": gettext_lazy("%(detail)s can't be read."),
    "unclosed": gettext_lazy("Braces are open here, or broken by formatting: %(detail)s"),
    "unclosed_tag": gettext_lazy("%(detail)s is not closed in the same paragraph."),
    "stray_tag": gettext_lazy("%(detail)s stands where it does not belong."),
    "stray_else": gettext_lazy("“Otherwise” must be the last part of a condition."),
    "stray_text": gettext_lazy("Nothing may stand between “case” and “when”: %(detail)s"),
    "nested_table": gettext_lazy("A table can't stand in another table."),
    "too_deep": gettext_lazy("Conditions or lists are nested too deeply."),
    "too_long": gettext_lazy("The text is too long: %(detail)s characters."),
    "text_missing": gettext_lazy("The text is missing."),
    "subject_missing": gettext_lazy("The subject is missing."),
    "picture_in_email": gettext_lazy("E-mails show no pictures: take out “%(detail)s”."),
    "enclosure_in_email": gettext_lazy("E-mails have no page of attachments."),
}


def words_of(problem: Problem) -> str:
    """Say what is wrong and where, in the active language."""
    what = str(WORDS[problem.code]) % {"detail": problem.detail}
    if not problem.place.words:
        return what
    place = _("Paragraph %(line)d, “%(words)s”: %(what)s")
    return place % {"line": problem.place.line, "words": problem.place.words, "what": what}
