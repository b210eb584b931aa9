"""What a PDF says of itself, and files that it carries: PDF/A-3b with an electronic invoice."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5
from html import escape

from .writer import PdfWriter

PRODUCER = "BPI Portal, WeasyPrint"
_PLAIN = re.compile(r"[ !-'*-\[\]-~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file inside a PDF, the same invoice in another form (relationship ``Alternative``).

    ``changed_at`` is written into the document, so that the same input gives the same bytes.
    ``conformance`` is the Factur-X profile that the XMP declares; empty: none is declared.
    """

    name: str
    content: bytes
    changed_at: dt.datetime
    description: str = ""
    media_type: str = "text/xml"
    conformance: str = "EN 16931"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the document says of itself; ``created_at`` is left out where it is not known."""

    title: str = ""
    authors: Sequence[str] = ()
    language: str = ""
    created_at: dt.datetime | None = None


def finish_plainly(writer: PdfWriter, metadata: Metadata) -> None:
    """Finish a document that is no archive."""
    writer.finish(_language(metadata), _info(metadata))


def finish_archive(
    writer: PdfWriter, metadata: Metadata, output_intents: bytes, attachment: Attachment | None
) -> None:
    """Finish a PDF/A-3b, whose pages and output intent are written already."""
    xmp = writer.add(_stream(_xmp(metadata, attachment), b"/Type/Metadata/Subtype/XML"))
    catalog = b"/Metadata %d 0 R/OutputIntents %s%s" % (xmp, output_intents, _language(metadata))
    if attachment is not None:
        file = _add_file(writer, attachment)
        catalog += b"/AF[%d 0 R]/Names<</EmbeddedFiles<</Names[%s %d 0 R]>>>>" % (
            file,
            _text(attachment.name),
            file,
        )
    writer.finish(catalog, _info(metadata))


def _add_file(writer: PdfWriter, attachment: Attachment) -> int:
    checksum = md5(attachment.content, usedforsecurity=False).hexdigest().encode()
    content = writer.add_stream(
        attachment.content,
        b"/Type/EmbeddedFile/Subtype/%s/Params<</Size %d/CheckSum<%s>/ModDate%s>>"
        % (
            attachment.media_type.replace("/", "#2F").encode(),
            len(attachment.content),
            checksum,
            _moment(attachment.changed_at),
        ),
    )
    name = _text(attachment.name)
    return writer.add(
        b"<</Type/Filespec/AFRelationship/Alternative/F%s/UF%s/Desc%s/EF<</F %d 0 R/UF %d 0 R>>>>"
        % (name, name, _text(attachment.description or attachment.name), content, content)
    )


def _info(metadata: Metadata) -> bytes:
    info = b"/Producer" + _text(PRODUCER)
    if metadata.title:
        info += b"/Title" + _text(metadata.title)
    if metadata.authors:
        info += b"/Author" + _text(", ".join(metadata.authors))
    if metadata.created_at is not None:
        info += b"/CreationDate" + _moment(metadata.created_at)
    return info


def _language(metadata: Metadata) -> bytes:
    return b"/Lang" + _text(metadata.language) if metadata.language else b""


def _text(text: str) -> bytes:
    """Write a text as PDF has it: as it is where it is plain, else in UTF-16."""
    if _PLAIN.fullmatch(text):
        return b"(%s)" % text.encode()
    return b"<FEFF%s>" % text.encode("utf-16-be").hex().encode()


def _moment(moment: dt.datetime) -> bytes:
    return moment.astimezone(dt.UTC).strftime("(D:%Y%m%d%H%M%SZ)").encode()


def _stream(data: bytes, entries: bytes) -> bytes:
    """Write a stream as it is: XMP is to be found without unpacking."""
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(data), data)


def _xmp(metadata: Metadata, attachment: Attachment | None) -> bytes:
    parts = [_PART, f"<pdf:Producer>{escape(PRODUCER)}</pdf:Producer>"]
    if metadata.title:
        title = f'<rdf:li xml:lang="x-default">{escape(metadata.title)}</rdf:li>'
        parts.append(f"<dc:title><rdf:Alt>{title}</rdf:Alt></dc:title>")
    if metadata.authors:
        # One author: the document's information has room for one text only.
        author = escape(", ".join(metadata.authors))
        parts.append(f"<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>")
    if metadata.created_at is not None:
        moment = metadata.created_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        parts.append(f"<xmp:CreateDate>{moment}</xmp:CreateDate>")
    extension = ""
    if attachment is not None and attachment.conformance:
        parts.append(
            "<fx:DocumentType>INVOICE</fx:DocumentType>"
            f"<fx:DocumentFileName>{escape(attachment.name)}</fx:DocumentFileName>"
            "<fx:Version>1.0</fx:Version>"
            f"<fx:ConformanceLevel>{escape(attachment.conformance)}</fx:ConformanceLevel>"
        )
        extension = _EXTENSION
    return _PACKET.format(own="".join(parts), extension=extension).encode()


_PART = "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" \
xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" \
xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" \
xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">{own}</rdf:Description>{extension}\
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def _declared(name: str, description: str) -> str:
    return (
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
    )


# PDF/A allows no property that is not declared. Source: Factur-X 1.07, "PDF/A extension schema".
_EXTENSION = (
    '<rdf:Description rdf:about="" '
    'xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
    "<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
    "</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    "<pdfaSchema:property><rdf:Seq>"
    + _declared("DocumentFileName", "The name of the embedded XML document")
    + _declared("DocumentType", "The type of the hybrid document in capital letters")
    + _declared("Version", "The actual version of the standard applying to the embedded XML")
    + _declared("ConformanceLevel", "The conformance level of the embedded XML document")
    + "</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>"
    "</rdf:Description>"
)
