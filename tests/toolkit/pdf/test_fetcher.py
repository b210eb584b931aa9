"""What users write reads no file, calls no server and stalls nobody."""

import io
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pikepdf
import pytest

from bench import paper
from toolkit.pdf import compile_template, render_pdf

pytestmark = pytest.mark.pango


@pytest.fixture
def calls():
    """The address of a server, and what it is asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def evil(server: str, secret: str) -> str:
    named = "".join(
        tag.format(f"{server}/{at}")
        for at, tag in enumerate(
            (
                "<img src='{}'>",
                "<object data='{}'></object>",
                "<embed src='{}'>",
                "<iframe src='{}'></iframe>",
                "<svg width=9 height=9><image href='{}' width=5 height=5 /></svg>",
                "<svg width=9 height=9><use href='{}#a'/></svg>",
                "<input type=image src='{}'>",
                "<p style='background: url({})'>x</p>",
                "<link rel=stylesheet href='{}'>",
                "<style>@import url('{}');</style>",
                "<style>@font-face {{ font-family: x; src: url('{}') }}</style>",
            )
        )
    )
    return (
        f'<html><head><base href="file:///etc/"><link rel=attachment href="{secret}"></head>'
        f'<body><p style="font-family: x">[a]<a rel=attachment href="{secret}">x</a></p>'
        f'<img src="{secret}"><img src="hostname">{named}'
    )


@pytest.mark.parametrize("way", ["render_pdf", "template"])
def test_no_file_and_no_server_is_read(way, calls, tmp_path):
    server, asked = calls
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    html = evil(server, secret.as_uri())
    if way == "render_pdf":
        pdf = render_pdf(html)
    else:
        template = compile_template(paper.slotted(html), samples=[{"a": "x"}])
        pdf = template.pdf({"a": "y"})
    assert asked == []
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert not document.attachments
        assert b"the secret" not in b"".join(
            thing.read_bytes() for thing in document.objects if isinstance(thing, pikepdf.Stream)
        )


def test_text_behind_what_is_taken_out_stays():
    template = compile_template("<p>uno<iframe></iframe>dos</p><style>x</style>tres", plain=True)
    page = template.stationery.page(template.html({}))
    assert "".join(page.etree_element.itertext()).split() == ["unodostres"]


def test_nested_flexible_boxes_and_grids_cost_nothing():
    bomb = '<div style="color: red; display: flex">' * 12 + "x"
    grid = '<div style="display:GRID;grid-template-columns:1fr 1fr">' * 12 + "x"
    began = time.process_time()
    render_pdf(bomb + grid)
    assert time.process_time() - began < 2


def test_assets_are_known_by_name_and_data_images_are_read():
    pixel = paper.invoice_code(1)
    assert b"/Subtype /Image" in render_pdf("<img src='asset:a'>", images={"a": pixel})
    assert b"/Subtype /Image" not in render_pdf("<img src='asset:b'>", images={"a": pixel})
