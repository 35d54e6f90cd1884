"""Many clients write one resource at the same moment: each version is replaced once, and no write is lost unseen."""

from __future__ import annotations

import shutil
import socket
from contextlib import ExitStack

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import PATIENCE, Daemon, basic, new_folder
from tests.live.people import Administrator

WRITERS = 20
"""More than an account may have at work at a time by default, so the limit is raised."""
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VEVENT
UID:u
DTSTAMP:20260101T000000Z
DTSTART:20300105T100000Z
SUMMARY:{}
END:VEVENT
END:VCALENDAR
"""
CARD = """BEGIN:VCARD
VERSION:3.0
UID:u
FN:{}
N:{};;;;
END:VCARD
"""
KINDS = (("cal", "default/e.ics", EVENT), ("card", "default/c.vcf", CARD), ("file", "f.txt", "writer {}\n"))


class WritersTests(SynchronousTestCase):
    """An event, a card and a file, each written over twenty connections."""

    def setUp(self) -> None:
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, True)
        self.daemon = Daemon.with_data(data)
        self.addCleanup(self.daemon.close)
        administrator = Administrator(self.daemon)
        administrator.change("Jmap", {"maxConcurrentRequests": 2 * WRITERS})
        login, password = administrator.new_user("writer")
        self.segment = login.replace("@", "%40")
        self.authorization = basic(login, password)["Authorization"]

    def request(self, method: str, path: str, body: str = "", *fields: str) -> bytes:
        head = (f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: {self.authorization}")
        end = ("Connection: close", f"Content-Length: {len(body)}", "", body)
        return "\r\n".join((*head, *fields, *end)).encode()

    def together(self, requests: list[bytes]) -> list[tuple[int, dict[str, str], str]]:
        """The answers, when every connection stands before the last octet of each request is sent."""
        with ExitStack() as stack:
            wires = [
                stack.enter_context(socket.create_connection(("127.0.0.1", self.daemon.port), PATIENCE))
                for _ in requests
            ]
            for wire, each in zip(wires, requests, strict=True):
                wire.sendall(each[:-1])
            for wire, each in zip(wires, requests, strict=True):
                wire.sendall(each[-1:])
            return [self._answer(b"".join(iter(lambda: wire.recv(65536), b""))) for wire in wires]  # noqa: B023

    @staticmethod
    def _answer(received: bytes) -> tuple[int, dict[str, str], str]:
        head, _, body = received.decode().partition("\r\n\r\n")
        status, *lines = head.split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        return int(status.split(" ")[1]), {name.lower(): text for name, text in fields.items()}, body

    def one_wins(self, path: str, body: str, condition: str, expected: int) -> str:
        """Twenty write with the same condition; the ETag of who was first."""
        bodies = [body.replace("{}", f"of {condition[:8]} {n}") for n in range(WRITERS)]
        answers = self.together([self.request("PUT", path, each, condition) for each in bodies])
        statuses = [status for status, _, _ in answers]
        self.assertEqual(sorted(statuses), [expected, *[412] * (WRITERS - 1)], path)
        winner = statuses.index(expected)
        ((status, fields, kept),) = self.together([self.request("GET", path)])
        self.assertEqual((status, kept.replace("\r\n", "\n")), (200, bodies[winner]))
        self.assertEqual(fields["etag"], answers[winner][1]["etag"])
        return fields["etag"]

    def test_of_twenty_writers_who_know_the_same_version_one_wins(self) -> None:
        for service, name, body in KINDS:
            path = f"/dav/{service}/{self.segment}/{name}"
            first = self.one_wins(path, body, "If-None-Match: *", 201)
            second = self.one_wins(path, body, f"If-Match: {first}", 204)
            self.assertNotEqual(first, second)
            self.one_wins(path, body, f'If: (["{second.strip(chr(34))}"])', 204)

    def test_a_version_is_removed_or_replaced(self) -> None:
        for service, name, body in KINDS:
            path = f"/dav/{service}/{self.segment}/{name}"
            etag = self.one_wins(path, body, "If-None-Match: *", 201)
            given = [self.request("PUT", path, body.replace("{}", "x"), f"If-Match: {etag}")] * 2
            given += [self.request("DELETE", path, "", f"If-Match: {etag}")] * 2
            statuses = sorted(status for status, _, _ in self.together(given))
            self.assertEqual(statuses[0], 204)
            self.assertLessEqual(set(statuses[1:]), {404, 412})
