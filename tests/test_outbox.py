"""What leaves the house, against a real mail server and a real web server."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from postbox import Postbox, open_postbox

from warehouse import outbox
from warehouse.outbox import File, Mail, Refused, Undelivered, Unreachable, Webhook


@pytest.fixture
def box() -> Iterator[Postbox]:
    with open_postbox() as box:
        yield box


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, which nobody else vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now().astimezone()
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(host, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    path.write_bytes(key.private_bytes(pem, *plain) + made.public_bytes(pem))
    return path


@pytest.fixture
def locked(certificate: Path) -> Iterator[Postbox]:
    """A mail server that takes nothing in clear and nothing without a password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with open_postbox(context) as box:
        yield box


def knocking(box: Postbox, password: str) -> Mail:
    return replace(box.mail, security="starttls", user="guidepost", password=password)


# E-mail ----------------------------------------------------------------------------------------
def test_text_html_pictures_and_files_arrive_whole(box: Postbox) -> None:
    chart, report = (
        File("trend.png", b"\x89PNG", "image/png"),
        File("七月.pdf", b"%PDF", "application/pdf"),
    )
    outbox.send(
        box.mail, ["lin@example.com", "wang@example.com"], "销售\r\nBcc: x@a.b", "See below.",
        '<p>Up</p><img src="cid:trend.png">', [report], [chart],
    )  # fmt: skip
    (to, letter), *others = box.letters
    assert not others and to == ["lin@example.com", "wang@example.com"]
    assert (letter["From"], letter["Bcc"]) == ("guidepost@example.com", None)
    assert letter["Subject"] == "销售 Bcc: x@a.b"
    parts = {part.get_content_type(): part for part in letter.walk() if not part.is_multipart()}
    assert parts["text/plain"].get_content().strip() == "See below."
    assert "cid:trend.png" in parts["text/html"].get_content()
    assert parts["image/png"]["Content-ID"] == "<trend.png>"
    assert parts["image/png"].get_content() == b"\x89PNG"
    assert parts["application/pdf"].get_filename() == "七月.pdf"
    assert parts["application/pdf"].get_content() == b"%PDF"


def test_who_cannot_be_reached_is_named_and_the_others_have_the_message(box: Postbox) -> None:
    with pytest.raises(Refused, match=r"refuses to deliver to gone@nowhere.example"):
        outbox.send(box.mail, ["lin@example.com", "gone@nowhere.example"], "Hello", "You.")
    assert box.texts == [(["lin@example.com"], "You.")]
    with pytest.raises(Refused, match=r"gone@nowhere.example"):
        outbox.send(box.mail, ["gone@nowhere.example"], "Hello", "You.")


def test_a_server_that_is_not_there_is_told_with_the_cure(box: Postbox) -> None:
    nobody = replace(box.mail, port=9)
    with pytest.raises(Unreachable, match=r"127.0.0.1:9 cannot be used \(.*\); check \[mail\]"):
        outbox.send(nobody, ["lin@example.com"], "Hello", "You.")
    with pytest.raises(Unreachable, match=r"add .mail. to the file of GUIDEPOST_CONFIG"):
        outbox.send(None, ["lin@example.com"], "Hello", "You.")


def test_mail_goes_encrypted_and_with_a_password_where_that_is_asked_for(
    locked: Postbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    outbox.send(knocking(locked, "open sesame"), ["lin@example.com"], "Hello", "You.")
    assert locked.texts == [(["lin@example.com"], "You.")]
    with pytest.raises(Unreachable, match=r"does not let guidepost in; correct mail.user") as error:
        outbox.send(knocking(locked, "open barley"), ["lin@example.com"], "Hello", "You.")
    assert "barley" not in str(error.value) and "barley" not in repr(knocking(locked, "barley"))


def test_a_server_nobody_vouches_for_gets_no_password(locked: Postbox) -> None:
    with pytest.raises(Unreachable, match="certificate"):
        outbox.send(knocking(locked, "open sesame"), ["lin@example.com"], "Hello", "You.")


# Webhook ---------------------------------------------------------------------------------------
def test_a_webhook_gets_subject_and_text_as_json(box: Postbox) -> None:
    outbox.post(box.webhook, "Late", "pos_sales\n")
    assert box.posted == [{"subject": "Late", "text": "pos_sales\n"}]


def test_a_webhook_may_want_a_body_of_its_own(box: Postbox) -> None:
    body = {"msgtype": "text", "text": {"content": "{subject}: {text}", "at": ["{x}"]}, "n": 1}
    outbox.post(Webhook(box.webhook.address, body), "{text}", "a {subject}")
    text = {"content": "{text}: a {subject}", "at": ["{x}"]}
    assert box.posted == [{"msgtype": "text", "text": text, "n": 1}]


@pytest.mark.parametrize(("status", "answer", "told"), [
    (500, b"", "HTTP 500"),
    (302, b"", "HTTP 302"),
    (200, b'{"errcode": 93000, "errmsg": "invalid webhook url"}', "errcode 93000"),
    (200, b'{"code": 19001}', "code 19001"),
])  # fmt: skip
def test_a_webhook_that_says_no_is_told_without_its_address(
    box: Postbox, status: int, answer: bytes, told: str
) -> None:
    box.status, box.answer = status, answer
    with pytest.raises(Undelivered, match=f"the webhook at 127.0.0.1 answers {told}") as error:
        outbox.post(box.webhook, "Late", "pos_sales")
    assert "a-secret" not in str(error.value) + repr(box.webhook)


@pytest.mark.parametrize("answer", [b"", b"ok", b"[]", b'{"errcode": 0}', b'{"code": 200}'])
def test_a_webhook_that_answers_anything_else_took_the_message(box: Postbox, answer: bytes) -> None:
    box.answer = answer
    outbox.post(box.webhook, "Late", "pos_sales")
    assert len(box.posted) == 1


def test_a_webhook_that_is_not_there_is_told(box: Postbox) -> None:
    with pytest.raises(
        Unreachable, match=r"127.0.0.1 cannot be reached .*; check GUIDEPOST_WEBHOOK"
    ):
        outbox.post(Webhook("http://127.0.0.1:9/a-secret"), "Late", "pos_sales")
