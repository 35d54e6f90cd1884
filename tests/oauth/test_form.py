"""Tests ``stalwart.oauth.form`` and ``stalwart.oauth.answers``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import StalwartError, Unauthenticated, Unavailable
from stalwart.oauth.answers import in_oauth_words, oauth_answer
from stalwart.oauth.form import BASIC, client_of, needed, read_form, read_lists
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import Client
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route
from tests.web.client import Response, Server

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class CountingDirectory:
    """Counts failures and waits for nobody."""

    async def count_failure(self, reason: str, client_ip: str, login: str = "") -> StalwartError:
        COUNTED.append(client_ip)
        return Unauthenticated()


COUNTED: list[str] = []
COUNTING: Any = CountingDirectory()


class FakeClients:
    """``public`` and ``confidential``, whose secret is ``s:e c/ret``."""

    async def find(self, client_id: str) -> Client | None:
        known = {"public": None, "confidential": "hash"}
        return Client(client_id, "registered", secret=known[client_id]) if client_id in known else None

    async def authenticate(self, client: Client, secret: str | None) -> None:
        if secret != "s:e c/ret":
            raise OAuthError("invalid_client", "The secret is wrong.", status=401)


@route("POST", "/form", needs=None, spec="test")
@in_oauth_words
async def echo(exchange: Exchange) -> Answer:
    """The form."""
    return oauth_answer({"form": await read_form(exchange)})


@route("POST", "/lists", needs=None, spec="test")
@in_oauth_words
async def lists(exchange: Exchange) -> Answer:
    """The form with all resources."""
    return oauth_answer(await read_lists(exchange))


@route("POST", "/client", needs=None, spec="test")
@in_oauth_words
async def who(exchange: Exchange) -> Answer:
    """The client."""
    form = await read_form(exchange)
    clients: Any = FakeClients()
    return oauth_answer({"client": (await client_of(exchange, form, clients, COUNTING)).id})


@route("POST", "/busy", needs=None, spec="test")
@in_oauth_words
async def busy(exchange: Exchange) -> Answer:
    """Nobody can answer."""
    needed(await read_form(exchange), "must")
    raise Unavailable("The store is busy; try again.")


class FormTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.server = Server([echo, lists, who, busy])

    def post(self, path: str, body: str | bytes, headers: dict[str, str] = FORM) -> Response:
        content = body.encode() if isinstance(body, str) else body
        return self.server.request("POST", path, headers=headers, body=content)

    def refused(self, answer: Response, error: str, status: int = 400) -> str:
        self.assertEqual((answer.status, answer.json()["error"]), (status, error))
        self.assertIn("no-store", answer.headers["cache-control"])
        return str(answer.json()["error_description"])

    def test_parameters_without_a_value_are_left_out(self) -> None:
        self.assertEqual(self.post("/form", "a=1&b=&c=x%20y").json(), {"form": {"a": "1", "c": "x y"}})

    def test_a_repeated_parameter_is_refused_unless_it_is_a_resource(self) -> None:
        self.assertIn("code", self.refused(self.post("/form", "code=1&code=2"), "invalid_request"))
        self.assertEqual(self.post("/lists", "resource=1&resource=2").json(), {"resource": ["1", "2"]})

    def test_the_body_must_be_a_form(self) -> None:
        for kind in ("application/json", "text/plain", ""):
            self.refused(self.post("/form", "a=1", {"Content-Type": kind} if kind else {}), "invalid_request")

    def test_a_multipart_form_is_read(self) -> None:
        body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx y\r\n--b--\r\n'
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        self.assertEqual(self.post("/form", body, kind).json(), {"form": {"a": "x y"}})

    def test_damaged_forms_are_refused(self) -> None:
        for body in (b"a=%ff", b"\xff=1", "&".join(f"a{n}=1" for n in range(100)).encode()):
            self.refused(self.post("/form", body), "invalid_request")
        for body in (b"--b\r\n\r\nno name\r\n--b--", b"", b"\xff\xfe"):
            answer = self.post("/form", body, {"Content-Type": "multipart/form-data; boundary=b"})
            self.assertIn(answer.status, (200, 400))

    def test_nothing_is_nested(self) -> None:
        body = b"".join(b"--%d\r\nContent-Type: multipart/mixed;boundary=%d\r\n\r\n" % (n, n + 1) for n in range(300))
        self.refused(self.post("/form", body, {"Content-Type": "multipart/form-data; boundary=0"}), "invalid_request")

    def test_a_long_form_is_refused(self) -> None:
        self.refused(self.post("/form", "a=" + "x" * 20_000), "invalid_request", 413)

    def test_a_missing_parameter_is_named(self) -> None:
        self.assertIn("must", self.refused(self.post("/busy", "a=1"), "invalid_request"))

    def test_a_busy_server_says_so_in_the_words_of_oauth(self) -> None:
        self.refused(self.post("/busy", "must=1"), "temporarily_unavailable", 503)

    def test_a_public_client_names_itself(self) -> None:
        self.assertEqual(self.post("/client", "client_id=public").json(), {"client": "public"})
        self.refused(self.post("/client", "a=1"), "invalid_request")
        answer = self.post("/client", "client_id=nobody")
        self.refused(answer, "invalid_client", 401)
        self.assertEqual(answer.headers["www-authenticate"], BASIC)

    def test_a_confidential_client_proves_itself_in_the_body_or_the_header(self) -> None:
        body = urlencode({"client_id": "confidential", "client_secret": "s:e c/ret"})
        self.assertEqual(self.post("/client", body).json(), {"client": "confidential"})
        self.refused(self.post("/client", "client_id=confidential"), "invalid_client", 401)
        COUNTED.clear()
        self.refused(self.post("/client", "client_id=confidential&client_secret=x"), "invalid_client", 401)
        self.assertEqual(COUNTED, ["198.51.100.7"])
        header = {**FORM, "Authorization": "Basic Y29uZmlkZW50aWFsOnMlM0FlK2MlMkZyZXQ="}
        self.assertEqual(self.post("/client", "a=1", header).json(), {"client": "confidential"})

    def test_two_ways_at_once_are_refused(self) -> None:
        header = {**FORM, "Authorization": "Basic Y29uZmlkZW50aWFsOnMlM0FlK2MlMkZyZXQ="}
        self.refused(self.post("/client", "client_secret=x", header), "invalid_request")
        self.refused(self.post("/client", "client_id=public", header), "invalid_request")

    def test_credentials_that_cannot_be_read(self) -> None:
        for value in ("Basic !!", "Basic YQ==", "Basic /w=="):
            self.refused(self.post("/client", "a=1", {**FORM, "Authorization": value}), "invalid_client", 401)
