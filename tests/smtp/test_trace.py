"""Fields that are put before a message."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.message_head import read_head
from stalwart.smtp.envelope import Envelope, Peer, Recipient
from stalwart.smtp.limits import Limits
from stalwart.smtp.role import MX
from stalwart.smtp.trace import Additions, completing_fields, received_field
from tests.mail.post_office import path_of

NOON = 1_800_014_400.0
WANTED = Additions(date=True, message_id=True)


class TraceTests(SynchronousTestCase):
    def setUp(self) -> None:
        peer = Peer(MX, Limits(), remote_ip="192.0.2.1", hello="a.test", hostname="mx.example.test")
        self.envelope = Envelope(peer, path_of("a@a.test"), recipients=[Recipient(path_of("b@example.test"))])

    def fields(self, head: bytes, wanted: Additions = WANTED) -> bytes:
        return completing_fields(self.envelope, read_head(head + b"\r\n"), wanted, NOON)

    def test_what_is_lacking(self) -> None:
        found = self.fields(b"Subject: x\r\n")
        self.assertRegex(
            found, rb"^Date: Fri, 15 Jan 2027 12:00:00 \+0000\r\nMessage-ID: <[0-9a-f]{32}@mx\.example\.test>\r\n$"
        )
        self.assertNotEqual(found, self.fields(b"Subject: x\r\n"))

    def test_what_is_there(self) -> None:
        self.assertEqual(self.fields(b"date: x\r\nMESSAGE-ID:\r\n <1@a>\r\n"), b"")
        self.assertTrue(self.fields(b"Message-ID: <1@a>\r\n").startswith(b"Date: "))
        self.assertTrue(self.fields(b"Date: x\r\n").startswith(b"Message-ID: "))

    def test_what_is_not_wanted(self) -> None:
        self.assertEqual(self.fields(b"Subject: x\r\n", Additions()), b"")

    def test_received(self) -> None:
        field = received_field(self.envelope, NOON).replace(b"\r\n\t", b" ")
        self.assertIn(b"from a.test ([192.0.2.1]) by mx.example.test", field)
        self.assertIn(b"for <b@example.test>; Fri, 15 Jan 2027 12:00:00 +0000\r\n", field)
        self.envelope.recipients.append(Recipient(path_of("c@example.test")))
        self.assertNotIn(b" for ", received_field(self.envelope, NOON))
