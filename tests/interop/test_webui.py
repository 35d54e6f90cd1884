"""The web interface in a real browser against a real daemon: signing in, each page, and what must not go wrong."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Sequence
from typing import Any

from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.interface import EXPLANATIONS, Entry, explanations, interface_document
from stalwart.directory.totp import Totp
from tests.interop.browser import ENTER
from tests.interop.webui_world import ADMIN, USER, InterfaceTestCase

HOSTILE = "<img src=x onerror=alert(1)>\u202eevil\u2069 " + "x" * 10_000
USING = ("urn:ietf:params:jmap:core", "urn:stalwart:jmap")
CTRL = "\ue009"
ESCAPE = "\ue00c"


FIRST_NAVIGATION = """
new MutationObserver(() => {
  const shown = document.querySelector("#navigation ul");
  if (shown) window.firstNavigation ??= document.querySelector("#navigation").innerHTML;
}).observe(document, { childList: true, subtree: true });
"""


def said(document: Entry) -> set[str]:
    return {entry[name] for entry, name in explanations(document)}


class ServerTestCase(InterfaceTestCase):
    """With a JMAP client beside the browser."""

    def jmap(self, *calls: list[Any], using: Sequence[str] = USING) -> list[Any]:
        pair = base64.b64encode(f"{ADMIN}:{self.world.accounts[ADMIN]}".encode()).decode()
        body = json.dumps({"using": using, "methodCalls": calls})
        request = urllib.request.Request(
            f"{self.world.url}/jmap",
            body.encode(),
            {"Authorization": f"Basic {pair}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: list[Any] = json.loads(answer.read())["methodResponses"]
        return found

    def setting(self, name: str) -> Any:
        return self.jmap(["x:Http/get", {"ids": ["singleton"]}, "a"])[0][1]["list"][0][name]


class SignInTests(ServerTestCase):
    """Coming and going."""

    def test_sign_in_leads_back_to_the_page_that_was_wanted_and_leaves_no_trace(self) -> None:
        self.sign_in("/admin/domains?x=1")
        self.assertEqual(self.browser.url, f"{self.world.url}/admin/domains?x=1")
        kept = self.browser.run("return JSON.stringify({...sessionStorage, ...localStorage}) + document.cookie")
        self.assertNotIn(self.world.accounts[ADMIN], kept)
        self.assertEqual(kept.count("sw1."), 1)  # the refresh token; the other one is in memory

    def test_reload_needs_no_second_sign_in(self) -> None:
        self.sign_in()
        self.go("/admin/settings")
        self.assertEqual(self.browser.text("h1"), "Settings")

    def test_somebody_without_administration_gets_his_account(self) -> None:
        self.sign_in("/admin/", USER)
        self.assertEqual(self.browser.url, f"{self.world.url}/account/")
        shown = self.browser.text("body")
        for word in ("Admin", "Domains", "Queue"):
            self.assertNotIn(word, shown)

    def test_signing_out_ends_the_session(self) -> None:
        self.sign_in("/account/", USER)
        self.browser.run("document.querySelector('.person').click()")
        self.click("Sign out", ".menu")
        self.says("You are signed out")
        self.browser.open(f"{self.world.url}/account/")
        self.browser.wait("document.querySelector('[name=password]')")


class DiagnosisTests(ServerTestCase):
    """The showpiece."""

    def diagnose(self, target: str) -> None:
        self.browser.fill("main [name=target]", target)
        self.browser.press(ENTER)
        self.browser.wait("document.querySelector('.verdict')?.innerText.includes('Finished')")

    def test_verdict_timeline_and_history(self) -> None:
        self.sign_in("/admin/diagnose")
        self.diagnose("postmaster@good.page.test")
        self.assertIn("the connection is secure", self.browser.text(".verdict"))
        steps = self.browser.run("return [...document.querySelectorAll('.stage')].map((one) => one.className)")
        self.assertGreater(len(steps), 8)
        self.assertNotIn("stage running", steps)
        self.diagnose("plain.page.test")
        self.assertIn("not secure", self.browser.text(".verdict"))
        self.assertEqual(self.browser.run("return document.querySelectorAll('.history li').length"), 2)
        self.assertEqual(self.browser.run("return Object.keys(localStorage)"), [])
        self.browser.run("document.querySelectorAll('.history button')[1].click()")
        self.says("the connection is secure", ".verdict")
        self.assertEqual(self.browser.url, f"{self.world.url}/admin/diagnose?target=plain.page.test")

    def test_second_start_replaces_a_running_test_and_escape_stops(self) -> None:
        self.sign_in("/admin/diagnose")
        self.browser.fill("main [name=target]", "silent.page.test")
        self.browser.press(ENTER)
        self.says("Wait for the greeting", ".stage.running")
        self.diagnose("good.page.test")
        self.assertNotIn("silent", self.browser.text(".verdict"))
        self.browser.fill("main [name=target]", "silent.page.test")
        self.browser.press(ENTER)
        self.says("Wait for the greeting", ".stage.running")
        self.browser.press(ESCAPE)
        self.says("Stopped.", ".verdict")

    def test_target_that_is_none_is_told_at_the_field(self) -> None:
        self.sign_in("/admin/diagnose")
        self.browser.fill("main [name=target]", "192.0.2.1")
        self.browser.press(ENTER)
        self.says("IP addresses cannot be tested", "main form")

    def test_markup_of_a_host_is_text(self) -> None:
        self.sign_in("/admin/diagnose")
        self.diagnose("selfsigned.page.test")
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img, main b').length"), 0)
        self.assertIn("<img src=x", self.browser.text("main"))


class SettingsTests(ServerTestCase):
    """Forms and lists made of the schema."""

    def test_change_is_shown_before_it_is_saved_applies_at_once_and_can_be_taken_back(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.browser.fill("[data-field=redirectRoot] input", "/admin")
        self.says("changed", "[data-field=redirectRoot]")
        self.click("Save")
        self.says("What is going to change", "dialog")
        row = self.browser.run("return document.querySelector('dialog .diff tbody tr').innerText")
        self.assertEqual(row.split(), ["redirectRoot", "/account", "/admin"])
        self.click("Save", "dialog")
        self.says("Saved", ".notices")
        self.assertEqual(self.setting("redirectRoot"), "/admin")
        self.assertNotIn("applies", self.browser.text(".notices"))
        self.click("Undo", ".notices")
        self.says("Taken back", ".notices")
        self.assertEqual(self.setting("redirectRoot"), "/account")

    def test_change_is_taken_back_later_but_not_over_that_of_somebody_else(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.browser.fill("[data-field=redirectRoot] input", "/admin")
        self.click("Save")
        self.click("Save", "dialog")
        self.says("Saved", ".notices")
        self.click("Overview", "nav")
        self.says("Overview", "h1")
        self.browser.run("history.back()")
        self.jmap(["x:Http/set", {"update": {"singleton": {"redirectRoot": "/diagnose"}}}, "a"])
        self.click("Undo", ".save-bar")
        self.says("Somebody else has changed this", "dialog")
        self.click("Cancel", "dialog")
        self.assertEqual(self.setting("redirectRoot"), "/diagnose")
        self.jmap(["x:Http/set", {"update": {"singleton": {"redirectRoot": "/admin"}}}, "a"])
        self.click("Undo", ".save-bar")
        self.says("Taken back", ".notices")
        self.assertEqual(self.setting("redirectRoot"), "/account")

    def test_refusal_of_the_server_stands_at_its_field(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.browser.fill("[data-field='allowedEndpoints/else'] input", "nonsense(")
        self.click("Save")
        self.click("Save", "dialog")
        self.browser.wait("document.querySelector('.wrong .problem:not([hidden])')")
        self.assertEqual(self.setting("allowedEndpoints")["else"], "200")

    def test_what_somebody_else_has_changed_meanwhile_is_told(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.browser.fill("[data-field=redirectRoot] input", "/admin")
        self.jmap(["x:Http/set", {"update": {"singleton": {"redirectRoot": "/diagnose"}}}, "a"])
        self.click("Save")
        self.click("Save", "dialog")
        self.says("Somebody else has changed this", "dialog:last-of-type")
        self.click("Cancel", "dialog:last-of-type")
        self.assertEqual(self.setting("redirectRoot"), "/diagnose")
        self.jmap(["x:Http/set", {"update": {"singleton": {"redirectRoot": "/account"}}}, "a"])

    def test_unsaved_changes_are_not_left_without_a_question(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.browser.fill("[data-field=redirectRoot] input", "/x")
        self.click("Overview", "nav")
        self.says("Leave without saving?", "dialog")
        self.click("Cancel", "dialog")
        self.assertEqual(
            self.browser.run("return document.querySelector('[data-field=redirectRoot] input').value"), "/x"
        )
        self.click("Discard")
        self.click("Overview", "nav")
        self.says("Overview", "h1")

    def test_hostile_names_are_text_in_lists_and_forms(self) -> None:
        made = self.jmap(["x:Role/set", {"create": {"r": {"description": HOSTILE}}}, "a"])[0][1]
        id = made["created"]["r"]["id"]
        self.sign_in("/admin/objects/Role")
        self.says("<img src=x onerror=alert(1)>[U+202E]evil[U+2069]")
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img').length"), 0)
        self.assertEqual(self.look(), [])
        self.go(f"/admin/objects/Role/{id}")
        self.assertNotIn(
            "\u202e", self.browser.run("return document.title + document.querySelector('main').textContent")
        )
        kept = "return document.querySelector('[data-field=description] input').value"
        self.assertEqual(self.browser.run(kept), HOSTILE)  # a field holds what is stored
        self.assertEqual(self.look(), [])
        self.assertFalse(self.browser.has_dialog())
        self.jmap(["x:Role/set", {"destroy": [id]}, "a"])

    def test_log_that_is_not_kept_says_how_to_have_it_kept(self) -> None:
        self.sign_in("/admin/objects/Log")
        self.says("No log is kept yet", ".empty")
        self.assertEqual(self.look(), [])
        self.click("Create a tracer")
        self.browser.wait("location.pathname === '/admin/objects/Tracer/new'")
        self.browser.wait("document.querySelector('#variant')?.value === 'Log'")

    def test_actions_say_what_they_do_and_grave_ones_look_so(self) -> None:
        self.sign_in("/admin/actions")
        self.says("Stop sending mail; it waits in the queue.")
        without = (
            "return [...document.querySelectorAll('main li')].filter((one) => !one.querySelector('.hint').innerText)"
        )
        self.assertEqual(self.browser.run(f"{without}.length"), 0)
        grave = """return [...document.querySelectorAll("main li:has(.danger) strong")].map((one) => one.innerText)"""
        self.assertEqual(self.browser.run(grave), ["Pause MTA queue", "Revoke certificate", "Change ACME account key"])
        self.assertEqual(self.look(), [])

    def test_user_is_created_found_and_deleted(self) -> None:
        self.sign_in("/admin/objects/Account-User/new")
        self.browser.fill("[data-field=name] input", "carol")
        self.browser.wait("document.querySelectorAll('[data-field=domainId] option').length > 1")
        choose = """const select = document.querySelector('[data-field=domainId] select');
            select.value = select.options[1].value; select.dispatchEvent(new Event('change'))"""
        self.browser.run(choose)
        self.click("Create")
        self.says("carol@example.test", "table")
        self.browser.fill("main [type=search]", "carol")
        self.browser.wait("document.querySelectorAll('tbody tr').length === 1")
        self.click("carol")
        self.says("carol", "h1")
        self.click("Delete")
        self.click("Delete", "dialog")
        self.says("Deleted", ".notices")

    def test_figure_is_called_after_all_that_it_counts(self) -> None:
        self.sign_in("/admin/")
        self.says("Users and groups", ".figures")

    def test_palette_finds_a_field_by_the_keyboard(self) -> None:
        self.sign_in()
        self.browser.press("k", holding=CTRL)
        self.browser.wait("document.querySelector('dialog.palette')")
        self.browser.wait("document.activeElement.type === 'search'")
        self.browser.press(*"redirect root")
        self.browser.wait("document.querySelector('.choices li')?.innerText.includes('Redirect root')")
        self.browser.press(ENTER)
        self.browser.wait("document.activeElement.closest('[data-field=redirectRoot]')")


class AccountTests(ServerTestCase):
    """What an account owner does."""

    def test_second_factor_recovery_codes_and_app_password(self) -> None:
        login = "bob@example.test"
        password = self.world.accounts[login]
        self.addCleanup(self.let_in_without_a_code, login)
        self.sign_in("/account/two-factor", login)
        shown = "document.querySelector('.secret-text')?.textContent"
        secret = self.browser.wait(shown).replace(" ", "")
        self.click("Sessions", "nav")
        self.says("Sessions", "h1")
        self.click("Two-factor sign-in", "nav")
        self.assertEqual(self.browser.wait(shown).replace(" ", ""), secret)  # it may have been scanned
        totp = Totp.from_uri(f"otpauth://totp/x?secret={secret}")
        self.browser.fill("[name=currentSecret]", password)
        self.browser.fill("[name=otpCode]", totp.code(totp.step_at(self.world_time())))
        self.click("Switch on")
        self.says("Two-factor sign-in is on.", ".notices")
        self.go("/account/recovery-codes")
        self.browser.fill("[name=currentSecret]", password)
        self.browser.fill("[name=otpCode]", totp.code(totp.step_at(self.world_time()) + 1))
        self.browser.press(ENTER)
        count = self.browser.wait("document.querySelectorAll('.codes li').length")
        self.says(f"{count} codes are left", "main .badge")
        self.click("Two-factor sign-in", "nav")
        self.says("They are shown this once.", "dialog")
        self.click("Leave", "dialog")
        self.says("All recovery codes that you have become void.", "main")
        self.go("/account/recovery-codes")
        self.assertEqual(self.browser.run("return document.querySelectorAll('.codes li').length"), 0)
        self.go("/account/app-passwords")
        self.click("Add an app password")
        self.browser.fill("[name=description]", "Telephone")
        self.click("Make it", "dialog")
        made = self.browser.wait("document.querySelector('.secret-text')?.textContent")
        pair = base64.b64encode(f"{login}:{made}".encode()).decode()
        request = urllib.request.Request(f"{self.world.url}/jmap/session", headers={"Authorization": f"Basic {pair}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            self.assertEqual(answer.status, 200)

    def let_in_without_a_code(self, login: str) -> None:
        """Other tests sign in with the password alone."""
        every = self.jmap(["x:Account/get", {"ids": None}, "a"])[0][1]["list"]
        bob = next(one for one in every if one["emailAddress"] == login)
        (place,) = [at for at, one in bob["credentials"].items() if one["@type"] == "Password"]
        change = {"update": {bob["id"]: {f"credentials/{place}/otpAuth": None}}}
        self.assertIn(bob["id"], self.jmap(["x:Account/set", change, "a"])[0][1]["updated"] or {})

    def test_enter_sends_a_form_and_a_refusal_stands_at_its_field(self) -> None:
        self.sign_in("/account/password", USER)
        for name, text in (("currentSecret", "wrong"), ("secret", "four words in a row 7"), ("repeated", "another")):
            self.browser.fill(f"[name={name}]", text)
        self.browser.press(ENTER)
        self.says("The two new passwords differ.", ".field.wrong")
        self.browser.fill("[name=repeated]", "four words in a row 7")
        self.browser.press(ENTER)
        self.browser.wait("document.querySelector('.field.wrong [name=currentSecret]')")

    def test_wrong_code_of_a_new_second_factor_stands_at_its_field(self) -> None:
        self.sign_in("/account/two-factor", USER)
        self.browser.fill("[name=currentSecret]", self.world.accounts[USER])
        self.browser.fill("[name=otpCode]", "000000")
        self.click("Switch on")
        self.says("does not belong", ".field.wrong:has([name=otpCode])")
        told = """const one = document.querySelector("[name=otpCode]");
            const told = document.getElementById(one.getAttribute("aria-describedby"));
            return [document.activeElement === one, told.innerText]"""
        has_focus, text = self.browser.run(told)
        self.assertTrue(has_focus)
        self.assertIn("does not belong", text)
        self.assertEqual(self.look(), [])

    def world_time(self) -> float:
        return float(self.browser.run("return Date.now() / 1000"))


ADMIN_PAGES = ("", "diagnose", "domains", "objects/Account-User", "objects/Account-User/new", "objects/Http", "queue")
ADMIN_PAGES += ("live", "tasks", "bans", "certificates", "settings")
ADMIN_PAGES += ("actions", "console", "about", "objects/NetworkListener", "nowhere")
ACCOUNT_PAGES = ("", "password", "two-factor", "recovery-codes", "passkeys", "app-passwords", "sessions")
ACCOUNT_PAGES += ("objects/AccountSettings", "objects/ApiKey", "clients", "identities", "vacation", "filters", "export")
ACCOUNT_PAGES += ("profile",)
ACCOUNT_PAGES += ("shared/calendars", "shared/address-books", "shared/mailboxes", "shared/files", "shared/nothing")


class LookTests(ServerTestCase):
    """Each page for everybody, on each screen."""

    def check(self, area: str, names: tuple[str, ...], login: str) -> None:
        self.sign_in(f"/{area}/", login)
        for name in names:
            self.go(f"/{area}/{name}")
            for scheme, size in (("light", (1280, 850)), ("dark", (1280, 850)), ("light", (320, 640))):
                self.scheme(scheme)
                self.screen(*size)
                self.assertEqual((name, scheme, size[0], self.look()), (name, scheme, size[0], []))
            self.screen(1280, 850)
            self.scheme("light")

    def test_pages_of_administrators(self) -> None:
        self.check("admin", ADMIN_PAGES, ADMIN)

    def test_pages_of_account_owners(self) -> None:
        self.check("account", ACCOUNT_PAGES, USER)

    def test_german_is_complete_where_it_is_chosen(self) -> None:
        self.sign_in("/account/")
        self.browser.run("document.querySelector('.person').click()")
        self.browser.run(
            "const one = document.querySelector('#language'); one.value = 'de'; one.dispatchEvent(new Event('change'))"
        )
        self.says("Zwei-Faktor-Anmeldung", "#navigation")
        self.go("/account/passkeys")  # at an IP address, which has none
        self.says("An dieser Adresse funktionieren Passkeys nicht.", "main .empty")
        self.assertEqual(self.browser.run("return document.querySelectorAll('main button').length"), 0)
        self.go("/account/app-passwords")
        self.assertEqual(self.browser.run("return document.documentElement.lang"), "de")
        self.assertEqual(self.look(), [])
        self.go("/account/objects/AccountSettings")
        self.says("Kontoeinstellungen", "h1")
        self.says("Zeitzone", "main")
        zones = "document.querySelector('[data-field=timeZone] select')?.options.length > 400"
        self.browser.wait(zones)  # a long enumeration, which is fetched apart
        self.go("/admin/objects/Http")
        self.says("Zeit, nach der eine Verbindung ohne Anfrage geschlossen wird.", "[data-field=idleTimeout]")
        hints = self.browser.run("return [...document.querySelectorAll('form .hint')].map((one) => one.innerText)")
        english, german = (
            {text.replace("`", "") for text in said(interface_document(declarations(), language, EXPLANATIONS))}
            for language in ("en", "de")
        )
        self.assertGreater(len(german.intersection(hints)), 15)
        self.assertEqual(english.intersection(hints), set())
        self.go("/admin/objects/Role/new")
        self.browser.fill("[data-field=enabledPermissions] input[type=search]", "Konten anlegen")
        self.says("System: Konten anlegen", "[data-field=enabledPermissions]")
        self.assertEqual(self.look(), [])
        self.go("/admin/settings")
        self.browser.fill("main input[type=search]", "ohne anfrage geschlossen")
        self.says("HTTP", "main .tiles")

    def test_refusals_are_told_in_the_language_of_the_page(self) -> None:
        self.sign_in("/account/", USER)
        self.browser.run("localStorage['stalwart.language'] = 'de'")
        self.browser.open(self.world.url + "/account/two-factor")
        self.browser.wait("document.querySelector('.secret-text')")
        self.browser.fill("[name=currentSecret]", self.world.accounts[USER])
        self.browser.fill("[name=otpCode]", "000000")
        self.browser.press(ENTER)
        self.says("Der Code gehört nicht zum neuen zweiten Faktor.", ".field.wrong:has([name=otpCode])")

    def test_pages_do_not_shift_while_they_come(self) -> None:
        self.sign_in("/admin/")
        for name in ADMIN_PAGES:
            self.go(f"/admin/{name}")
            self.assertLess(self.browser.run("return seen.shifts"), 0.001, name)

    def test_pages_do_not_shift_when_answers_come_late(self) -> None:
        self.sign_in("/account/")
        self.browser.devtools("Network.enable")
        self.addCleanup(self.browser.devtools, "Network.disable")
        self.browser.devtools(
            "Network.emulateNetworkConditions", offline=False, latency=100, downloadThroughput=-1, uploadThroughput=-1
        )
        for path in ("/account/", "/account/identities", "/account/clients", "/admin/", "/admin/queue"):
            self.go(path)
            self.assertLess(self.browser.run("return seen.shifts"), 0.001, path)

    def test_list_comes_with_few_requests(self) -> None:
        self.sign_in("/admin/objects/Account-User")
        asked = """return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .filter((one) => one.transferSize).map((one) => new URL(one.name).pathname)"""
        self.browser.devtools("Network.clearBrowserCache")
        self.go("/admin/objects/Account-User")
        cold = self.browser.run(asked)
        self.assertLessEqual(len(cold), 30)  # webui 5.7
        self.assertEqual(cold.count("/jmap"), 1)
        self.go("/admin/objects/Account-User")
        warm = self.browser.run(asked)  # webui 5.7: at most four
        self.assertEqual(sorted(warm), ["/admin/objects/Account-User", "/jmap"])

    def test_what_was_kept_of_the_account_is_corrected_by_the_first_answer(self) -> None:
        self.sign_in("/admin/domains")
        self.browser.run(
            """const kept = JSON.parse(sessionStorage.getItem('stalwart.viewer'));
            kept.session.state = '00000000';
            kept.account.permissions = kept.account.permissions.filter((name) => !/queued-?message/i.test(name));
            sessionStorage.setItem('stalwart.viewer', JSON.stringify(kept))"""
        )
        self.browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=FIRST_NAVIGATION)
        self.go("/admin/domains")
        self.browser.wait("document.querySelector('#navigation [href=\"/admin/queue\"]')")
        self.assertNotIn("/admin/queue", self.browser.run("return window.firstNavigation"))
        self.assertNotEqual(
            self.browser.run("return JSON.parse(sessionStorage['stalwart.viewer']).session.state"), "0" * 8
        )

    def test_pages_that_are_left_at_once_do_not_end_the_sign_in(self) -> None:
        self.sign_in("/admin/about")
        for _ in range(20):
            self.browser.open(f"{self.world.url}/admin/about")
        self.go("/admin/domains")
        self.assertEqual(self.browser.run("return sessionStorage.getItem('stalwart.handed')"), None)

    def test_page_whose_sign_in_is_over_leads_to_another_at_once(self) -> None:
        self.sign_in("/admin/domains")
        for id in [one["id"] for one in self.jmap(["x:Session/get", {"ids": None}, "a"])[0][1]["list"]]:
            self.jmap(["x:Session/set", {"destroy": [id]}, "a"])
        self.browser.open(f"{self.world.url}/admin/domains")
        self.browser.wait("location.pathname === '/login'")
        self.fill_sign_in(USER)
        self.browser.wait("location.pathname === '/account/' && document.querySelector('main h1')")
        self.assertEqual(
            self.browser.run("return JSON.parse(sessionStorage['stalwart.viewer']).session.username"), USER
        )

    def test_everything_comes_from_here(self) -> None:
        self.sign_in("/admin/")
        origins = "return performance.getEntriesByType('resource').map((one) => new URL(one.name).origin)"
        self.assertEqual(set(self.browser.run(origins)), {self.world.url})

    def test_heading_has_the_focus_after_a_link(self) -> None:
        self.sign_in("/admin/")
        self.click("Domains", "nav")
        self.browser.wait("document.activeElement.tagName === 'H1' && document.activeElement.textContent === 'Domains'")
