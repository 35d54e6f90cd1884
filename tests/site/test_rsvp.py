"""``/calendar/rsvp`` over the wire: what guests see, in their language, without scripts; and what it records."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.errors import Unavailable
from stalwart.site import pages, rsvp
from stalwart.store.collection_rows import Member
from tests.codec.test_markup import Reading
from tests.groupware.scheduling.events import INVITED, octets
from tests.groupware.scheduling.test_rsvp import RsvpWorld
from tests.web.client import Response, Server

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ROUTES = [rsvp.look, rsvp.look_below, rsvp.send, rsvp.send_below, pages.asset]


class PageCase(RsvpWorld):
    def setUp(self) -> None:
        super().setUp()
        services = {"rsvp": self.rsvp, "assets": pages.site_assets()}
        self.server = Server(ROUTES, services, settings=self.settings, directory=self.directory, clock=self.clock)

    def get(self, path: str = "/calendar/rsvp", headers: dict[str, str] | None = None, **query: str) -> Response:
        return self.server.request("GET", f"{path}?{urlencode({'i': self.token, **query})}", headers or {})

    def post(self, **fields: str) -> Response:
        body = urlencode({"i": self.token, **fields}).encode()
        return self.server.request("POST", "/calendar/rsvp", FORM, body)


def title(answer: Response) -> str:
    found = re.search(r"<title>(.*?)</title>", answer.body.decode())
    assert found is not None
    return unescape(found[1])


def checked(answer: Response) -> list[str | None]:
    tags = Reading(answer.body.decode()).tags
    return [dict(given)["value"] for name, given in tags if name == "input" and "checked" in dict(given)]


class LookTests(PageCase):
    def test_the_event_with_a_form_and_the_answer_of_the_link(self) -> None:
        before = self.stored()[0]
        answer = self.get(m="tentative")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertEqual(answer.headers["cache-control"], "no-store, no-cache, must-revalidate")
        self.assertIn("form-action 'self'", answer.headers["content-security-policy"])
        self.assertEqual(title(answer), "Lunch")
        self.assertEqual(checked(answer), ["TENTATIVE"])
        text = Reading(answer.body.decode()).text
        for told in (
            "Mon Jan 5, 2026 12:00pm (Europe/Berlin)",
            "Alice (alice@example.test)",
            "bob@example.test",
            "none",
        ):
            self.assertIn(told, text)
        self.assertRegex(text, r"Will you come\?\s*Yes\s*No\s*Maybe")
        self.assertNotIn("<script", answer.body.decode())
        self.assertEqual(self.stored()[0], before)

    def test_without_an_answer_the_present_one_is_chosen(self) -> None:
        self.assertEqual(checked(self.get()), [])
        self.post(m="DECLINED")
        self.assertEqual(checked(self.get()), ["DECLINED"])
        self.assertEqual(checked(self.get(m="COMPLETED")), ["DECLINED"])

    def test_language_without_the_country(self) -> None:
        for accepted, expected in (
            ("de-DE,de;q=0.9", "Kommen Sie?"),
            ("ja", "Will you come?"),
            ("fr", "Viendrez-vous ?"),
        ):
            answer = self.get(headers={"Accept-Language": accepted})
            self.assertIn(expected, Reading(answer.body.decode()).text, accepted)

    def test_further_segments_are_ignored(self) -> None:
        self.assertEqual(title(self.get("/calendar/rsvp/a/b")), "Lunch")

    def test_the_event_as_a_file(self) -> None:
        answer = self.get(ics="1")
        self.assertEqual(answer.headers["content-type"], "text/calendar; charset=utf-8")
        self.assertEqual(answer.headers["content-disposition"], 'attachment; filename="event.ics"')
        self.assertIn(b"SUMMARY:Lunch", answer.body)
        self.assertNotIn(b"VALARM", answer.body)

    def test_the_stylesheet_is_there(self) -> None:
        self.assertIn('href="/assets/rsvp.css"', self.get().body.decode())
        self.assertEqual(self.server.request("GET", "/assets/rsvp.css").status, 200)


class HostileTests(PageCase):
    event = octets("SUMMARY:<script>x</script>\u202e", INVITED, "DESCRIPTION:</dd><b>")

    def test_an_event_cannot_write_the_page(self) -> None:
        for answer in (self.get(), self.post(m="ACCEPTED")):
            names = {name for name, _ in Reading(answer.body.decode()).tags}
            self.assertEqual(names & {"script", "b"}, set())
            self.assertNotIn("\u202e", answer.body.decode())


class SendTests(PageCase):
    def test_an_answer_is_recorded(self) -> None:
        answer = self.post(m="ACCEPTED")
        self.assertEqual((answer.status, title(answer)), (200, "Your RSVP has been recorded."))
        self.assertIn("Lunch", answer.body.decode())
        self.assertEqual(checked(answer), ["ACCEPTED"])  # the form is there for another mind
        self.assertIn("PARTSTAT=ACCEPTED;RSVP=TRUE", self.stored()[1])

    def test_the_same_answer_again_is_recorded_too(self) -> None:
        self.post(m="ACCEPTED")
        self.assertEqual(title(self.post(m="accepted")), "Your RSVP has been recorded.")

    def test_refusals_are_pages(self) -> None:
        malformed = "The RSVP request was invalid or malformed.The link may be incomplete"
        cases: list[tuple[dict[str, Any], str]] = [
            ({"i": "xx", "m": "ACCEPTED"}, malformed),
            ({"m": "PERHAPS"}, malformed),
            ({}, malformed),
            (
                {"i": self.token_of(self.item, "eve@x.test"), "m": "ACCEPTED"},
                "You are no longer a participant in this event.",
            ),
            ({"i": self.token_of(99_999), "m": "ACCEPTED"}, "The event you are trying to RSVP to was not found."),
        ]
        for fields, expected in cases:
            answer = self.post(**fields)
            self.assertEqual((answer.status, title(answer)), (200, "Failed to record your RSVP."), expected)
            self.assertIn(expected, Reading(answer.body.decode()).text)

    def test_a_link_ends_by_the_clock(self) -> None:
        self.settle(self.settings.change(CalendarScheduling, {"httpRsvpLinkExpiry": 172_800_000}))
        links = self.rsvp.links_for(self.alice, self.item, "bob@example.test")
        assert links is not None
        url = urlsplit(links["ACCEPTED"])
        (token,) = parse_qs(url.query)["i"]
        form = urlencode({"i": token, "m": "ACCEPTED"}).encode()
        self.clock.advance(2 * 86_400 - 1)
        self.assertEqual(title(self.server.request("GET", f"{url.path}?{url.query}")), "Lunch")
        self.assertEqual(title(self.server.request("POST", url.path, FORM, form)), "Your RSVP has been recorded.")
        kept = self.stored()[1]
        self.assertIn("PARTSTAT=ACCEPTED", kept)
        self.clock.advance(1)
        late = urlencode({"i": token, "m": "DECLINED"}).encode()
        for answer in (
            self.server.request("GET", f"{url.path}?{url.query}"),
            self.server.request("GET", f"{url.path}?{url.query}&ics=1"),
            self.server.request("POST", url.path, FORM, late),
        ):
            self.assertEqual((answer.status, title(answer)), (200, "Failed to record your RSVP."))
            self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
            self.assertIn("The RSVP request was invalid or malformed.", Reading(answer.body.decode()).text)
        self.assertEqual(self.stored()[1], kept)

    def test_what_is_no_form(self) -> None:
        for headers, body in (({}, b""), ({"Content-Type": "nonsense"}, b"x"), (FORM, b"&" * 300)):
            answer = self.server.request("POST", "/calendar/rsvp", headers, body)
            self.assertEqual((answer.status, title(answer)), (200, "Failed to record your RSVP."), body)

    def test_a_store_that_does_not_answer(self) -> None:
        def failing(*given: Any, **more: Any) -> Member:
            raise Unavailable("The disk is full.")

        self.patch(self.objects, "put", failing)
        answer = self.post(m="ACCEPTED")
        self.assertEqual((answer.status, title(answer)), (503, "Failed to record your RSVP."))
        self.assertNotIn("disk", answer.body.decode())

    def test_switched_off_there_is_no_page(self) -> None:
        self.scheduling(httpRsvpEnable=False)
        self.assertEqual((self.get().status, self.post(m="ACCEPTED").status), (404, 404))
        self.scheduling(httpRsvpEnable=True, enable=False)
        self.assertEqual(self.get().status, 404)

    def test_other_methods(self) -> None:
        self.assertEqual(self.server.request("DELETE", "/calendar/rsvp").status, 405)
        self.assertEqual(self.server.request("HEAD", f"/calendar/rsvp?i={self.token}").status, 200)

    def test_requests_of_an_address_are_counted(self) -> None:
        statuses = {self.post(i="xx").status for _ in range(120)}
        self.assertEqual(statuses, {200, 429})
