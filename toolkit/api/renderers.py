"""Formats of answers beside JSON."""

from typing import Any

from rest_framework.renderers import BaseRenderer

from toolkit.exports import PDF


class XmlRenderer(BaseRenderer):
    """Makes ``Accept: application/xml`` a format that can be asked for; the view writes it."""

    media_type = "application/xml"
    format = "xml"
    charset = None
    render_style = "binary"

    def render(self, data: Any, *_args: Any, **_kwargs: Any) -> Any:  # noqa: ANN401 (bytes)
        """Hand on what is XML already."""
        return data


class PdfRenderer(BaseRenderer):
    """Makes ``Accept: application/pdf`` a format that can be asked for; the view writes it."""

    media_type = PDF
    format = "pdf"
    charset = None
    render_style = "binary"

    def render(self, data: Any, *_args: Any, **_kwargs: Any) -> Any:  # noqa: ANN401 (bytes)
        """Hand on what is a PDF already."""
        return data
