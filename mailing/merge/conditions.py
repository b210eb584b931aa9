"""Conditions as their form makes them: a field, an operator and a value, never free code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .fields import Kind

# Operator -> kinds of fields that it can be asked of; the value is needed unless in NO_VALUE.
OPERATORS: Final[Mapping[str, frozenset[Kind]]] = {
    "is": frozenset(Kind),
    "is_not": frozenset(Kind),
    "filled": frozenset({Kind.TEXT, Kind.NUMBER}),
    "empty": frozenset({Kind.TEXT, Kind.NUMBER}),
    "contains": frozenset({Kind.TEXT}),
    "greater": frozenset({Kind.NUMBER}),
    "less": frozenset({Kind.NUMBER}),
}
NO_VALUE: Final = frozenset({"filled", "empty"})
PATH: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_UNSAYABLE = re.compile(r"\{\{|\}\}|\{%|%\}|\"[^']*'|'[^\"]*\"")


class ConditionError(ValueError):
    """The condition can't be asked; ``fault`` says why."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Condition:
    """Something asked of a field."""

    field: str
    operator: str
    value: str = ""

    def expression(self, kind: Kind = Kind.TEXT) -> str:
        """Return what stands behind ``if`` in Liquid.

        Raises:
            ConditionError: the field is no name, the operator does not fit the kind, the value is
                missing, no number, or can't be written in Liquid.
        """
        if not PATH.fullmatch(self.field):
            raise ConditionError(fault="unknown_field")
        if kind not in OPERATORS.get(self.operator, ()):
            raise ConditionError(fault="bad_operator")
        if self.operator in NO_VALUE:
            return self.field if self.operator == "filled" else f"{self.field} == nil"
        value = self._literal(kind)
        match self.operator:
            case "is":
                return f"{self.field} == {value}"
            case "is_not":
                return f"{self.field} != {value}"
            case "contains":
                return f"{self.field} contains {value}"
        # What is not known is neither greater nor less.
        sign = ">" if self.operator == "greater" else "<"
        return f"{self.field} != nil and {self.field} {sign} {value}"

    def _literal(self, kind: Kind) -> str:
        value = " ".join(self.value.split())
        if not value:
            raise ConditionError(fault="value_missing")
        if kind is Kind.NUMBER:
            if not _NUMBER.fullmatch(value):
                raise ConditionError(fault="not_a_number")
            return value
        if _UNSAYABLE.search(value):
            raise ConditionError(fault="bad_value")
        return f"'{value}'" if '"' in value else f'"{value}"'
