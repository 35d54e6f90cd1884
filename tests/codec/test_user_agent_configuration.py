"""The configuration document for user agents, to the byte."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.client_services import ClientService
from stalwart.codec.user_agent_configuration import configuration_document, configuration_record

NAMES = ("caldav", "carddav", "imap", "jmap", "managesieve", "pop3", "smtp", "webdav")
HOST = "mail.example.org"
EXAMPLE = (
    b'{"protocols":{"jmap":{"url":"https://mail.example.org/jmap/session"},"imap":{"host":"mail.example.org"},'
    b'"pop3":{"host":"mail.example.org"},"smtp":{"host":"mail.example.org"},'
    b'"caldav":{"url":"https://mail.example.org/dav/cal/"},"carddav":{"url":"https://mail.example.org/dav/card/"},'
    b'"webdav":{"url":"https://mail.example.org/dav/file/"},"managesieve":{"host":"mail.example.org"}},'
    b'"authentication":{"oauth-public":{"issuer":"https://mail.example.org"},"password":true},'
    b'"info":{"provider":{"name":"Stalwart"}}}'
)


def made(names: tuple[str, ...] = NAMES, **texts: str) -> bytes:
    services = [ClientService(name, HOST, f"https://{HOST}", True) for name in names]
    return configuration_document(services, f"https://{HOST}", texts)


def info(**texts: str) -> Any:
    return json.loads(made((), **texts))["info"]


class DocumentTests(SynchronousTestCase):
    def test_example_of_the_specification(self) -> None:
        self.assertEqual(made(), EXAMPLE)

    def test_order_of_the_settings_does_not_matter(self) -> None:
        self.assertEqual(made(NAMES[::-1]), EXAMPLE)

    def test_what_is_not_announced_is_left_out(self) -> None:
        self.assertEqual(list(json.loads(made(("smtp", "jmap")))["protocols"]), ["jmap", "smtp"])

    def test_texts_of_the_provider(self) -> None:
        found = info(
            providerName="Ex",
            providerShortName="E",
            userDocumentation="https://ex.test/u",
            developerDocumentation="https://ex.test/d",
            contactUri="mailto:help@ex.test",
            logoUrl="https://ex.test/logo.SVG?v=1",
            logoWidth="64",
            logoHeight="32",
        )
        logo = {"url": "https://ex.test/logo.SVG?v=1", "content-type": "image/svg+xml", "width": 64, "height": 32}
        self.assertEqual(found["provider"], {"name": "Ex", "shortName": "E", "logo": [logo]})
        self.assertEqual(
            list(found["help"].values()), ["https://ex.test/u", "https://ex.test/d", ["mailto:help@ex.test"]]
        )
        self.assertEqual(list(found["help"]), ["documentation", "developer", "contact"])

    def test_logo_of_unknown_kind_and_sizes_that_are_none(self) -> None:
        found = info(logoUrl="https://ex.test/logo", logoWidth="wide", logoHeight="²")
        self.assertEqual(found["provider"]["logo"], [{"url": "https://ex.test/logo", "content-type": ""}])

    def test_record_has_the_digest_of_the_bytes(self) -> None:
        digest = base64.b64encode(hashlib.sha256(EXAMPLE).digest()).decode()
        self.assertEqual(configuration_record(EXAMPLE), f"v=UAAC1; a=sha256; d={digest}")
