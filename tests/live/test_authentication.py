"""Whose mail it is, by a real daemon with a name server: what is sent is signed, what comes is checked, forgeries are
refused where the settings are strict.
"""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim.keys import read_signing_key
from stalwart.codec.dkim.signing import Signer, sign
from stalwart.codec.dkim.verifying import KeyRecords
from tests.codec.dkim.signed_mail import key_record, results, verify
from tests.codec.pem import key, pem
from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.lmtp_client import MailClient
from tests.live.mail_store import stored_emails
from tests.live.people import Administrator
from tests.live.test_submission import Person
from tests.net.fake_dns import LoopbackNameServer

ZONE: dict[tuple[str, str], Any] = {
    ("sender.test", "TXT"): ["v=spf1 ip4:127.0.0.1 -all"],
    ("other.test", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"],
    ("_dmarc.sender.test", "TXT"): ["v=DMARC1; p=reject"],
    ("_dmarc.other.test", "TXT"): ["v=DMARC1; p=reject"],
    ("ed25519._domainkey.sender.test", "TXT"): [key_record("ed25519")],
    ("1.0.0.127.in-addr.arpa", "PTR"): ["mail.sender.test."],
    ("mail.sender.test", "A"): ["127.0.0.1"],
}


class Names:
    """A name server in a thread."""

    def __init__(self) -> None:
        self._answers = LoopbackNameServer(None, ZONE).answers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(4096)
            if data == b"end":
                self._socket.close()
                return
            for answer in self._answers(data, "udp"):
                self._socket.sendto(answer, peer)

    def close(self) -> None:
        """Serve no more."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", ("127.0.0.1", self.port))
        self._thread.join(PATIENCE)


def message(author: str, *, signed: bool = False) -> bytes:
    """A message of ``author``, signed for sender.test."""
    octets = (
        f"From: {author}\r\nTo: alice@example.org\r\nSubject: Hi\r\nMessage-ID: <{author}>\r\n\r\nHello\r\n".encode()
    )
    if not signed:
        return octets
    signer = Signer(read_signing_key(pem(key("ed25519"))), "sender.test", "ed25519")
    return sign([octets], [signer], int(time.time())) + octets


class AuthenticationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.names = Names()
        self.addCleanup(self.names.close)
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        ports = [word for name in ("--http", "--smtp") for word in (name, "tcp:0:interface=127.0.0.1")]
        self.daemon = Daemon.with_data(self.data, *ports)
        self.addCleanup(self.daemon.close)
        self.smtp = int(self.daemon.wait_for(re.compile(r"listening smtp 127\.0\.0\.1:(\d+)"))[1])
        self.administrator = Administrator(self.daemon)
        self.alice, self.bob = (self.administrator.new_user(name) for name in ("alice", "bob"))
        server = {"address": "127.0.0.1", "port": self.names.port, "protocol": "udp"}
        self.administrator.change("DnsResolver", {"@type": "Custom", "servers": {"0": server}})

    def until(self, holds: Callable[[], Any]) -> Any:
        """What ``holds`` answers when it is something."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = holds()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(self.daemon.log[-4000:])

    def deliver(self, sender: str, octets: bytes) -> tuple[int, str]:
        """Give a message to alice by SMTP; what is answered in the end."""
        client = MailClient(self.smtp, hello="EHLO mail.sender.test")
        try:
            return client.deliver(sender, ["alice@example.org"], octets, lmtp=False)[-1]
        finally:
            client.close()

    def stored(self) -> list[bytes]:
        """What is there when the daemon has ended."""
        self.daemon.terminate()
        return [each.octets for each in stored_emails(self.data)]

    def test_mail_that_comes(self) -> None:
        self.assertEqual(self.deliver("a@sender.test", message("a@sender.test", signed=True))[0], 250)
        self.assertEqual(self.deliver("a@other.test", message("boss@other.test"))[0], 250)
        self.administrator.change("SenderAuth", {"dmarcVerify": {"match": {}, "else": "strict"}})
        code, text = self.deliver("b@other.test", message("chief@other.test"))
        self.assertEqual((code, text[:5]), (550, "5.7.1"))
        self.assertEqual(self.deliver("b@sender.test", message("b@sender.test"))[0], 250)
        found = {author: octets for octets in self.stored() for author in re.findall(rb"From: (.*)\r", octets)}
        self.assertEqual(set(found), {b"a@sender.test", b"b@sender.test", b"boss@other.test"})
        good, forged = found[b"a@sender.test"], found[b"boss@other.test"]
        for method in (b"spf=pass smtp.mailfrom=a@sender.test", b"dkim=pass", b"dmarc=pass", b"iprev=pass"):
            self.assertIn(b"\r\n\t" + method, good)
        self.assertIn(b"\r\nReceived-SPF: pass ", good)
        for method in (b"spf=fail", b"dkim=none", b"dmarc=fail (p=reject) header.from=other.test policy.dmarc=reject"):
            self.assertIn(b"\r\n\t" + method, forged)

    def test_mail_that_is_sent(self) -> None:
        def keys() -> dict[str, KeyRecords]:
            found = self.administrator.call("x:DkimSignature/get", {"ids": None})["list"]
            return {
                f"{each['selector']}._domainkey.example.org": KeyRecords(
                    (f"k={'rsa' if 'Rsa' in each['@type'] else 'ed25519'}; p={each['publicKey']}",)
                )
                for each in found
            }

        known = self.until(lambda: len(found := keys()) == 2 and found)
        sender, receiver = Person(self.daemon, *self.alice), Person(self.daemon, *self.bob)
        sender.begin()
        receiver.begin()
        sender.send("bob@example.org", "Signed")
        self.until(receiver.inbox)
        self.until(sender.inbox)
        arrived = [each for each in self.stored() if each.startswith(b"Return-Path")]
        self.assertEqual(len(arrived), 2)
        for octets in arrived:
            self.assertEqual(results(verify(octets, known, now=time.time())), ["pass", "pass"], octets)
