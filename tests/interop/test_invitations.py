"""Two daemons invite each other over SMTP: what people write into their calendars, and answer there or by a link of the
mail, is in both calendars and in the mail.
"""

from __future__ import annotations

import base64
import email
import email.policy
import re
import time
from email.message import EmailMessage
from functools import cache
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

from twisted.trial.unittest import SkipTest, TestCase

from tests.groupware.scheduling.world import meeting, unfolded
from tests.interop.mail_server import PASSWORD, MailServer
from tests.interop.shared import network, skip_reason

PATIENCE = 60.0


@cache
def servers() -> tuple[MailServer, MailServer]:
    """Those of left.test and of right.test."""
    import atexit

    made = MailServer(network(), "left.test", "alice"), MailServer(network(), "right.test", "bob")
    for each in made:
        atexit.register(each.close)
        each.admin("x:CalendarScheduling/set", {"update": {"singleton": {"autoAddInvitations": True}}})
    return made


class Calendars:
    """The first calendar of the one user of a server, over DAV."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.address = server.login
        self.home = f"/dav/cal/{server.login.replace('@', '%40')}/default/"

    def ask(self, method: str, path: str, body: bytes = b"", **fields: str) -> tuple[int, str]:
        """Status and body."""
        secret = base64.b64encode(f"{self.server.login}:{PASSWORD}".encode()).decode()
        client = self.server.daemon.connection()
        try:
            client.request(method, path, body or None, {"Authorization": f"Basic {secret}", **fields})
            answer = client.getresponse()
            return answer.status, answer.read().decode()
        finally:
            client.close()

    def put(self, path: str, octets: bytes) -> None:
        """Write an event."""
        status, text = self.ask("PUT", path, octets, **{"Content-Type": "text/calendar"})
        assert status in (201, 204), (status, text)

    def path_of(self, uid: str) -> str | None:
        """Where the event with a UID is."""
        _, text = self.ask("PROPFIND", self.home, Depth="1")
        paths = re.findall(r"<D:href>([^<]+\.ics)</D:href>", text)
        return next((path for path in paths if f"UID:{uid}\r\n" in self.read(path)), None)

    def read(self, path: str) -> str:
        """An event, each property in one line."""
        return unfolded(self.ask("GET", path)[1].encode())

    def until(self, uid: str, pattern: str) -> tuple[str, str]:
        """The event, once its text has this: path and text."""
        late, text = time.monotonic() + PATIENCE, ""
        while time.monotonic() < late:
            path = self.path_of(uid)
            if path is not None:
                text = self.read(path)
                if re.search(pattern, text):
                    return path, text
            time.sleep(0.2)
        raise AssertionError(f"{pattern} is not in\n{text}\nthe log:\n{self.server.log[-6000:]}")

    def mail(self, subject: str) -> EmailMessage:
        """A message that comes into the inbox."""
        found = email.message_from_bytes(self.server.wait_for(subject), policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def notices(self) -> str:
        """What stands in the inbox of scheduling."""
        body = b'<D:propfind xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav"><D:prop><A:calendar-data/></D:prop>'
        path = self.home.replace("/cal/", "/itip/").replace("/default/", "/inbox/")
        return self.ask("PROPFIND", path, body + b"</D:propfind>", Depth="1")[1]


def answer_by_link(organizer: MailServer, mail: EmailMessage, answer: str) -> None:
    """Follow a link of a mail, as a browser does, and press the button there."""
    page = mail.get_body(("html",))
    assert page is not None
    urls = [unescape(each) for each in re.findall(r'href="([^"]+)"', page.get_content())]
    url = next(urlsplit(each) for each in urls if f"m={answer}" in each)
    token = parse_qs(url.query)["i"][0]
    client = organizer.daemon.connection()
    try:
        fields = {"Content-Type": "application/x-www-form-urlencoded"}
        client.request("POST", url.path, urlencode({"i": token, "m": answer}), fields)
        reply = client.getresponse()
        text = reply.read().decode()
        assert reply.status == 200 and "recorded" in text, text[-2000:]
    finally:
        client.close()


class InvitationTests(TestCase):
    """Everything is real but the network."""

    def setUp(self) -> None:
        reason = skip_reason("openssl")
        if reason:
            raise SkipTest(reason)
        self.left, self.right = (Calendars(each) for each in servers())

    def test_from_left_to_right(self) -> None:
        self.goes_through(self.left, self.right, "to-right")

    def test_from_right_to_left(self) -> None:
        self.goes_through(self.right, self.left, "to-left")

    def goes_through(self, organizer: Calendars, guest: Calendars, uid: str) -> None:
        """Invitation, answer in the calendar, change, answer by link, cancellation."""
        organizer.ask("PROPFIND", organizer.home, Depth="0")
        path, summary = f"{organizer.home}{uid}.ics", f"Lunch {uid}"
        people = f";PARTSTAT=ACCEPTED:{organizer.address}", f";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:{guest.address}"
        octets = meeting(*people, uid=uid, organizer=organizer.address)
        organizer.put(path, octets.replace(b"SUMMARY:Meeting", f"SUMMARY:{summary}".encode()))
        mail = guest.mail(f"Invitation: {summary}")
        self.assertIn("dmarc=pass", str(mail["Authentication-Results"]))
        self.assertEqual(
            (mail["From"].addresses[0].addr_spec, mail["Auto-Submitted"]), (organizer.address, "auto-generated")
        )
        own, text = guest.until(uid, "SEQUENCE:1")
        self.assertNotIn("METHOD", text)
        self.assertIn("METHOD:REQUEST", guest.notices())

        guest.put(own, text.replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED").encode())
        told = organizer.mail(f"Accepted: {summary}")
        self.assertEqual(told["From"].addresses[0].addr_spec, guest.address)
        of_guest = rf"ATTENDEE;[^\r]*PARTSTAT={{}}[^\r]*mailto:{guest.address}"
        _, text = organizer.until(uid, of_guest.format("ACCEPTED"))
        self.assertIn("SCHEDULE-STATUS=2.0", text)
        self.assertIn("METHOD:REPLY", organizer.notices())

        organizer.put(path, text.replace("SUMMARY:", "LOCATION:Elsewhere\r\nSUMMARY:").encode())
        mail = guest.mail(f"Updated invitation: {summary}")
        _, text = guest.until(uid, "LOCATION:Elsewhere")
        self.assertIn("SEQUENCE:2", text)
        answer_by_link(organizer.server, mail, "TENTATIVE")
        organizer.until(uid, of_guest.format("TENTATIVE"))

        self.assertEqual(organizer.ask("DELETE", path)[0], 204)
        guest.mail(f"Cancelled: {summary}")
        guest.until(uid, "STATUS:CANCELLED")
        self.assertIn("METHOD:CANCEL", guest.notices())
        for each in (organizer, guest):
            self.assertNotIn("Traceback", each.server.log)
