"""Merging letters, pure: texts with fields become HTML, addresses become lines.

Knows no Django and no database: what goes in are texts and plain dicts.
"""

from .addresses import PostalAddress, duplicate_key, missing_parts, postal_lines
from .checking import check, check_line
from .compiling import Place, Problem, TextInvalidError, to_liquid
from .conditions import NO_VALUE, OPERATORS, Condition, ConditionError
from .dates import long_date
from .fields import (
    CATALOGUE,
    GROUPS,
    Field,
    Kind,
    blank_fields,
    by_path,
    example_fields,
    fields_for,
    grouped,
)
from .rendering import (
    MergeError,
    Shape,
    fields_in_line,
    fields_named,
    missing_fields,
    missing_in_line,
    pictures_named,
    render,
    render_line,
    shape,
    shape_line,
)
from .sanitising import sanitise
from .texts import plain_text, readable

__all__ = [
    "CATALOGUE",
    "GROUPS",
    "NO_VALUE",
    "OPERATORS",
    "Condition",
    "ConditionError",
    "Field",
    "Kind",
    "MergeError",
    "Place",
    "PostalAddress",
    "Problem",
    "Shape",
    "TextInvalidError",
    "blank_fields",
    "by_path",
    "check",
    "check_line",
    "duplicate_key",
    "example_fields",
    "fields_for",
    "fields_in_line",
    "fields_named",
    "grouped",
    "long_date",
    "missing_fields",
    "missing_in_line",
    "missing_parts",
    "pictures_named",
    "plain_text",
    "postal_lines",
    "readable",
    "render",
    "render_line",
    "sanitise",
    "shape",
    "shape_line",
    "to_liquid",
]
