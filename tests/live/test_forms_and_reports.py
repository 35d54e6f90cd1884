"""A web form and reports of other servers reach a real daemon, over sockets, and are kept over its end."""

from __future__ import annotations

import http.client
import json
import re
import urllib.parse
from typing import Any

from tests.live.daemon import PATIENCE, Daemon
from tests.live.people import Administrator
from tests.live.test_mail_in import ALICE, MailCase
from tests.mail.reports.letters import letters

SITE = {
    "enable": True,
    "deliverTo": {ALICE: True},
    "fieldEmail": "mail",
    "fieldSubject": "what",
    "validateDomain": False,
    "maxSize": 5_000_000,
}


class FormsAndReportsTests(MailCase):
    def post(self, body: bytes, content_type: str, accept: str = "application/json") -> tuple[int, bytes]:
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        try:
            client.request("POST", "/form", body, {"Content-Type": content_type, "Accept": accept})
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def test_a_form_reaches_the_mailbox(self) -> None:
        form = urllib.parse.urlencode({"mail": "jane@shop.test", "what": "Grüße", "text": "Line\r\nLine"}).encode()
        urlencoded = "application/x-www-form-urlencoded"
        self.assertEqual(self.post(form, urlencoded)[0], 404)
        Administrator(self.daemon).change("HttpForm", SITE)
        self.assertEqual(self.post(form, urlencoded), (200, b'{"data":{"details":null,"success":true}}'))
        part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        large = part % (b"mail", b"jane@shop.test") + part % (b"what", b"Large") + part % (b"text", b"y" * 2_000_000)
        status, page = self.post(large + b"--x--\r\n", "multipart/form-data; boundary=x", "text/html")
        self.assertEqual((status, b"Your message was sent." in page), (200, True))
        self.assertEqual(self.post(b"&".join([b"a=b"] * 10_000), urlencoded)[0], 400)
        status, answer = self.post(b"mail=nobody", urlencoded)
        self.assertEqual((status, json.loads(answer)["data"]["success"]), (400, False))
        found = self.ended()
        self.assertEqual([each.account for each in found], [ALICE, ALICE])
        for each in found:
            self.assertTrue(
                each.octets.startswith(b"Return-Path: <jane@shop.test>\r\nFrom: Anonymous <jane@shop.test>")
            )
            self.assertIn(b"Auto-Submitted: auto-generated\r\n", each.octets)

    def test_reports_are_kept(self) -> None:
        root = Administrator(self.daemon)
        (id,) = root.call("x:Domain/query", {"filter": {"name": "example.test"}})["ids"]
        root.change("Domain", {"reportAddressUri": f"mailto:{ALICE}"}, id)
        client = self.client()
        for data in letters().values():
            self.assertEqual([code for code, _ in client.deliver("a@large.test", [ALICE], data, lmtp=False)], [250])
        self.assertEqual(len(self.ended()), 6)
        options = ("--http", "tcp:0:interface=127.0.0.1")
        self.daemon = Daemon.with_data(self.data, *options)
        self.addCleanup(self.daemon.close)
        self.daemon.wait_for(re.compile("Server started"))
        root = Administrator(self.daemon)
        shown = {type: self.shown(root, type) for type in ("DmarcExternalReport", "TlsExternalReport")}
        self.assertEqual(
            {type: len(found) for type, found in shown.items()}, {"DmarcExternalReport": 3, "TlsExternalReport": 3}
        )
        organizations = {each["report"]["reportMetadata"]["orgName"] for each in shown["DmarcExternalReport"]}
        self.assertEqual(organizations, {"large.test", "Office Cloud", "Mail für alle"})
        gone = root.call("x:TlsExternalReport/set", {"destroy": [each["id"] for each in shown["TlsExternalReport"]]})
        self.assertEqual(len(gone["destroyed"]), 3)
        self.assertEqual(self.shown(root, "TlsExternalReport"), [])

    def shown(self, root: Administrator, type: str) -> list[dict[str, Any]]:
        ids = root.call(f"x:{type}/query", {"filter": {"domain": "example.test"}})["ids"]
        found: list[dict[str, Any]] = root.call(f"x:{type}/get", {"ids": ids})["list"]
        return found
