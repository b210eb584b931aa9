"""The template language: Liquid without loops, assignments, includes, and with few filters.

Nothing it prints is ever taken for HTML, its own literals included.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol, TextIO

from liquid import BoundTemplate, Environment, Mode, RenderContext, StrictUndefined
from liquid.builtin import content, illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import case_tag, if_tag, unless_tag

TAGS: Final = frozenset({"if", "unless", "case"})
INNER_TAGS: Final[dict[str, frozenset[str]]] = {
    "if": frozenset({"elsif", "else"}),
    "unless": frozenset({"elsif", "else"}),
    "case": frozenset({"when", "else"}),
}
LONGEST: Final = 100_000  # characters of a source
OUTPUT_LIMIT: Final = 200_000


class Writer(Protocol):
    """Takes what each output statement prints and answers what is written in its place."""

    def __call__(self, statement: str, value: str, *, blank: bool) -> str:
        """Return HTML for ``value`` (text) of ``statement``; ``blank`` where there is none."""


class Context(RenderContext):
    """A render context that knows its writer."""

    __slots__ = ("writer",)
    writer: Writer


class Statement(OutputNode):
    """``{{ … }}``: its value goes through the writer, whatever it says of its own safety."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the value."""
        value = self.expression.evaluate(context)
        text = _text(value)
        assert isinstance(context, Context)  # noqa: S101 (ours are the only ones)
        return buffer.write(context.writer(str(self.expression), text, blank=not text))


class StatementTag(Output):
    """Makes our statements of ``{{ … }}``."""

    node_class = Statement


class Template(BoundTemplate):
    """A parsed template."""

    context_class = Context

    def write(self, values: dict[str, Any], writer: Writer) -> str:
        """Return the output with ``values``, each printed by ``writer``."""
        context = Context(self, globals=self.make_globals(values))
        context.writer = writer
        buffer = self._get_buffer()
        self.render_with_context(context, buffer)
        return buffer.getvalue()


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return " ".join(str.__str__(value).split())
        case int() | float():
            return str(value)
    msg = f"a letter prints text and numbers, not {type(value).__name__}"
    raise TypeError(msg)


def _upcase(value: object) -> str:
    return _text(value).upper()


def _downcase(value: object) -> str:
    return _text(value).lower()


def _capitalize(value: object) -> str:
    text = _text(value)
    return text[:1].upper() + text[1:]


def _default(value: object, other: object = "") -> object:
    return other if value is None or value == "" else value


FILTERS: Final[dict[str, Callable[..., object]]] = {
    "capitalize": _capitalize,
    "default": _default,
    "downcase": _downcase,
    "upcase": _upcase,
}


class Language(Environment):
    """What templates are parsed with: strict, limited, closed."""

    template_class = Template
    block_nesting_limit = 10
    context_depth_limit = 10
    loop_iteration_limit = 1000
    local_namespace_limit = 100_000
    output_stream_limit = OUTPUT_LIMIT

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002
        """Register what is allowed and nothing else."""
        for tag in (
            content.Literal,
            StatementTag,
            illegal.Illegal,
            if_tag.IfTag,
            unless_tag.UnlessTag,
            case_tag.CaseTag,
        ):
            self.add_tag(tag)
        self.filters = dict(FILTERS)


LANGUAGE: Final = Language(
    tolerance=Mode.STRICT, undefined=StrictUndefined, strict_filters=True, autoescape=True
)
