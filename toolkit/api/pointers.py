"""Turn the nested errors of serializers into a flat list with JSON pointers (RFC 6901)."""

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from rest_framework.exceptions import ErrorDetail
from rest_framework.settings import api_settings


class PointedError(TypedDict):
    """One thing wrong with the input: where, which kind (stable), and in words."""

    pointer: str
    code: str
    detail: str


def pointed_errors(errors: Any, pointer: str = "") -> list[PointedError]:  # noqa: ANN401 (nested)
    """Flatten ``ValidationError.detail``. The pointer "" is the whole input.

    The ``code`` of a missing field is ``required``, of a wrong choice ``invalid_choice``, and so
    on: Django's and REST framework's own names.
    """
    return list(_walk(errors, pointer))


def _walk(errors: Any, pointer: str) -> Iterator[PointedError]:  # noqa: ANN401 (nested)
    if isinstance(errors, Mapping):
        for key, inner in errors.items():
            yield from _walk(inner, _below(pointer, key))
    elif isinstance(errors, list | tuple):
        for index, inner in enumerate(errors):
            # A list holds either the messages about one value, or the errors of each item.
            yield from _walk(inner, pointer if _is_message(inner) else f"{pointer}/{index}")
    else:
        yield PointedError(
            pointer=pointer,
            code=str(getattr(errors, "code", None) or "invalid"),
            detail=str(errors),
        )


def _is_message(value: object) -> bool:
    return isinstance(value, ErrorDetail | str)


def _below(pointer: str, key: object) -> str:
    if key in {api_settings.NON_FIELD_ERRORS_KEY, "__all__"}:
        return pointer
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
