"""The way to the mail server: its address, encryption with a checked certificate, the log-in."""

import datetime as dt
import ipaddress
import ssl

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integration.services import send_due
from tests.mail.messages import NOON, queue, queued
from tests.mail.server import ScriptedServer
from toolkit.env import MailServer, env_numbers, mail_server_from_url

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the file with certificate and key of 127.0.0.1, signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def serve(settings):
    """Start a server with options, and let the portal send there by a scheme and a log-in."""
    servers = []

    def start(scheme="smtp", login="", **options):
        server = ScriptedServer(**options).start()
        servers.append(server)
        known = mail_server_from_url(f"{scheme}://{login}127.0.0.1:{server.port}")
        settings.MAIL_TRANSPORT = settings.MAIL_TRANSPORTS["smtp"]
        settings.EMAIL_HOST, settings.EMAIL_PORT = known.host, known.port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = known.user, known.password
        settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = known.starttls, known.tls
        settings.EMAIL_TIMEOUT = 5
        return server

    yield start
    for server in servers:
        server.stop()


def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def only_ana(_server, _session, _envelope, _mechanism, data):
    is_known = (data.login, data.password) == (b"ana", b"p@ss/word")
    return AuthResult(success=is_known, handled=False)  # the server itself answers


@pytest.mark.parametrize(
    ("scheme", "option"), [("smtp+tls", "tls_context"), ("smtps", "ssl_context")]
)
def test_encrypted_and_only_with_a_certificate_that_is_trusted(
    serve, certificate, monkeypatch, scheme, option
):
    server = serve(scheme, **{option: tls(certificate)})
    row = queue("ana@example.es")
    send_due(now=NOON, worker="tests")
    assert (queued(row).state, queued(row).attempts) == ("queued", 0)
    assert "certificate" in queued(row).last_answer
    assert not server.received

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    later = NOON + dt.timedelta(minutes=2)
    assert send_due(now=later, worker="tests").sent == 1
    assert len(server.received) == 1


def test_a_server_that_speaks_no_tls_gets_nothing_in_clear(serve):
    server = serve("smtp+tls")
    row = queue("ana@example.es")
    send_due(now=NOON, worker="tests")
    assert queued(row).state == "queued"
    assert "STARTTLS" in queued(row).last_answer
    assert not server.received


def test_logged_in_and_never_with_the_password_on_a_screen(serve, caplog):
    options = {"authenticator": only_ana, "auth_require_tls": False}
    server = serve(login="ana:wr0ng@", **options)
    row = queue("ana@example.es")
    send_due(now=NOON, worker="tests")
    assert (queued(row).state, queued(row).attempts) == ("queued", 0)
    assert queued(row).last_answer.startswith("535")
    assert "wr0ng" not in queued(row).last_answer + caplog.text
    assert not server.received

    server = serve(login="ana:p%40ss%2Fword@", **options)
    assert send_due(now=NOON + dt.timedelta(minutes=2), worker="tests").sent == 1
    assert len(server.received) == 1


def test_the_address_of_a_server():
    assert mail_server_from_url("") == MailServer()
    assert mail_server_from_url("smtp://mail.example") == MailServer("mail.example", 25)
    assert mail_server_from_url("smtp+tls://a%40b:c%2Fd@mail.example") == MailServer(
        "mail.example", 587, "a@b", "c/d", starttls=True
    )
    assert mail_server_from_url("smtps://mail.example:4650") == MailServer(
        "mail.example", 4650, tls=True
    )
    for wrong in ("mail.example:25", "http://mail.example", "smtp://"):
        with pytest.raises(ValueError, match="EMAIL_URL"):
            mail_server_from_url(wrong)


def test_limits_of_domains_are_read(monkeypatch):
    monkeypatch.setenv("LIMITS", "Gmail.com=120, outlook.com = 60")
    assert env_numbers("LIMITS") == {"gmail.com": 120, "outlook.com": 60}
    assert env_numbers("NOTHING") == {}
    monkeypatch.setenv("LIMITS", "gmail.com=many")
    with pytest.raises(ValueError, match="many"):
        env_numbers("LIMITS")
