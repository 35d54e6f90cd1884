"""``/form`` over the wire: what is read, what is counted, what is answered to programs and to browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.web_form import Field, FormReader
from stalwart.config.network.http_form import HttpForm
from stalwart.errors import Unavailable
from stalwart.mail.contact_form import FormRefused, HoneyPot, Sheet
from stalwart.site import form, pages
from stalwart.web.limits import Limits
from tests.web.client import Response, Server, request_bytes, serve
from tests.web.fakes import EPOCH, FakeSettings

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
BROWSER = {**URLENCODED, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROBLEM = "application/problem+json"
ON = {"enable": True, "deliverTo": {"alice@example.test": True}}


class FormSettings(FakeSettings):
    """With x:HttpForm."""

    form = HttpForm()

    def of(self, kind: type) -> Any:
        return self.form if kind is HttpForm else super().of(kind)


class Taker:
    """In place of ``ContactForm``."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self.problem: Exception | None = None

    async def fields(self, reader: FormReader, octets: int) -> list[Field]:
        return reader.finish()

    async def take(self, sheet: Sheet) -> None:
        self.sheets.append(sheet)
        if self.problem is not None:
            raise self.problem


class FormCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.settings, self.taker = FormSettings(), Taker()
        self.rules(**ON)
        clock = Clock()
        clock.advance(EPOCH)
        services = {
            "settings": self.settings,
            "contact_form": self.taker,
            "limits": Limits(),
            "clock": clock,
            "assets": pages.site_assets(),
        }
        routes = [form.form, form.form_options, pages.asset]
        self.server: Server = serve(routes, services, settings=self.settings, clock=clock)

    def rules(self, **wire: Any) -> None:
        self.settings.form = HttpForm.from_wire({**ON, **wire})

    def post(self, body: bytes = b"a=1", headers: Mapping[str, str] = URLENCODED, **more: Any) -> Response:
        return self.server.request("POST", "/form", headers, body, **more)


class ProgramTests(FormCase):
    def test_a_form_is_taken(self) -> None:
        answer = self.post(b"a=1&b=x+y")
        self.assertEqual(answer.body, b'{"data":{"details":null,"success":true}}')
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/json; charset=utf-8"))
        (sheet,) = self.taker.sheets
        self.assertEqual((sheet.fields, sheet.client_ip), ([("a", "1"), ("b", "x y")], "198.51.100.7"))
        self.assertEqual(sheet.client_port, 40000)

    def test_multipart(self) -> None:
        body = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n1\r\n--x--\r\n'
        self.assertEqual(self.post(body, {"Content-Type": "multipart/form-data; boundary=x"}).status, 200)
        self.assertEqual(self.taker.sheets[0].fields, [("a", "1")])

    def test_a_refusal(self) -> None:
        self.taker.problem = FormRefused("Empty form")
        answer = self.post()
        self.assertEqual((answer.status, answer.body), (400, b'{"data":{"details":"Empty form","success":false}}'))

    def test_what_cannot_be_read(self) -> None:
        for headers, body in (
            ({}, b"a=1"),
            ({"Content-Type": "nonsense"}, b"a=1"),
            (URLENCODED, b"a=" + b"x" * 102_400),
            (URLENCODED, b"&".join([b"a=1"] * 10_000)),
            ({"Content-Type": "multipart/form-data; boundary=x"}, b"a=1"),
        ):
            answer = self.post(body, headers)
            self.assertEqual((answer.status, answer.headers["content-type"]), (400, PROBLEM), body[:10])
            self.assertEqual(answer.json()["detail"], "Invalid post request")
        self.assertEqual(self.taker.sheets, [])

    def test_a_long_body_is_refused_while_it_comes(self) -> None:
        connected = self.server.connect()
        chunked = {**URLENCODED, "Transfer-Encoding": "chunked"}
        connected.send(request_bytes("POST", "/form", chunked))
        for _ in range(3):
            connected.send(b"9000\r\n" + b"a" * 0x9000 + b"\r\n")
        self.assertEqual(connected.response().json()["detail"], "Invalid post request")

    def test_the_trap(self) -> None:
        self.taker.problem = HoneyPot()
        answer = self.post()
        self.assertEqual((answer.status, answer.json()["detail"]), (400, "Honey pot field present"))
        self.rules(honeyPotSilent=True)
        self.assertEqual(self.post().json(), {"data": {"details": None, "success": True}})

    def test_rate(self) -> None:
        self.rules(rateLimit={"count": 2, "period": 3_600_000})
        self.assertEqual(self.post(b"a=1", {}).status, 400)  # what cannot be read is not counted
        self.assertEqual([self.post().status for _ in range(3)], [200, 200, 429])
        answer = self.post()
        self.assertEqual(answer.headers["content-type"], PROBLEM)
        self.assertFalse({"retry-after", "ratelimit", "ratelimit-policy"} & answer.headers.keys())
        self.assertEqual(self.post(host="198.51.100.8").status, 200)
        self.assertEqual({self.post(host="127.0.0.1").status for _ in range(5)}, {200})
        self.rules(rateLimit=None)
        self.assertEqual(self.post().status, 200)
        self.server.clock.advance(3600)
        self.rules(rateLimit={"count": 1, "period": 3_600_000})
        self.assertEqual(self.post().status, 200)

    def test_requests_of_strangers_are_counted_first(self) -> None:
        self.settings.change(Http={"rateLimitAnonymous": {"count": 1, "period": 60_000}})
        self.post(b"a=1", {})
        self.assertEqual(self.post(b"a=1", {}).status, 429)

    def test_methods(self) -> None:
        answer = self.server.request("OPTIONS", "/form")
        self.assertEqual((answer.status, answer.headers["allow"]), (204, "OPTIONS, POST"))
        self.assertEqual(self.server.request("GET", "/form").status, 405)
        self.settings.form = HttpForm()
        self.assertEqual({self.server.request(method, "/form").status for method in ("OPTIONS", "POST")}, {404})

    def test_faults_are_problems(self) -> None:
        self.taker.problem = Unavailable("later")
        answer = self.post()
        self.assertEqual((answer.status, answer.headers["content-type"]), (503, PROBLEM))


