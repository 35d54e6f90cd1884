"""The opening handshake: which requests are one, and what the others are told (RFC 6455 4.2, RFC 8887 3)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.answers import Answer, WebSocket, text_answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route
from stalwart.web.websocket_handshake import accept_of, read_handshake
from tests.web.client import BASIC_ALICE, Response, request_bytes, serve
from tests.web.socket_client import FIELDS


@route("GET", "/socket", needs="authenticated", spec="test")
async def socket(exchange: Exchange) -> WebSocket | Answer:
    found = read_handshake(exchange, "jmap")
    return found if isinstance(found, Answer) else text_answer(f"{found.accept} {found.protocol}")


class HandshakeTests(SynchronousTestCase):
    """The answer says what was read."""

    def ask(self, *missing: str, body: bytes = b"", version: str = "1.1", **fields: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        given = {name: value for name, value in (FIELDS | BASIC_ALICE | named).items() if name not in missing}
        connected = serve([socket]).connect()
        data = request_bytes("GET", "/socket", given, body)
        connected.send(data.replace(b"HTTP/1.1", f"HTTP/{version}".encode(), 1))
        return connected.response()

    def refused(self, *missing: str, **given: str) -> str:
        response = self.ask(*missing, **given)
        self.assertEqual((response.status, response.headers["content-type"]), (400, "application/problem+json"))
        return str(response.json()["detail"])

    def test_the_example_of_the_rfc(self) -> None:
        self.assertEqual(accept_of("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        self.assertEqual(self.ask().body, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo= None")

    def test_the_subprotocol_is_one_of_those_that_are_offered(self) -> None:
        for offered in ("jmap", "other, jmap", "jmap,other"):
            self.assertTrue(self.ask(Sec_WebSocket_Protocol=offered).body.endswith(b" jmap"), offered)

    def test_other_subprotocols_only_are_refused(self) -> None:
        for offered in ("JMAP", "other", "jmapx", ""):
            self.assertIn("subprotocol", self.refused(Sec_WebSocket_Protocol=offered))

    def test_names_of_the_upgrade_in_any_case_and_among_others(self) -> None:
        self.assertEqual(self.ask(Upgrade="WebSocket, h2c", Connection="close, UPGRADE").status, 200)

    def test_a_request_that_asks_for_no_upgrade(self) -> None:
        for missing in ("Upgrade", "Connection"):
            self.assertIn("upgrade", self.refused(missing))

    def test_another_version_is_told_which_one_there_is(self) -> None:
        response = self.ask(Sec_WebSocket_Version="8")
        self.assertEqual((response.status, response.headers["sec-websocket-version"]), (426, "13"))
        self.assertIn("Version", self.refused("Sec-WebSocket-Version"))

    def test_a_key_that_is_none(self) -> None:
        for key in ("", "x", "dGhlIHNhbXBsZSBub25jZ", "AAAA", "é"):
            self.assertIn("16 octets", self.refused(Sec_WebSocket_Key=key))
        self.assertIn("16 octets", self.refused("Sec-WebSocket-Key"))

    def test_a_body(self) -> None:
        response = self.ask(body=b"x")
        self.assertEqual((response.status, response.json()["detail"]), (400, "A request for a WebSocket has no body."))

    def test_another_version_of_http(self) -> None:
        connection = {"Connection": "Upgrade"}
        self.assertEqual(self.ask(version="1.0", **connection).status, 400)
