"""Read one token of Liquid on its own: what it names, and what is wrong with it."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from liquid import BoundTemplate, Node, RenderContext
from liquid.builtin.expressions import FilteredExpression, Path, logical, primitive
from liquid.exceptions import LiquidError
from liquid.expression import Expression

from .conditions import PATH
from .fields import CATALOGUE, Kind, by_path
from .language import FILTERS, LANGUAGE

_KNOWN: Final = by_path(CATALOGUE)
_ALLOWED = (
    FilteredExpression,
    Path,
    logical.BooleanExpression,
    logical.LogicalAndExpression,
    logical.LogicalOrExpression,
    logical.EqExpression,
    logical.NeExpression,
    logical.ContainsExpression,
    logical.LtExpression,
    logical.LeExpression,
    logical.GtExpression,
    logical.GeExpression,
    primitive.StringLiteral,
    primitive.IntegerLiteral,
    primitive.FloatLiteral,
    primitive.TrueLiteral,
    primitive.FalseLiteral,
    primitive.Nil,
    primitive.Blank,
    primitive.Empty,
)
_ORDER = (
    logical.LtExpression,
    logical.LeExpression,
    logical.GtExpression,
    logical.GeExpression,
)
_ARGUMENTS = {"default": 1}

Fault = tuple[str, str]  # code, detail


def kind_of(path: str) -> Kind:
    """Return what can be asked of a field; what the catalogue does not know is text."""
    return _KNOWN[path].kind if path in _KNOWN else Kind.TEXT


def read(token: str, source: str) -> tuple[list[str], list[Fault]]:
    """Return the fields that ``token`` names, and its faults; ``source`` makes it a whole text."""
    try:
        template = LANGUAGE.from_string(source)
        found = template.analyze(include_partials=False)
    except LiquidError:
        return [], [("syntax", token)]
    names = [str(each) for variables in found.variables.values() for each in variables]
    faults = [("unknown_field", name) for name in names if not PATH.fullmatch(name)]
    # A filter that is not there parses all the same.
    faults += [("unknown_filter", name) for name in found.filters if name not in FILTERS]
    faults += [(code, token) for each in _expressions(template) if (code := _fault(each))]
    return [name for name in names if PATH.fullmatch(name)], faults


def _expressions(template: BoundTemplate) -> Iterator[Expression]:
    context = RenderContext(template)
    nodes: list[Node] = list(template.nodes)
    waiting: list[Expression] = []
    while nodes:
        node = nodes.pop()
        waiting += node.expressions()
        nodes += node.children(context, include_partials=False)
    while waiting:
        expression = waiting.pop()
        if type(expression).__name__ != "_AnyExpression":  # the values behind `when`
            yield expression
        waiting += expression.children()


def _fault(expression: Expression) -> str:
    """Answer what is wrong with an expression: ranges and the like are nothing for a letter."""
    if not isinstance(expression, _ALLOWED):
        return "forbidden_expression"
    if isinstance(expression, FilteredExpression):
        return _fault_of_filters(expression.filters or ())
    if isinstance(expression, _ORDER) and not all(map(_is_number, expression.children())):
        return "bad_comparison"
    if isinstance(expression, logical.ContainsExpression) and not all(
        map(_is_text, expression.children())
    ):
        return "bad_comparison"
    return ""


def _fault_of_filters(filters: Iterable[Any]) -> str:
    for each in filters:
        if each.name in FILTERS and len(each.args) != _ARGUMENTS.get(each.name, 0):
            return "bad_filter_use"
    return ""


def _is_number(side: Expression) -> bool:
    if isinstance(side, Path):
        return kind_of(str(side)) is Kind.NUMBER
    return isinstance(side, primitive.IntegerLiteral | primitive.FloatLiteral)


def _is_text(side: Expression) -> bool:
    if isinstance(side, Path):
        return kind_of(str(side)) is not Kind.NUMBER
    return isinstance(side, primitive.StringLiteral)
