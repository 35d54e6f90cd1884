"""Apple's configuration profile over HTTP: for anybody without, for whoever is signed in with a password."""

from __future__ import annotations

import json
import plistlib

from tests.discovery.server import DiscoveryCase
from tests.web.client import BASIC_ALICE

PATH = "/mail/apple.mobileconfig"


class AppleProfileTests(DiscoveryCase):
    def setUp(self) -> None:
        super().setUp()
        self.announce("caldav", "carddav", "imap", "smtp")

    def test_profile_of_any_address_has_no_password(self) -> None:
        answer = self.ask(f"{PATH}?emailaddress=Jane@Example.test")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/x-apple-aspen-config"))
        self.assertIn('filename="account.mobileconfig"', answer.headers["content-disposition"])
        self.assertIn("no-store", answer.headers["cache-control"])
        read = plistlib.loads(answer.body)
        self.assertEqual(read["PayloadDisplayName"], "jane@example.test")
        self.assertEqual({one["PayloadDisplayName"] for one in read["PayloadContent"]}, {"Mail", "CalDAV", "CardDAV"})
        self.assertNotIn(b"Password</key>", answer.body.replace(b"OutgoingPasswordSameAsIncomingPassword", b""))

    def test_what_is_no_address_is_told(self) -> None:
        for query in ("", "?emailaddress=jane", "?emailaddress=a%00@example.test"):
            self.assert_problem(self.ask(PATH + query), 400)

    def test_password_of_whoever_is_signed_in_is_in_his_own_profile(self) -> None:
        body = json.dumps({"password": "öffne <dich>"}).encode()
        answer = self.ask(PATH, "POST", body, **BASIC_ALICE)
        read = plistlib.loads(answer.body)
        self.assertEqual(read["PayloadDisplayName"], "alice@example.test")
        self.assertEqual({one.get("CalDAVPassword") for one in read["PayloadContent"]}, {None, "öffne <dich>"})
        self.assertIn("no-store", answer.headers["cache-control"])

    def test_strangers_give_no_password(self) -> None:
        self.assert_problem(self.ask(PATH, "POST", b'{"password": "x"}'), 401)

    def test_bad_bodies(self) -> None:
        for body in (b"", b"[]", b"{}", b'{"password": 1}', b'{"password": ""}', b'{"password": "a\\u0000"}'):
            self.assert_problem(self.ask(PATH, "POST", body, **BASIC_ALICE), 400)
        self.assertGreaterEqual(
            self.ask(PATH, "POST", b'{"password": "' + b"x" * 5000 + b'"}', **BASIC_ALICE).status, 400
        )
