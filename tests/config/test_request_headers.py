"""Header fields with credentials: none, Basic, Bearer, from wherever they are kept."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.kept_text import Unreadable
from stalwart.config.monitoring.webhook import WebHook
from stalwart.config.request_headers import headers_of, is_on_disk

VARIABLE = "STALWART_TEST_TOKEN"


def auth(**wire: Any) -> Any:
    """x:HttpAuth as a web hook has it."""
    made: Any = WebHook.from_wire({"url": "https://hook.example.test/", "httpAuth": wire})
    return made.http_auth


def bearer(place: dict[str, str]) -> Any:
    return auth(**{"@type": "Bearer", "bearerToken": place})


class HeadersTests(SynchronousTestCase):
    def test_no_credentials(self) -> None:
        self.assertEqual(headers_of(auth(**{"@type": "Unauthenticated"}), {"A": "b"}), {"A": "b"})
        self.assertEqual(headers_of(None, {}), {})

    def test_basic_replaces_what_else_was_said(self) -> None:
        given = auth(**{"@type": "Basic", "username": "é", "secret": {"@type": "Value", "secret": "p:w"}})
        wanted = "Basic " + b64encode("é:p:w".encode()).decode()
        self.assertEqual(headers_of(given, {"authorization": "x", "A": "b"}), {"A": "b", "Authorization": wanted})
        self.assertFalse(is_on_disk(given))

    def test_bearer_from_the_environment(self) -> None:
        given = bearer({"@type": "EnvironmentVariable", "variableName": VARIABLE})
        self.assertRaises(Unreadable, headers_of, given, {})
        self.patch(os, "environ", {VARIABLE: "token"})
        self.assertEqual(headers_of(given, {}), {"Authorization": "Bearer token"})
        for unusable in ("to\r\nken", "töken", ""):
            self.patch(os, "environ", {VARIABLE: unusable})
            self.assertRaises(Unreadable, headers_of, given, {})

    def test_file_is_for_threads(self) -> None:
        path = self.mktemp()
        given = bearer({"@type": "File", "filePath": os.path.abspath(path)})
        self.assertTrue(is_on_disk(given))
        self.assertRaises(Unreadable, headers_of, given, {})
        with open(path, "w") as file:
            file.write("token\n")
        self.assertEqual(headers_of(given, {}), {"Authorization": "Bearer token"})

    def test_nobody_is_nowhere(self) -> None:
        self.assertEqual([is_on_disk(each) for each in (None, auth(**{"@type": "Unauthenticated"}))], [False, False])
