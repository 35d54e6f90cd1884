"""Profiles of Apple's devices, read back as property lists."""

from __future__ import annotations

import plistlib
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.apple_profile import apple_profile
from stalwart.codec.client_services import ClientService

ORIGIN = "https://mail.example.test"
ADDRESS = "jane@example.test"


def services(*names: str, origin: str = ORIGIN) -> list[ClientService]:
    return [ClientService(name, "mail.example.test", origin) for name in names]


def payloads(*names: str, password: str | None = None, origin: str = ORIGIN) -> dict[str, dict[str, Any]]:
    read = plistlib.loads(apple_profile(services(*names, origin=origin), ADDRESS, origin, password))
    return {one["PayloadType"]: one for one in read["PayloadContent"]}


class ProfileTests(SynchronousTestCase):
    def test_calendars_and_contacts_are_at_the_place_that_is_announced(self) -> None:
        found = payloads("caldav", "carddav", "jmap", "smtp")
        self.assertEqual(list(found), ["com.apple.caldav.account", "com.apple.carddav.account"])
        calendars = found["com.apple.caldav.account"]
        place = [calendars[f"CalDAV{name}"] for name in ("HostName", "Port", "UseSSL", "PrincipalURL", "Username")]
        self.assertEqual(place, ["mail.example.test", 443, True, "/dav/cal/", ADDRESS])
        self.assertNotIn("CalDAVPassword", calendars)

    def test_port_and_scheme_of_another_origin(self) -> None:
        found = payloads("carddav", origin="http://localhost:8080")["com.apple.carddav.account"]
        place = [found[f"CardDAV{name}"] for name in ("HostName", "Port", "UseSSL")]
        self.assertEqual(place, ["localhost", 8080, False])

    def test_mail_wants_a_place_to_read_and_one_to_send(self) -> None:
        self.assertEqual(payloads("smtp"), {})
        self.assertEqual(payloads("imap"), {})
        mail = payloads("imap", "pop3", "smtp")["com.apple.mail.managed"]
        self.assertEqual((mail["EmailAccountType"], mail["IncomingMailServerPortNumber"]), ("EmailTypeIMAP", 993))
        self.assertEqual((mail["OutgoingMailServerPortNumber"], mail["OutgoingMailServerUseSSL"]), (465, True))
        self.assertEqual(payloads("pop3", "smtp")["com.apple.mail.managed"]["EmailAccountType"], "EmailTypePOP")

    def test_password_is_where_it_is_needed(self) -> None:
        secret = "a <b> & c"
        found = payloads("imap", "smtp", "caldav", "carddav", password=secret)
        members = {name for one in found.values() for name, value in one.items() if value == secret}
        self.assertEqual(members, {"IncomingPassword", "OutgoingPassword", "CalDAVPassword", "CardDAVPassword"})

    def test_profile_is_the_same_each_time_and_another_for_others(self) -> None:
        def of(address: str, origin: str = ORIGIN) -> bytes:
            return apple_profile(services("caldav", "carddav"), address, origin)

        self.assertEqual(of(ADDRESS), of(ADDRESS))
        uuids = set()
        for profile in (of(ADDRESS), of("joe@example.test"), of(ADDRESS, "https://other.test")):
            read = plistlib.loads(profile)
            uuids |= {one["PayloadUUID"] for one in (read, *read["PayloadContent"])}
        self.assertEqual(len(uuids), 9)

    def test_text_that_no_property_list_can_hold_is_refused(self) -> None:
        self.assertRaises(ValueError, apple_profile, services("caldav"), ADDRESS, ORIGIN, "a\x00b")
