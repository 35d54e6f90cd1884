"""Calendars of a real daemon remind by mail, and invitations are answered by the links of theirs, in a browser that
knows no scripts.
"""

from __future__ import annotations

import http.client
import re
import shutil
import time
from collections.abc import Callable
from html import unescape
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.values import time_text
from stalwart.codec.ids import decode_id
from stalwart.codec.sealing import Sealer
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.groupware.scheduling.rsvp import Rsvp
from tests.groupware.scheduling.events import INVITED, octets
from tests.live.daemon import PATIENCE, Daemon, basic, new_folder
from tests.live.people import Administrator
from tests.live.test_submission import Person

KEY = "the key of this test, which is known to both sides"
GUEST = "guest@elsewhere.test"


class RemindersAndAnswersTests(SynchronousTestCase):
    def setUp(self) -> None:
        data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, data.parent, True)
        self.daemon = Daemon.with_data(data)
        self.addCleanup(self.daemon.close)
        administrator = Administrator(self.daemon)
        administrator.change("OidcProvider", {"encryptionKey": {"@type": "Value", "secret": KEY}})
        self.login = administrator.new_user("alice")
        self.alice = Person(self.daemon, *self.login)
        self.alice.begin()
        self.calendar = f"/dav/cal/{self.login[0].replace('@', '%40')}/default"

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], str]:
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        try:
            client.request(method, path, body or None, headers)
            answer = client.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, fields, answer.read().decode()
        finally:
            client.close()

    def keep(self, event: bytes) -> None:
        own = basic(*self.login)
        self.ask("PROPFIND", f"{self.calendar}/", **own)  # which makes the calendar
        status, _, text = self.ask("PUT", f"{self.calendar}/x.ics", event, **own, **{"Content-Type": "text/calendar"})
        self.assertEqual(status, 201, text)

    def until(self, holds: Callable[[], Any]) -> Any:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = holds()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(self.daemon.log[-4000:])

    def test_a_reminder_comes_by_mail(self) -> None:
        at = int(time.time()) + 62
        alarm = "BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT1M\nSUMMARY:Soon\nDESCRIPTION:x\nEND:VALARM"
        self.keep(octets("SUMMARY:Lunch", alarm, start=f"DTSTART:{time_text(at, is_utc=True)}"))
        (mail,) = self.until(self.alice.inbox)
        self.assertTrue(mail["subject"].startswith("Notification: Soon @ "), mail)
        self.assertEqual(mail["from"][0]["name"], "Stalwart Calendar")
        self.assertGreaterEqual(time.time(), at - 60)
        self.assertNotIn("Traceback", self.daemon.log)

    def test_an_invitation_is_answered(self) -> None:
        self.keep(octets("SUMMARY:Lunch", INVITED.replace("alice@example.test", self.login[0])))
        url = urlsplit(self.links()["TENTATIVE"])
        path = f"{url.path}?{url.query}"
        status, headers, page = self.ask("GET", path, **{"Accept-Language": "de-DE"})
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("Kommen Sie?", page)
        self.assertIn("PARTSTAT=NEEDS-ACTION", self.event())
        found = re.search(r'name="i" value="([^"]+)"', page)
        assert found is not None
        form = urlencode({"i": unescape(found[1]), "m": "ACCEPTED"}).encode()
        for _ in range(2):
            status, _, page = self.ask("POST", url.path, form, **{"Content-Type": "application/x-www-form-urlencoded"})
            self.assertEqual(status, 200)
            self.assertIn("<title>Your RSVP has been recorded.</title>", page)
        answered = [line for line in self.event().replace("\r\n ", "").splitlines() if GUEST in line]
        self.assertEqual(len(answered), 1)
        self.assertIn("PARTSTAT=ACCEPTED", answered[0])
        status, headers, text = self.ask("GET", f"{path}&ics=1")
        self.assertEqual((headers["content-type"], "SUMMARY:Lunch" in text), ("text/calendar; charset=utf-8", True))
        self.assertNotIn("Traceback", self.daemon.log)

    def event(self) -> str:
        """The organizer's own copy."""
        return self.ask("GET", f"{self.calendar}/x.ics", **basic(*self.login))[2]

    def links(self) -> dict[str, str]:
        """Those that the mail to the guest has."""
        sealer = Sealer(SimpleNamespace(text=KEY))
        clock: Any = SimpleNamespace(seconds=time.time)
        settings: Any = SimpleNamespace(of=lambda kind: CalendarScheduling())
        nothing: Any = None
        rsvp = Rsvp(nothing, settings, sealer, nothing, self.daemon.url, clock)
        return rsvp.links_for(decode_id(self.alice.account), "lunch-1", GUEST) or {}
