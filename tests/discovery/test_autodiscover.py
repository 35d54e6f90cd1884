"""Autodiscover over HTTP: both versions, every spelling, and what is refused."""

from __future__ import annotations

from stalwart.discovery import autodiscover
from tests.codec.test_autodiscover import LAUGHS, REQUEST, inside
from tests.discovery.server import BASE, DiscoveryCase
from tests.web.client import Response

XML_PATH = "/autodiscover/autodiscover.xml"
JSON_PATH = "/autodiscover/autodiscover.json"
UNREADABLE = "Failed to parse autodiscover request"
NO_DOMAIN = "Missing domain in email address"
FOUND = f'{{"Protocol":"AutodiscoverV1","Url":"{BASE}/autodiscover/autodiscover.xml"}}'.encode()
INVALID = b"""{"ErrorCode":"InvalidProtocol","ErrorMessage":"The given protocol value '%s' is invalid. \
Supported values are 'AutodiscoverV1'"}"""


class VersionOneTests(DiscoveryCase):
    def post(self, body: str | bytes, path: str = XML_PATH, **headers: str) -> Response:
        return self.ask(path, "POST", body if isinstance(body, bytes) else body.encode(), **headers)

    def test_settings_for_an_address(self) -> None:
        self.announce()
        answer = self.post(REQUEST)
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/xml; charset=utf-8"))
        for text in (
            b"<LoginName>jane@example.org</LoginName>",
            b"<Server>mail.example.test</Server>",
            b"<Port>465</Port>",
        ):
            self.assertIn(text, answer.body)

    def test_spellings_of_the_path(self) -> None:
        for path in (
            "/Autodiscover/Autodiscover.xml",
            "/AutoDiscover/AUTODISCOVER.XML",
            "/autodiscover/AutoDiscover.Xml",
        ):
            self.assertEqual(self.post(REQUEST, path).status, 200, path)
        for path in (
            "/AUTODISCOVER/autodiscover.xml",
            "/autodiscover/autodiscover.svc",
            "/autodiscover/",
            "/autodiscover",
        ):
            self.assert_problem(self.post(REQUEST, path), 404)
        self.assert_problem(self.post(REQUEST, XML_PATH + "/x"), 404)

    def test_content_type_does_not_matter(self) -> None:
        self.assertEqual(self.post(REQUEST, **{"Content-Type": "application/json"}).status, 200)

    def test_what_cannot_be_read(self) -> None:
        bomb = f'<!DOCTYPE a [<!ENTITY l0 "x">{LAUGHS}]>' + inside("<EMailAddress>&l9;@x</EMailAddress>")
        bad = inside("<EMailAddress>a b@example.org</EMailAddress>")
        for body in ("", "x", "{}", bomb, bad, inside("<EMailAddress>jane</EMailAddress>"), b"\xff\xfe\x00"):
            answer = self.post(body)
            self.assert_problem(answer, 400, UNREADABLE)
            self.assertEqual(answer.json()["title"], "Invalid parameters")

    def test_8192_bytes_are_read_and_8193_are_not(self) -> None:
        longest = REQUEST + " " * (8192 - len(REQUEST))
        self.assertEqual(self.post(longest).status, 200)
        self.assert_problem(self.post(longest + " "), 413)
        connected = self.server.connect()
        head = f"POST {XML_PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connected.send(head.encode() + f"2001\r\n{longest} \r\n0\r\n\r\n".encode())
        self.assert_problem(connected.response(), 413)

    def test_markup_in_an_address_is_escaped(self) -> None:
        answer = self.post(inside('<EMailAddress>"&lt;x>&amp;"@example.org</EMailAddress>'))
        self.assertIn(b'<DisplayName>"&lt;x&gt;&amp;"@example.org</DisplayName>', answer.body)

    def test_get_says_how_to_ask(self) -> None:
        for method in ("GET", "HEAD", "PUT"):
            answer = self.ask(XML_PATH, method)
            self.assertEqual((answer.status, answer.headers["allow"]), (405, "OPTIONS, POST"), method)
        self.assert_problem(
            self.ask(XML_PATH), 405, "Autodiscover is asked with POST and an XML document that names the address."
        )
        answer = self.ask(XML_PATH, "OPTIONS")
        self.assertEqual((answer.status, answer.headers["allow"]), (204, "OPTIONS, POST"))

    def test_limit_of_strangers_applies(self) -> None:
        self.server.settings.change(Http={"rateLimitAnonymous": {"count": 2, "period": 60_000}})
        self.assertEqual([self.post(REQUEST).status for _ in range(3)], [200, 200, 429])


class VersionTwoTests(DiscoveryCase):
    def found(self, path: str, method: str = "GET") -> None:
        answer = self.ask(path, method)
        self.assertEqual(
            (answer.status, answer.headers["content-type"]), (200, "application/json; charset=utf-8"), path
        )
        self.assertEqual(answer.body, FOUND)

    def test_where_version_one_is(self) -> None:
        self.found(f"{JSON_PATH}?Email=jane@example.test&Protocol=AutodiscoverV1")
        self.found(f"{JSON_PATH}/v1.0/jane%40example.test?Protocol=autodiscoverv1")
        self.found(f"{JSON_PATH}/jane@nowhere.test/x@?Protocol=AUTODISCOVERV1&Email=x")
        self.found("/Autodiscover/Autodiscover.JSON/v1.0/jane@example.test?Protocol=AutodiscoverV1", "POST")

    def test_no_address(self) -> None:
        for rest in (
            "",
            "?Protocol=AutodiscoverV1",
            "?Email=jane",
            "?Email=jane@",
            "?email=jane@x",
            "/v1.0/jane",
            "/jane%40",
        ):
            self.assert_problem(self.ask(JSON_PATH + rest), 400, NO_DOMAIN)

    def test_other_protocols_are_named_without_marks(self) -> None:
        for protocol, shown in (("ActiveSync", b"ActiveSync"), ("a%22%3Cb%3E%00%27", b"ab"), ("", b"")):
            answer = self.ask(f"{JSON_PATH}?Email=jane@example.test&Protocol={protocol}")
            self.assertEqual((answer.status, answer.headers["content-type"]), (400, "application/json; charset=utf-8"))
            self.assertEqual(answer.body, INVALID % shown)
        self.assertEqual(self.ask(f"{JSON_PATH}?Email=jane@example.test").body, INVALID % b"")

    def test_the_document_is_all_there_is(self) -> None:
        self.assert_problem(self.ask("/autodiscover/other.json/v1.0/jane@example.test"), 404)
        self.assertEqual(autodiscover.autodiscover.body_limit, 8192)
