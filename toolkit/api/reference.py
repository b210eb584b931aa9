"""The OpenAPI document arranged for people: the same facts, without a script in the browser."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A parameter, or a member of an object."""

    name: str
    type: str
    component: str
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True)
class Answer:
    """One way in which an operation may answer."""

    code: str
    description: str
    component: str


@dataclass(frozen=True)
class Operation:
    """A method on an address."""

    id: str
    method: str
    path: str
    description: str
    parameters: tuple[Field, ...]
    body: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Resource:
    """The operations under one word of the address."""

    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Component:
    """An object of the API and its members, or the values of a choice."""

    name: str
    description: str
    fields: tuple[Field, ...]
    values: tuple[str, ...]


def resources(document: Schema) -> list[Resource]:
    """Return what there is, by the first word of the address."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    return [Resource(name, tuple(operations)) for name, operations in groups.items()]


def components(document: Schema) -> list[Component]:
    """Return all objects, by name."""
    schemas: Schema = document.get("components", {}).get("schemas", {})
    return [
        Component(
            name=name,
            description=schema.get("description", ""),
            fields=tuple(_members(schema)),
            values=tuple(str(value) for value in schema.get("enum", ())),
        )
        for name, schema in sorted(schemas.items())
    ]


def _operation(path: str, method: str, operation: Schema) -> Operation:
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        description=operation.get("description", ""),
        parameters=tuple(
            _field(
                one["name"],
                one["schema"],
                required=one.get("required", False),
                description=one.get("description", ""),
                place=one["in"],
            )
            for one in operation.get("parameters", ())
        ),
        body=_component_in(operation.get("requestBody", {})),
        answers=tuple(
            Answer(code, answer.get("description", ""), _component_in(answer))
            for code, answer in sorted(operation["responses"].items())
        ),
    )


def _component_in(part: Schema) -> str:
    """Return the name of the object that a body holds, "" for none and for files."""
    for content in part.get("content", {}).values():
        return _type(content.get("schema", {}))[1]
    return ""


def _members(schema: Schema) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        yield _field(
            name, member, required=name in required, description=member.get("description", "")
        )


def _field(
    name: str, schema: Schema, *, required: bool, description: str, place: str = ""
) -> Field:
    text, component = _type(schema)
    return Field(name, text, component, required, description, place)


def _type(schema: Schema) -> tuple[str, str]:
    """Return the type in words, and the object that it is (or is a list of), if any."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return name, name
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            parts = [_type(part) for part in schema[several]]
            return " | ".join(text for text, _name in parts), parts[0][1]
    if schema.get("type") == "array":
        text, component = _type(schema.get("items", {}))
        return f"{text}[]", component
    kind = schema.get("type", "any")
    text = " | ".join(kind) if isinstance(kind, list) else str(kind)
    if "format" in schema:
        text += f" ({schema['format']})"
    return text, ""