class BrowserTests(FormCase):
    def test_pages(self) -> None:
        answer = self.post(headers={**BROWSER, "Referer": "https://shop.test/contact?a=%22&b"})
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn(b"Your message was sent.", answer.body)
        self.assertIn(b'<a href="https://shop.test/contact?a=%22&amp;b">', answer.body)
        self.assertIn(b'name="viewport"', answer.body)
        self.assertIn("default-src 'none'", answer.headers["content-security-policy"])
        self.assertIn("no-store", answer.headers["cache-control"])
        self.taker.problem = FormRefused('No <b> "x"')
        answer = self.post(headers={**BROWSER, "Referer": "javascript:alert(1)"})
        self.assertEqual(answer.status, 400)
        self.assertIn(b"No &lt;b&gt; &quot;x&quot;", answer.body)
        self.assertNotIn(b'href="java', answer.body)
        self.assertIn(b'role="alert"', answer.body)

    def test_its_style_is_there(self) -> None:
        answer = self.server.request("GET", "/assets/form.css")
        self.assertEqual(answer.status, 200)
        self.assertIn(b"prefers-color-scheme: dark", answer.body)

    def test_redirects(self) -> None:
        self.rules(redirectOk="https://shop.test/thanks", redirectFailed="/sorry")
        answer = self.post(headers=BROWSER)
        self.assertEqual((answer.status, answer.headers["location"]), (303, "https://shop.test/thanks"))
        self.taker.problem = FormRefused("Empty form")
        self.assertEqual(self.post(headers=BROWSER).headers["location"], "/sorry")
        self.taker.problem = HoneyPot()
        self.assertEqual(self.post(headers=BROWSER).headers["location"], "/sorry")
        self.rules(redirectOk="/thanks", honeyPotSilent=True)
        self.assertEqual(self.post(headers=BROWSER).headers["location"], "/thanks")

    def test_what_else_goes_wrong_is_a_page_too(self) -> None:
        self.rules(rateLimit={"count": 1, "period": 60_000})
        self.assertEqual([self.post(headers=BROWSER).status for _ in range(2)], [200, 429])
        answer = self.post(b"x" * 200_000, BROWSER)
        self.assertEqual((answer.status, answer.headers["content-type"]), (400, "text/html; charset=utf-8"))
        self.taker.problem = HoneyPot()
        self.assertEqual(self.post(headers=BROWSER, host="198.51.100.8").status, 400)
