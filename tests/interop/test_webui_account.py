"""What an account owner does in the web interface: apps, identities, vacation, filters, sharing, export, passkeys."""

from __future__ import annotations

import base64
import json
import plistlib
import urllib.request
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from zipfile import ZipFile

from tests.interop.browser import ENTER, ESCAPE
from tests.interop.test_passkeys import SignInTestCase
from tests.interop.webui_world import ADMIN, READY, InterfaceTestCase
from tests.live.people import PASSWORD

ALICE, BOB = "alice@example.test", "bob@example.test"
HOSTILE = "<img src=x onerror=alert(1)>\u202eevil"
EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Test//EN\r
BEGIN:VEVENT\r
UID:one@example.test\r
DTSTAMP:20260101T000000Z\r
DTSTART:20260102T090000Z\r
DURATION:PT1H\r
SUMMARY:Imported\r
END:VEVENT\r
END:VCALENDAR\r
"""
CARD = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{0}\r\nFN:Person {0}\r\nEND:VCARD\r\n"
CHOOSE = """const one = [...document.querySelectorAll(arguments[0])].at(-1); one.value = arguments[1];
one.dispatchEvent(new Event('input', { bubbles: true })); one.dispatchEvent(new Event('change', { bubbles: true }))"""


class OwnerTestCase(InterfaceTestCase):
    """With JMAP in the name of both people; what they have made is removed afterwards."""

    def ask(self, path: str, login: str, body: bytes | None = None) -> bytes:
        pair = base64.b64encode(f"{login}:{self.world.accounts[login]}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.world.url + path, body, headers), timeout=20) as answer:
            read: bytes = answer.read()
        return read

    def jmap(self, login: str, *calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        session = json.loads(self.ask("/jmap/session", login))
        account = session["primaryAccounts"]["urn:ietf:params:jmap:mail"]
        listed = [[name, {"accountId": account, **rest}, str(at)] for at, (name, rest) in enumerate(calls)]
        asked = {"using": list(session["capabilities"]), "methodCalls": listed}
        answered = json.loads(self.ask("/jmap", login, json.dumps(asked).encode()))["methodResponses"]
        return [one[1] for one in answered]

    def all(self, type: str, login: str = ALICE) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.jmap(login, (f"{type}/get", {"ids": None}))[0]["list"]
        return found

    def named(self, type: str, name: str, login: str = ALICE) -> dict[str, Any]:
        return next(one for one in self.all(type, login) if one["name"] == name)

    def choose(self, selector: str, value: str) -> None:
        """Have the last element that the selector finds hold ``value``."""
        self.browser.wait("document.querySelector(arguments[0])", selector)
        self.browser.run(CHOOSE, selector, value)

    def assert_text_only(self) -> None:
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img, dialog img').length"), 0)
        self.assertFalse(self.browser.has_dialog())

    def assert_looks_well(self) -> None:
        for scheme, size in (("light", (1280, 850)), ("dark", (1280, 850)), ("light", (320, 640))):
            self.scheme(scheme)
            self.screen(*size)
            self.assertEqual((scheme, size, self.look()), (scheme, size, []))
        self.screen(1280, 850)

    def picked(self, path: Path) -> None:
        """Choose a file in the dialog that asks for one."""
        element = self.browser.element("dialog input[type=file]")
        self.browser._ask("POST", f"/element/{element}/value", {"text": str(path)})


class AppTests(OwnerTestCase):
    """Setting up programs."""

    def test_profile_with_the_password_that_was_just_made_is_taken_by_a_parser(self) -> None:
        self.sign_in("/account/app-passwords", ALICE)
        self.click("Add an app password")
        self.browser.fill("[name=description]", "Telephone")
        self.click("Make it", "dialog")
        made = self.browser.wait("document.querySelector('.secret-text')?.textContent")
        self.assert_looks_well()
        self.browser.run(
            "URL.createObjectURL = (blob) => { blob.text().then((text) => { window.got = text }); return '#' }"
        )
        self.click("Profile for iPhone, iPad, Mac", "dialog")
        read = plistlib.loads(self.browser.wait("window.got").encode())
        calendars = next(one for one in read["PayloadContent"] if one["PayloadType"] == "com.apple.caldav.account")
        self.assertEqual((calendars["CalDAVPassword"], calendars["CalDAVUsername"]), (made, ALICE))
        self.click("Set up apps", "dialog")
        self.says("Set up apps", "h1")

    def test_addresses_are_those_that_are_announced(self) -> None:
        self.sign_in("/account/clients", ALICE)
        shown = self.browser.text("main table")
        for text in ("https://client.test/jmap/session", "client.test:465", "https://client.test/dav/cal/"):
            self.assertIn(text, shown)
        self.browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        self.assertIn("no IMAP", self.browser.text("main"))
        self.assertIn(f"opened at {self.world.url}, but apps are told https://client.test.", self.browser.text("main"))
        self.assert_looks_well()
        link = self.browser.run("return document.querySelector('a[download]').getAttribute('href')")
        path = link.removeprefix("https://client.test")
        with urllib.request.urlopen(self.world.url + path, timeout=20) as answer:
            self.assertEqual(answer.headers["Content-Type"], "application/x-apple-aspen-config")
            self.assertEqual(plistlib.loads(answer.read())["PayloadDisplayName"], ALICE)


class OwnTests(OwnerTestCase):
    """Name, language, password, sessions."""

    def test_profile_changes_the_language_of_the_pages_too(self) -> None:
        self.sign_in("/account/profile", BOB)
        self.browser.fill("[name=description]", HOSTILE)
        self.choose("[name=timeZone]", "Europe/Vienna")
        self.choose("[name=locale]", "de")
        self.assert_looks_well()
        self.click("Save")
        self.says("Zwei-Faktor-Anmeldung", "#navigation")
        self.says("Ihr Name", "main")
        (stored,) = self.jmap(BOB, ("x:AccountSettings/get", {"ids": None}))[0]["list"]
        self.assertEqual(
            (stored["description"], stored["locale"], stored["timeZone"]), (HOSTILE, "de_DE", "Europe/Vienna")
        )
        self.browser.run("localStorage.clear()")
        self.go("/account/profile")
        self.says("Zeitzone", "main")
        self.assertEqual(self.look(), [])
        self.jmap(BOB, ("x:AccountSettings/set", {"update": {"singleton": {"description": None, "locale": "en_US"}}}))

    def test_new_password_signs_in_and_other_sessions_can_be_ended(self) -> None:
        self.sign_in("/account/password", BOB)
        former, new = self.world.accounts[BOB], "a quite new password 42"
        for name, text in (("currentSecret", former), ("secret", new), ("repeated", new)):
            self.browser.fill(f"[name={name}]", text)
        self.browser.press(ENTER)
        self.says("changed", ".notices")
        self.world.accounts[BOB] = new
        for _ in range(2):
            self.browser.open(f"{self.world.url}/robots.txt")
            self.browser.run("sessionStorage.clear()")
            self.sign_in("/account/sessions", BOB)
        count = len(self.jmap(BOB, ("x:Session/get", {"ids": None}))[0]["list"])
        self.browser.wait("document.querySelectorAll('main li').length === arguments[0]", count)
        self.assertRegex(self.browser.accessible("main .rows button")[1], "^End [A-Z]")
        self.click("End")
        self.says("Ended", ".notices")
        self.browser.wait("document.querySelectorAll('main li').length === arguments[0]", count - 1)
        self.says("this one", "main li")


class MailTests(OwnerTestCase):
    """Identities, vacation, filters."""

    def test_identity_is_made_changed_and_removed(self) -> None:
        self.sign_in("/account/identities", ALICE)
        self.click("Add an identity")
        self.browser.fill("dialog [name=name]", HOSTILE)
        self.browser.fill("dialog [name=replyTo]", '"Team" <team@example.test>, b@example.test')
        self.browser.fill("dialog [name=textSignature]", "-- \nAlice")
        self.assert_looks_well()
        self.click("Save", "dialog")
        self.says("<img src=x", "main li:nth-child(2)")
        self.assert_text_only()
        made = self.named("Identity", HOSTILE)
        self.assertEqual(made["replyTo"][0], {"name": "Team", "email": "team@example.test"})
        self.assertEqual((made["replyTo"][1]["email"], made["textSignature"]), ("b@example.test", "-- \nAlice"))
        self.browser.run("document.querySelectorAll('main li:nth-child(2) button')[0].click()")
        self.browser.wait("document.querySelector('dialog [name=name]')")
        self.browser.fill("dialog [name=name]", "Alice at work")
        self.browser.press(ESCAPE)
        self.says("Leave without saving?", "dialog:last-of-type")
        self.click("Cancel", "dialog:last-of-type")
        self.click("Save", "dialog")
        self.says("Alice at work", "main")
        self.browser.run("document.querySelectorAll('main li:nth-child(2) button')[1].click()")
        self.click("Delete", "dialog")
        self.says("Deleted", ".notices")
        self.assertNotIn("Alice at work", [one["name"] for one in self.all("Identity")])

    def test_identity_of_somebody_else_is_refused_at_the_form(self) -> None:
        self.sign_in("/account/identities", ALICE)
        self.click("Add an identity")
        self.browser.fill("dialog [name=email]", BOB)
        self.click("Save", "dialog")
        self.says("You may not send from", "body")

    def test_people_are_invited_as_one_of_several_addresses(self) -> None:
        (alice,) = [one for one in self.all("x:Account", ADMIN) if one["emailAddress"] == ALICE]
        self.addCleanup(self.jmap, ADMIN, ("x:Account/set", {"update": {alice["id"]: {"aliases": {}}}}))
        alias = {"0": {"name": "al", "domainId": alice["domainId"]}}
        self.jmap(ADMIN, ("x:Account/set", {"update": {alice["id"]: {"aliases": alias}}}))
        self.sign_in("/account/identities", ALICE)
        guests = "main .card:last-of-type"
        self.says("default", f"{guests} li:nth-child(1)")
        self.assert_looks_well()
        second = f"document.querySelector('{guests} li:nth-child(2)')"
        press = f"[...{second}.querySelectorAll('button')].find((one) => one.innerText === arguments[0]).click()"
        self.browser.run(press, "Make it the default")
        self.says("default", f"{guests} li:nth-child(2) .badge")
        self.browser.run(press, "Edit")
        self.browser.wait("document.querySelector('dialog [name=name]')")
        self.assertFalse(self.browser.run("return document.querySelector('dialog [name=replyTo]')"))
        self.browser.fill("dialog [name=name]", HOSTILE)
        self.assert_looks_well()
        self.click("Save", "dialog")
        self.says("<img src=x", f"{guests} li:nth-child(2)")
        self.assert_text_only()
        names = {one["calendarAddress"]: (one["name"], one["isDefault"]) for one in self.all("ParticipantIdentity")}
        self.assertEqual(names["mailto:al@example.test"], (HOSTILE, True))
        self.assertFalse(names[f"mailto:{ALICE}"][1])
        self.browser.run(f"document.querySelector('{guests} li:nth-child(1) button.danger').click()")
        self.click("Delete", "dialog")
        self.browser.wait(f"document.querySelectorAll('{guests} li').length === 1")
        self.browser.run("[...document.querySelectorAll('main button.primary')].at(-1).click()")
        self.browser.wait("document.querySelector('dialog [name=email]')")
        self.browser.fill("dialog [name=email]", BOB)
        self.click("Save", "dialog")
        self.says("no address of the account", "dialog .field.wrong:has([name=email])")
        self.browser.fill("dialog [name=email]", ALICE)
        self.click("Save", "dialog")
        self.browser.wait(f"document.querySelectorAll('{guests} li').length === 2")

    def test_vacation_with_dates(self) -> None:
        self.sign_in("/account/vacation", ALICE)
        self.browser.run("document.querySelector('[name=isEnabled]').click()")
        self.choose("[name=fromDate]", "2027-01-02T08:00")
        self.choose("[name=toDate]", "2027-01-01T08:00")
        self.browser.fill("[name=subject]", "Away")
        self.browser.fill("[name=textBody]", HOSTILE)
        self.click("Save")
        self.says("The end comes before the beginning", ".field.wrong")
        self.choose("[name=toDate]", "2027-01-09T08:00")
        self.click("Save")
        self.says("switched on", ".badge")
        (stored,) = self.all("VacationResponse")
        self.assertEqual((stored["isEnabled"], stored["subject"], stored["textBody"]), (True, "Away", HOSTILE))
        hours = self.browser.run("return new Date('2027-01-02T08:00').toISOString().slice(0, 19) + 'Z'")
        self.assertEqual(stored["fromDate"], hours)
        self.jmap(ALICE, ("VacationResponse/set", {"update": {"singleton": {"htmlBody": "<b>Theirs</b>"}}}))
        self.go("/account/vacation")
        self.says("a new text replaces it", "main")
        self.assertEqual(self.browser.run("return document.querySelector('[name=toDate]').value"), "2027-01-09T08:00")
        change = {"update": {"singleton": {"subject": "Theirs", "toDate": "2027-01-09T08:00:30Z"}}}
        self.jmap(ALICE, ("VacationResponse/set", change))
        self.browser.fill("[name=textBody]", "Mine")
        self.click("Save")
        self.says("Saved", ".notices")
        (stored,) = self.all("VacationResponse")
        self.assertIsNone(stored["htmlBody"])  # or it would stand beside the new text
        self.assertEqual(
            (stored["subject"], stored["textBody"], stored["toDate"]), ("Theirs", "Mine", "2027-01-09T08:00:30Z")
        )
        self.jmap(ALICE, ("VacationResponse/set", {"update": {"singleton": {"subject": "Theirs again"}}}))
        self.browser.fill("[name=subject]", "Mine")
        self.click("Save")
        self.says("Theirs again", "dialog .diff")
        self.click("Cancel", "dialog")
        for leave in (lambda: self.click("Profile", "#navigation"), lambda: self.choose("#language", "de")):
            leave()
            self.says("Leave without saving?", "dialog")
            self.click("Cancel", "dialog")
        self.assertEqual(self.browser.run("return document.querySelector('[name=subject]').value"), "Mine")
        self.browser.wait("document.querySelector('#language').value === 'en'")
        self.click("Save")
        self.click("Take theirs", "dialog")
        self.browser.wait("document.querySelector('[name=subject]')?.value === 'Theirs again'")
        self.browser.run("document.querySelector('[name=isEnabled]').click()")
        self.click("Save")
        self.says("switched off", ".badge")

    def test_rules_become_a_script_that_is_read_back(self) -> None:
        self.jmap(ALICE, ("Mailbox/set", {"create": {"f": {"name": "Sieved"}}}))
        folder = self.named("Mailbox", "Sieved")["id"]
        self.sign_in("/account/filters", ALICE)
        self.click("New rules")
        self.browser.fill("form > .field input", "My rules")
        self.browser.fill(".rule .row input", 'a "quoted" \\ thing')
        self.choose(".rule .row select", folder)
        self.click("And then")
        self.assert_looks_well()
        self.click("Vacation", "nav")
        self.says("Leave without saving?", "dialog")
        self.click("Cancel", "dialog")
        self.click("Another rule")
        self.choose(".rule .row input", "spam")
        self.choose(".rule:last-of-type .row select[aria-label='What happens']", "discard")
        self.click("Save")
        self.says("My rules", "main li")
        self.says("in use", "main li")
        script = self.named("SieveScript", "My rules")
        text = self.ask(f"/jmap/download/c/{script['blobId']}/x", ALICE).decode()
        self.assertIn(f'fileinto :mailboxid "{folder}" "Sieved";\n  addflag "\\\\Seen";\n  stop;', text)
        self.assertIn('address :contains "from" "a \\"quoted\\" \\\\ thing"', text)
        self.click("Edit")
        self.browser.wait("document.querySelectorAll('.rule').length === 2")
        value = self.browser.run("return document.querySelector('.rule .row input').value")
        self.assertEqual(value, 'a "quoted" \\ thing')
        self.click("As a script")
        self.browser.wait("document.querySelector('main textarea').value.includes('require')")
        self.browser.fill("main textarea", 'require "fileinto";\nkeep;\nnonsense;\n')
        self.click("Check")
        self.says("line 3", ".field.wrong")
        chosen = """const area = document.querySelector('main textarea');
            return area.value.slice(area.selectionStart, area.selectionEnd)"""
        self.assertEqual(self.browser.run(chosen), "nonsense;")
        self.browser.fill("main textarea", "keep;\n")
        self.click("Save")
        self.says("My rules", "main li")
        self.click("Edit")
        self.assertEqual(self.browser.wait("document.querySelector('main textarea')?.value"), "keep;\n")
        self.click("Cancel")
        self.click("Stop using it")
        self.says("Use it", "main li")
        self.click("Remove")
        self.click("Delete", "dialog")
        self.says("No filters yet", "main")


class SharingTests(OwnerTestCase):
    """Things that several people use."""

    def test_calendar_is_made_shared_subscribed_and_taken_back(self) -> None:
        self.sign_in("/account/shared/calendars", ALICE)
        self.click("Add one")
        self.browser.fill("dialog [name=name]", HOSTILE)
        self.choose("dialog [name=color]", "#12692b")
        self.click("Save", "dialog")
        self.says("<img src=x", "main")
        self.assertEqual(self.named("Calendar", HOSTILE)["color"], "#12692b")
        self._of(HOSTILE, "Share")
        self.browser.fill("dialog [name=who]", "nobody@example.test")
        self.click("Share it", "dialog")
        self.says("Nobody here is called that", "dialog .field.wrong")
        self.browser.fill("dialog [name=who]", BOB)
        self.click("Share it", "dialog")
        self.says(BOB, "dialog li")
        self.click("Details", "dialog li")
        self.assert_looks_well()
        self.assert_text_only()
        (rights,) = self.named("Calendar", HOSTILE)["shareWith"].values()
        self.assertEqual({name for name in rights if rights[name]}, {"mayReadFreeBusy", "mayReadItems"})
        self.choose("dialog li select", "2")
        self.browser.wait("document.querySelectorAll('dialog li :checked').length >= 6")
        self.says("Saved", ".notices")
        (rights,) = self.named("Calendar", HOSTILE)["shareWith"].values()
        self.assertTrue(rights["mayWriteAll"])
        self.assertFalse(rights["mayShare"])
        self._bob_sees_it()
        self.sign_in_as(ALICE, "/account/shared/calendars")
        self._of(HOSTILE, "Share")
        self.click("Remove", "dialog li")
        self.says("shared with nobody", "dialog")
        self.assertIsNone(self.named("Calendar", HOSTILE)["shareWith"])
        self.browser.run("document.querySelector('dialog header button').click()")
        self._of(HOSTILE, "Edit")
        self.browser.fill("dialog [name=name]", "Plain")
        self.click("Save", "dialog")
        self.says("Plain", "main")
        self._of("Plain", "Edit")
        self.click("Delete", "dialog")
        self.click("Delete", "dialog:last-of-type")
        self.says("Deleted", ".notices")
        self.assertNotIn("Plain", [one["name"] for one in self.all("Calendar")])

    def _bob_sees_it(self) -> None:
        self.sign_in_as(BOB, "/account/shared/calendars")
        self.says("Shared by alice@example.test", "main")
        self.assert_text_only()
        self.browser.run("document.querySelector('main section:last-of-type input[type=checkbox]').click()")
        self.says("Saved", ".notices")
        self.assertTrue([one for one in self._lent() if one["isSubscribed"]])
        self.click("Got it")
        self.browser.wait("!document.querySelector('main [role=status]')")
        self.assertEqual(self.all("ShareNotification", BOB), [])

    def _lent(self) -> list[dict[str, Any]]:
        call: tuple[str, dict[str, Any]] = ("Calendar/get", {"accountId": "c", "ids": None})
        found: list[dict[str, Any]] = self.jmap(BOB, call)[0]["list"]
        return found

    def _of(self, name: str, what: str) -> None:
        """Press a button of the row that has the name."""
        press = """((name, what) => {
            const row = [...document.querySelectorAll('main li')]
              .find((one) => one.querySelector('strong')?.textContent === name);
            const button = row && [...row.querySelectorAll('button')].find((one) => one.textContent === what);
            button?.click();
            return Boolean(button);
        })(...arguments)"""
        self.browser.wait("!document.querySelector('dialog')")
        self.browser.wait(press, name.replace("\u202e", "[U+202E]"), what)  # as it is shown
        self.browser.wait("document.querySelector('dialog')")

    def sign_in_as(self, login: str, path: str) -> None:
        """Somebody else, in a tab that knows nothing."""
        self.browser.open(f"{self.world.url}/robots.txt")
        self.browser.run("sessionStorage.clear()")
        self.sign_in(path, login)

    def test_folders_of_mail_and_files_nest(self) -> None:
        self.sign_in("/account/shared/mailboxes", BOB)
        for name, parent in (("Outer", ""), ("Inner", "Outer")):
            self.click("Add one")
            self.browser.fill("dialog [name=name]", name)
            if parent:
                self.choose("dialog [name=parentId]", self.named("Mailbox", parent, BOB)["id"])
            self.click("Save", "dialog")
            self.says(name, "main")
        self.says("Outer / Inner", "main")
        self.go("/account/shared/files")
        self.click("Add one")
        self.browser.fill("dialog [name=name]", "Papers")
        self.click("Save", "dialog")
        self.says("Papers", "main")
        self.assertIsNone(self.named("FileNode", "Papers", BOB)["blobId"])

    def test_more_folders_than_a_request_gives(self) -> None:
        ids = []
        for part in ("a", "b"):
            made = {f"m{number}": {"name": f"{part} {number}", "nodeType": "directory"} for number in range(260)}
            answer = self.jmap(ALICE, ("FileNode/set", {"create": made}))[0]
            ids += [one["id"] for one in answer["created"].values()]
        self.assertEqual(len(ids), 520)
        self.sign_in("/account/shared/files", ALICE)
        self.browser.wait("document.querySelectorAll('main li').length > 519")
        for part in (ids[:260], ids[260:]):
            self.jmap(ALICE, ("FileNode/set", {"destroy": part}))

    def test_files_of_events_and_cards_come_in(self) -> None:
        folder = Path(mkdtemp())
        files = {"a.ics": EVENT, "b.vcf": CARD.format("x") + CARD.format("y")}
        for name, text in files.items():
            (folder / name).write_bytes(text.encode())
            self.addCleanup((folder / name).unlink)
        self.sign_in("/account/shared/calendars", BOB)
        for page, name, type, count in (
            ("calendars", "a.ics", "CalendarEvent", 1),
            ("address-books", "b.vcf", "ContactCard", 2),
        ):
            self.go(f"/account/shared/{page}")
            self.click("Import")
            self.browser.wait("document.querySelector('dialog input[type=file]')")
            self.assert_looks_well()
            self.picked(folder / name)
            self.click("Import", "dialog .buttons")
            self.says(f"{count} of {count} were added", ".notices")
            self.assertEqual(len(self.all(type, BOB)), count)


class ExportTests(OwnerTestCase):
    """Taking it along."""

    def test_browser_saves_a_zip_file_of_the_mail(self) -> None:
        folder = Path(mkdtemp())
        self.browser.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        self.all("Mailbox")
        self.sign_in("/account/export", ALICE)
        self.browser.run("document.querySelector('main li button').click()")
        self.says("The download has begun", ".notices")
        found = self.until(lambda: [one for one in folder.iterdir() if one.suffix == ".zip"])
        with ZipFile(BytesIO(found[0].read_bytes())) as archive:
            self.assertIn("Inbox.mbox", archive.namelist())
        found[0].unlink()

    def until(self, look: Any) -> Any:
        for _ in range(300):
            if found := look():
                return found
            self.browser.run("return 0")
        raise AssertionError("nothing was saved")


class PasskeyPageTests(SignInTestCase):
    """The page of passkeys, with an authenticator that Chromium plays, at an address that may have them."""

    def setUp(self) -> None:
        super().setUp()
        wanted = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        id = self.browser.devtools("WebAuthn.addVirtualAuthenticator", options=wanted)["authenticatorId"]
        self.addCleanup(self.browser.devtools, "WebAuthn.removeVirtualAuthenticator", authenticatorId=id)
        self.browser.open(f"{self.base}/robots.txt")
        self.browser.run("sessionStorage.clear(); localStorage.clear()")
        self.addCleanup(self.browser.run, "sessionStorage.clear()")

    def press(self, text: str, inside: str = "main") -> None:
        script = """[...document.querySelectorAll(`${arguments[0]} button`)]
            .find((one) => one.getClientRects().length && one.textContent === arguments[1])"""
        self.browser.wait(script, inside, text)
        self.browser.run(f"{script}.click()", inside, text)

    def says(self, text: str, inside: str) -> None:
        self.browser.wait("document.querySelector(arguments[0])?.innerText.includes(arguments[1])", inside, text)

    def test_passkey_is_made_signs_in_and_is_removed(self) -> None:
        login, _ = self.person()
        self.browser.open(f"{self.base}/account/passkeys")
        self.browser.wait("document.querySelector('[name=password]')")
        self.browser.fill("[name=username]", login)
        self.browser.fill("[name=password]", PASSWORD)
        self.browser.press(ENTER)
        self.browser.wait(READY)
        self.press("Add a passkey")
        self.browser.fill("dialog [name=description]", "Wrong password")
        self.browser.fill("dialog [name=currentSecret]", "wrong")
        self.press("Go on", "dialog")
        self.browser.wait("document.querySelector('dialog .field.wrong [name=currentSecret]')")
        self.browser.fill("dialog [name=description]", "My <b>key</b>")
        self.browser.fill("dialog [name=currentSecret]", PASSWORD)
        self.press("Go on", "dialog")
        self.says("My <b>key</b>", "main li")
        required = "document.querySelector('main li')?.innerText.includes('required with') === arguments[0]"
        for turn, is_required in (("Require it with the password", True), ("Require it no more", False)):
            self.press(turn, "main li")
            self.browser.wait("document.querySelector('dialog [name=currentSecret]')")
            self.browser.fill("dialog [name=currentSecret]", PASSWORD)
            self.press("Go on", "dialog")
            self.browser.wait(required, is_required)
        self.browser.open(f"{self.base}/account/recovery-codes")
        self.browser.wait(READY)
        self.browser.fill("[name=currentSecret]", PASSWORD)
        self.press("Make new codes")
        self.browser.wait("document.querySelectorAll('.codes li').length > 5")
        self.browser.open(f"{self.base}/account/passkeys")
        self.browser.wait(READY)
        self.press("Add a passkey")
        self.browser.fill("dialog [name=description]", "Again")
        self.browser.fill("dialog [name=currentSecret]", PASSWORD)
        self.press("Go on", "dialog")
        self.says("already", ".notices")
        self.browser.open(f"{self.base}/robots.txt")
        self.browser.run("sessionStorage.clear()")
        self.browser.open(f"{self.base}/account/passkeys")
        self.browser.wait("document.getElementById('use-passkey')")
        self.browser.click("#use-passkey")
        self.browser.wait(READY)
        self.says("My <b>key</b>", "main li")
        self.says("used", "main li")
        self.press("Remove", "main li")
        self.press("Delete", "dialog")
        self.says("No passkey yet", "main")
        self.assertEqual([text for text in self.browser.messages() if "Failed to load resource" not in text], [])
