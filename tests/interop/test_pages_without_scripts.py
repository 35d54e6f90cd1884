"""Signing in, letting in a device and answering an invitation in a browser that runs no scripts: on a telephone, in the
dark, by the keyboard."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import re
import time
import urllib.request
from email.message import EmailMessage
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.interop.browser import ENTER, TAB
from tests.interop.test_webui import ServerTestCase
from tests.interop.webui_world import ADMIN, USER

DOWN = "\ue015"
GUEST = "guest@silent.page.test"
EVENT = "/dav/cal/alice%40example.test/default/lunch.ics"
LUNCH = f"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Test//EN\r
BEGIN:VEVENT\r
UID:lunch@example.test\r
DTSTAMP:20260101T000000Z\r
DTSTART:20990105T120000Z\r
DURATION:PT1H\r
SUMMARY:<b>Lunch</b>\r
LOCATION:{"Somewhere" * 30}\r
ORGANIZER;CN=Alice:mailto:{USER}\r
ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED:mailto:{USER}\r
ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{GUEST}\r
END:VEVENT\r
END:VCALENDAR\r
"""
ANOTHER = LUNCH.replace(GUEST, "another@silent.page.test")


class WithoutScriptsTests(ServerTestCase):
    """What people must be able to do whatever their browser is; the server is the one of the other pages."""

    def setUp(self) -> None:
        super().setUp()
        self.browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.browser.devtools, "Emulation.setScriptExecutionDisabled", value=False)
        self.browser.open(f"{self.world.url}/admin/")
        self.says("needs JavaScript")

    def ask(self, method: str, path: str, login: str = USER, body: str = "", **headers: str) -> bytes:
        """What the server answers to a program of somebody."""
        pair = base64.b64encode(f"{login}:{self.world.accounts[login]}".encode()).decode()
        fields = {"Authorization": f"Basic {pair}", **headers}
        request = urllib.request.Request(self.world.url + path, body.encode() or None, fields, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            read: bytes = answer.read()
        return read

    def put(self, event: str) -> None:
        """Alice writes the event into her calendar."""
        self.ask("PUT", EVENT, body=event, **{"Content-Type": "text/calendar"})

    def invitation(self) -> EmailMessage:
        """The letter to the guest, which waits for his server."""
        until = time.monotonic() + 30
        found: list[str] = []
        while not found and time.monotonic() < until:
            waiting = self.jmap(["x:QueuedMessage/get", {"ids": None}, "0"])[0][1]["list"]
            self.addCleanup(self.jmap, ["x:QueuedMessage/set", {"destroy": [one["id"] for one in waiting]}, "0"])
            found = [one["blobId"] for one in waiting if GUEST in one["recipients"]]
        account = next(iter(json.loads(self.ask("GET", "/jmap/session", ADMIN))["accounts"]))
        read = email.message_from_bytes(
            self.ask("GET", f"/jmap/download/{account}/{found[0]}/mail.eml?accept=text/plain", ADMIN),
            policy=email.policy.default,
        )
        assert isinstance(read, EmailMessage)
        return read

    def link(self, answer: str) -> str:
        """Path and query of one of the links in the letter."""
        page = self.invitation().get_body(("html",))
        assert page is not None
        urls = [unescape(each) for each in re.findall(r'href="([^"]+)"', page.get_content())]
        parts = next(urlsplit(each) for each in urls if f"m={answer}" in each)
        return f"{parts.path}?{parts.query}"

    def open(self, path: str) -> None:
        self.browser.open(self.world.url + path)

    def looks_well(self) -> None:
        for scheme, size in (("light", (1280, 850)), ("dark", (320, 640)), ("light", (320, 640))):
            self.scheme(scheme)
            self.screen(*size)
            self.assertEqual((scheme, size, self.look(least=2)), (scheme, size, []))
        self.screen(1280, 850)

    def walk_to(self, selector: str) -> None:
        """To one of the elements that can be operated, by the keyboard."""
        for _ in range(20):
            self.browser.press(TAB)
            if self.browser.run("return document.activeElement.matches(arguments[0])", selector):
                return
        raise AssertionError(f"{selector} cannot be reached")

    def chosen(self) -> str:
        return str(self.browser.run("return document.querySelector('[name=m]:checked')?.value"))

    def answer(self) -> str:
        """What the calendar of the organizer says."""
        text = self.ask("GET", EVENT).decode().replace("\r\n ", "")
        (line,) = re.findall(rf"ATTENDEE.*{GUEST}", text)
        return line.partition("PARTSTAT=")[2].partition(";")[0]

    def test_guest_answers_changes_his_mind_and_is_told_what_is_wrong(self) -> None:
        self.put(LUNCH)
        self.addCleanup(self.ask, "DELETE", EVENT)
        link = self.link("ACCEPTED")
        self.open(link)
        self.says("<b>Lunch</b>", "h1")
        self.says("Your answer so far: none")
        self.assertEqual((self.chosen(), self.answer()), ("ACCEPTED", "NEEDS-ACTION"))
        self.looks_well()
        self.walk_to("[name=m][value=ACCEPTED]")
        self.browser.press(ENTER)
        self.says("Your answer: accepted", "[role=status]")
        self.assertEqual(self.answer(), "ACCEPTED")
        self.looks_well()
        self.walk_to("[name=m][value=ACCEPTED]")  # and another mind on the page that follows
        self.browser.press(DOWN)
        self.walk_to("form button")
        self.browser.press(ENTER)
        self.says("Your answer: declined", "[role=status]")
        self.assertEqual(self.answer(), "DECLINED")
        self.open(link.replace("ACCEPTED", "TENTATIVE"))
        self.says("Your answer so far: declined")
        self.assertEqual(self.chosen(), "TENTATIVE")
        token = parse_qs(urlsplit(link).query)["i"][0]
        garbled = urlencode({"i": f"{token[:-5]}AAAAA", "m": "ACCEPTED"})
        for path in (f"/calendar/rsvp?{garbled}", link[:60], "/calendar/rsvp"):
            self.open(path)
            self.says("invalid or malformed", "[role=alert]")
            self.says("The link may be incomplete, or too old", "main")
        self.looks_well()
        self.put(ANOTHER)
        self.open(link)
        self.says("You are no longer a participant", "[role=alert]")
        self.ask("DELETE", EVENT)
        self.open(link)
        self.says("was not found", "[role=alert]")
        self.put(ANOTHER)

    def test_sign_in_refuses_a_wrong_password_and_leads_to_the_application(self) -> None:
        asked = {"response_type": "code", "client_id": "stalwart-webui", "code_challenge_method": "S256", "state": "x"}
        asked |= {"redirect_uri": f"{self.world.url}/account/oauth/callback", "code_challenge": "A" * 43}
        self.open(f"/login?{urlencode(asked)}")
        self.looks_well()
        self.fill(self.world.accounts[USER] + "x")
        self.says("wrong", "[role=alert]")
        self.looks_well()
        self.fill(self.world.accounts[USER])
        self.browser.wait("location.pathname === '/account/oauth/callback'")
        self.assertEqual(parse_qs(urlsplit(self.browser.url).query)["state"], ["x"])

    def fill(self, password: str) -> None:
        self.browser.fill("[name=username]", USER)
        self.browser.fill("[name=password]", password)
        self.browser.press(ENTER)

    def test_device_is_let_in(self) -> None:
        begun = self.post("/auth/device", client_id="television")
        self.open("/device")
        self.looks_well()
        self.browser.fill("input[type=text]", begun["user_code"].lower())
        self.browser.press(ENTER)
        self.browser.wait("document.querySelector('[name=password]')")
        self.looks_well()
        self.fill(self.world.accounts[USER])
        self.says("close", "[role=status]")
        self.looks_well()
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun["device_code"]}
        self.assertIn("access_token", self.post("/auth/token", **grant, client_id="television"))

    def post(self, path: str, **fields: str) -> dict[str, str]:
        """What the server answers to a form of a device."""
        with urllib.request.urlopen(self.world.url + path, urlencode(fields).encode(), timeout=20) as answer:
            read: dict[str, str] = json.loads(answer.read())
        return read
