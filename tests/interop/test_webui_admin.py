"""Pages of administrators in a real browser: rules that are tried out, live events, tasks, blocked addresses,
certificates.
"""

from __future__ import annotations

import json
import smtplib
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from cryptography import x509

from stalwart.codec.trace_query import LONGEST_NEEDLE
from tests.codec import pem
from tests.codec.test_web_archive import zipped
from tests.interop.browser import ENTER
from tests.interop.test_webui import ServerTestCase
from tests.interop.webui_world import ADMIN, READY, USER
from tests.mail.reports.letters import corpus, letters, whole_body

HOSTILE = "<img src=x onerror=alert(1)>\u202eevil"
ACTIVE = "return [...document.querySelectorAll('.condition input')].indexOf(document.activeElement)"
PUT = """const [selector, at, text] = arguments;
  const one = document.querySelectorAll(selector)[at];
  one.value = text; one.dispatchEvent(new Event('input')); one.dispatchEvent(new Event('change'))"""


class AdministratorTestCase(ServerTestCase):
    def put(self, selector: str, text: str, at: int = 0) -> None:
        """A text into one of the fields that a selector finds."""
        self.browser.wait("document.querySelectorAll(arguments[0])[arguments[1]]", selector, at)
        self.browser.run(PUT, selector, at, text)

    def created(self, type: str, **members: Any) -> str:
        (_, found, _), *_ = self.jmap([f"{type}/set", {"create": {"a": members}}, "0"])
        self.assertIn("a", found["created"] or {}, found)
        id: str = found["created"]["a"]["id"]
        return id

    def listed(self, type: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.jmap([f"{type}/get", {"ids": None}, "0"])[0][1]["list"]
        return found

    def get(self, path: str) -> None:
        """A request that the server tells of."""
        with urllib.request.urlopen(self.world.url + path, timeout=20) as answer:
            self.assertEqual(answer.status, 200)

    def looks_good(self) -> None:
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 320)):
            self.scheme(scheme)
            self.screen(width, 850)
            self.assertEqual((scheme, width, self.look()), (scheme, width, []))
        self.screen(1280, 850)
        self.scheme("light")


class RuleTests(AdministratorTestCase):
    """Expressions, where the schema has them."""

    def test_rule_is_tried_out_checked_and_saved(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.click("Add a condition", ".expression")
        self.put(".expression .condition input", "starts_with(path, '/x-test') && nowhere")
        self.says('"nowhere" Character', ".condition")
        self.put(".expression .condition input", "starts_with(path, '/x-test')")
        self.put(".expression .condition input", "404", 1)
        self.click("Try it", ".expression")
        self.says("because no condition holds", ".expression [role=status]")
        self.put(".expression details .field input", "/x-test/a")
        self.says("because of condition 1", ".expression [role=status]")
        self.says("404", ".expression [role=status]")
        self.looks_good()
        self.click("Save")
        self.click("Save", "dialog")
        self.says("Saved", ".notices")
        wanted = {"match": {"0": {"if": "starts_with(path, '/x-test')", "then": "404"}}, "else": "200"}
        self.assertEqual(self.setting("allowedEndpoints"), wanted)
        self.click("Undo", ".notices")
        self.says("Taken back", ".notices")
        self.browser.wait("!document.querySelector('.condition')")
        self.assertEqual(self.setting("allowedEndpoints"), {"match": {}, "else": "200"})

    def test_conditions_are_moved_discarded_and_filled_with_words(self) -> None:
        self.sign_in("/admin/objects/Http")
        for at, text in enumerate(("is_tls", "local_port == 25")):
            self.click("Add a condition", ".expression")
            self.put(".expression .condition input", text, 2 * at)
            self.put(".expression .condition input", str(200 + at), 2 * at + 1)
            self.assertEqual(self.browser.run(ACTIVE), 2 * at)
        self.browser.run(
            "const up = document.querySelector('.condition:nth-child(2) [aria-label=Up]'); up.focus(); up.click()"
        )
        self.assertEqual(self.browser.run("return document.activeElement.getAttribute('aria-label')"), "Up")
        first = "document.querySelector('.condition input').value"
        self.browser.wait(f"{first} === 'local_port == 25'")
        self.click("Try it", ".expression")
        self.browser.run("document.querySelectorAll('.condition input')[3].focus()")
        self.click("remote_ip", ".expression details")
        self.browser.wait("document.querySelectorAll('.condition input')[3].value.includes('remote_ip')")
        self.assertEqual(self.browser.accessible(".condition:nth-child(2)"), ("group", "Condition 2"))
        self.browser.run("document.querySelector('.condition:nth-child(2) [aria-label=Remove]').click()")
        self.assertEqual(self.browser.run("return document.activeElement.innerText"), "Add a condition")
        self.click("Discard")
        self.browser.wait("!document.querySelector('.condition')")


class LiveTests(AdministratorTestCase):
    """Events as they happen."""

    def test_events_come_are_filtered_paused_and_looked_at(self) -> None:
        self.sign_in("/admin/live")
        self.says("connected", ".tools [role=status]")
        self.jmap(["Core/echo", {}, "0"])
        self.says("jmap.method-call", ".live")
        self.click("Pause")
        self.browser.run("document.querySelector('.live-row').click()")
        self.says("Only this connection", "section.card")
        self.looks_good()
        before = self.browser.run("return document.querySelector('.tools .hint').textContent")
        self.jmap(["Core/echo", {}, "0"])
        self.browser.wait("/Go on \\([1-9]/.test(document.querySelector('main').innerText)")
        self.assertEqual(self.browser.run("return document.querySelector('.tools .hint').textContent"), before)
        self.browser.run("document.querySelectorAll('.tools')[1].querySelector('button').click()")
        self.browser.wait("document.querySelector('.tools .hint').textContent !== arguments[0]", before)
        longest = self.browser.run("return document.querySelector('main [type=search]').maxLength")
        self.assertEqual(longest, LONGEST_NEEDLE)  # more is refused, in English
        self.put("main [type=search]", "/robots.txt")
        self.browser.run("document.querySelector('form.tools button').click()")
        self.says("connected", ".tools [role=status]")
        self.assertTrue(self.browser.url.endswith("?text=%2Frobots.txt"))
        self.jmap(["Core/echo", {}, "0"])
        self.get("/robots.txt")
        self.says("method=GET url=/robots.txt", ".live")
        self.assertNotIn("jmap.method-call", self.browser.text(".live"))

    def test_keyboard_goes_through_events(self) -> None:
        self.sign_in("/admin/live")
        self.says("connected", ".tools [role=status]")
        self.get("/robots.txt")
        self.browser.wait("document.querySelectorAll('.live-row').length > 2")
        self.click("Pause")
        self.browser.run("document.querySelector('.live').focus()")
        self.browser.press("\ue013", "\ue013")
        role, name = self.browser.accessible(".live-row.chosen")
        self.assertEqual(role, "option")
        self.assertIn(name.split()[1], self.browser.text("section.card h2"))

    def test_ten_thousand_events_are_few_elements(self) -> None:
        self.sign_in("/admin/live")
        self.says("connected", ".tools [role=status]")
        self.browser.run(
            """const one = (at) => ({ event: 'http.error', timestamp: '2026-11-21T00:00:00Z',
              keyValues: { 0: { key: 'reason', value: { '@type': 'String', value: arguments[0] + at } },
                1: { key: 'spanId', value: { '@type': 'UnsignedInt', value: 1 } } } });
            const data = JSON.stringify(Array.from({ length: 12000 }, (_, at) => one(at)));
            live.dispatchEvent(new MessageEvent('trace', { data }))""",
            HOSTILE,
        )
        self.browser.wait("/10,000 events/.test(document.querySelector('main').innerText)")
        self.assertLess(self.browser.run("return document.querySelectorAll('.live *').length"), 300)
        self.browser.wait("document.querySelector('.live').innerText.includes('11999')")
        self.browser.run("document.querySelector('.live').scrollTop = 0")
        # the first ones are forgotten, a few more for what the server tells meanwhile
        self.browser.wait("/evil2[01]\\d\\d/.test(document.querySelector('.live').innerText)")
        self.browser.run("document.querySelector('.live-row').click()")
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img').length"), 0)

    def test_broken_stream_is_told_and_begun_again(self) -> None:
        self.sign_in("/admin/live")
        self.says("connected", ".tools [role=status]")
        self.browser.run("window.former = live; live.dispatchEvent(new Event('error'))")
        self.says("interrupted", ".tools [role=status]")
        self.says("connected", ".tools [role=status]")
        self.assertTrue(self.browser.run("return live !== former && former.readyState === 2"))
        self.get("/robots.txt")
        self.says("http.request-url", ".live")

    def sign_in(self, path: str = "/admin/", login: str = ADMIN) -> None:
        """The stream of the page is at hand as `live`."""
        catch = "const Made = EventSource; EventSource = function (url) { return (window.live = new Made(url)); }"
        made = self.browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=catch)
        self.addCleanup(
            self.browser.devtools, "Page.removeScriptToEvaluateOnNewDocument", identifier=made["identifier"]
        )
        super().sign_in(path, login)


class TaskTests(AdministratorTestCase):
    """What waits, what has failed."""

    def test_failed_task_is_shown_with_its_reason_and_run_again(self) -> None:
        domain = self.listed("x:Domain")[0]
        failed = {"@type": "Failed", "failureReason": f"no answer {HOSTILE} {'x' * 10_000}", "failedAttemptNumber": 3}
        id = self.created("x:Task", **{"@type": "DkimManagement", "domainId": domain["id"], "status": failed})
        self.sign_in("/admin/tasks?status=Failed")
        self.says("no answer <img src=x", "table")
        self.assertLess(self.browser.run("return document.querySelector('table').offsetHeight"), 850)
        self.says(domain["name"], "table")
        self.says("3 attempts", "table")
        self.looks_good()
        self.click("Run now", "table")
        self.says("No task has failed", "main")
        self.assertNotIn("Failed", json.dumps([one["status"] for one in self.listed("x:Task") if one["id"] == id]))


class BanTests(AdministratorTestCase):
    """Blocked addresses."""

    def test_address_is_blocked_and_let_in_again(self) -> None:
        self.sign_in("/admin/bans")
        self.says("Nobody is blocked")
        self.click("Block an address")
        self.browser.fill("dialog input", "nonsense")
        self.browser.press(ENTER)
        self.browser.wait("document.querySelector('dialog .field.wrong .problem:not([hidden])')")
        self.browser.fill("dialog input", "192.0.2.0/24")
        self.browser.press(ENTER)
        self.says("192.0.2.0/24", "table")
        self.assertEqual([one["address"] for one in self.listed("x:BlockedIp")], ["192.0.2.0/24"])
        self.click("Block an address")
        self.browser.fill("dialog input", "::ffff:192.0.2.9/120")
        self.browser.press(ENTER)
        self.says("This value is already in use.", "dialog")
        self.click("Cancel", "dialog")
        self.looks_good()
        self.assertEqual(self.browser.accessible("table button"), ("button", "Unblock 192.0.2.0/24"))
        self.click("Unblock", "table")
        self.says("Nobody is blocked")
        self.assertEqual(self.listed("x:BlockedIp"), [])
        self.assertEqual(self.browser.run("return document.activeElement.tagName"), "H1")

    def test_what_is_too_much_is_done_all_the_same_and_what_is_in_vain_is_told(self) -> None:
        self.addCleanup(
            lambda: self.jmap(["x:BlockedIp/set", {"destroy": [one["id"] for one in self.listed("x:BlockedIp")]}, "0"])
        )
        self.sign_in("/admin/bans")
        self.click("Block an address")
        self.browser.fill("dialog input", "::/0")
        self.browser.press(ENTER)
        self.says("Do it all the same?", "dialog:last-of-type")
        self.says("This would block more than a /16.", "dialog:last-of-type")
        self.click("Cancel", "dialog:last-of-type")
        self.says("This would block more than a /16.", "dialog .field.wrong")
        self.assertEqual(self.listed("x:BlockedIp"), [])
        self.browser.press(ENTER)
        self.click("Yes", "dialog:last-of-type")
        self.says("::/0", "table")
        self.click("Block an address")
        self.browser.fill("dialog input", "127.0.0.5")
        self.browser.press(ENTER)
        self.says("127.0.0.5 is stored, but loopback addresses are never blocked.", ".notices .warn")


class CertificateTests(AdministratorTestCase):
    """Certificates of one's own; those that the server gets are looked at with an authority elsewhere."""

    def test_own_certificate_is_added_and_shown_with_its_end(self) -> None:
        private = pem.key()
        ends = datetime.now(UTC) + timedelta(days=4, hours=12)
        chain = pem.certificate(pem.named("x"), private, names=[x509.DNSName("*.example.test")], ends=ends)
        self.sign_in("/admin/certificates")
        self.click("Add your own")
        self.put("dialog textarea", chain)
        self.put("dialog textarea", "nonsense", 1)
        self.click("Add your own", "dialog")
        self.says("Failed to read private key", "dialog .wrong:has([name=privateKey])")
        self.assertEqual(self.browser.text("dialog").count("Failed to read"), 1)
        self.put("dialog textarea", pem.pem(private), 1)
        self.click("Add your own", "dialog")
        self.says("*.example.test", "table")
        self.says("4 days", "table")
        self.looks_good()
        row = "[...document.querySelectorAll('tbody tr')].find((one) => one.innerText.includes('*.example.test'))"
        self.browser.run(f"[...{row}.querySelectorAll('button')].find((one) => one.innerText === 'Delete').click()")
        self.click("Delete", "dialog")
        self.browser.wait(f"!{row}")
        self.click("Add your own")
        ended = datetime.now(UTC) - timedelta(days=1)
        names = [x509.DNSName("*.example.test")]
        self.put("dialog textarea", pem.certificate(pem.named("x"), private, names=names, ends=ended))
        self.put("dialog textarea", pem.pem(private), 1)
        self.click("Add your own", "dialog")
        self.says("has expired: nobody trusts it", ".notices .bad")
        self.jmap(["x:Certificate/set", {"destroy": [one["id"] for one in self.listed("x:Certificate")]}, "0"])

    def test_what_an_authority_answered_is_shown_with_the_next_attempt(self) -> None:
        domain = self.listed("x:Domain")[0]
        status = {"@type": "Retry", "attemptNumber": 2, "failureReason": HOSTILE, "due": "2099-01-01T00:00:00Z"}
        id = self.created("x:Task", **{"@type": "AcmeRenewal", "domainId": domain["id"], "status": status})
        self.sign_in("/admin/certificates")
        row = "tbody tr:last-child"
        for words in (domain["name"], "none yet", "is tried again", "2 attempts", "<img src=x", "next attempt in"):
            self.says(words, row)
        self.looks_good()
        self.click("Order now", row)
        self.says("The authority is asked", ".notices")
        self.jmap(["x:Task/set", {"destroy": [id]}, "0"])


class QueueTests(AdministratorTestCase):
    """Letters that wait."""

    def test_letter_is_shown_tried_again_and_given_up(self) -> None:
        self.send("nobody@silent.page.test")
        self.sign_in("/admin/queue")
        self.says("nobody@silent.page.test", "table")
        self.looks_good()
        self.click("Source", "table")
        self.says("Subject:", "dialog pre")
        self.assertEqual(self.browser.run("return document.querySelectorAll('dialog img').length"), 0)
        self.browser.run("document.querySelector('dialog').close()")
        self.click(ADMIN, "table")
        self.says("Return path", "main form")
        self.looks_good()
        self.click("← Queued messages")
        self.says("Queue", "h1")
        self.click("Try now", "table")
        self.says("An attempt is made", ".notices")
        self.click("Pause")
        self.says("Sending is paused", "main .verdict")
        self.assertNotIn("Try now", self.browser.text("main"))
        self.assertEqual(self.look(), [])
        self.go("/admin/")
        self.says("Sending is paused", "main")
        self.go("/admin/queue")
        self.click("Resume")
        self.browser.wait("!document.querySelector('main .verdict')")
        self.says("Pause", "main .tools")
        self.click("Search all letters")
        self.browser.wait("document.querySelector('main [type=search]')")
        kept = [one["id"] for one in self.listed("x:QueuedMessage")]
        self.send("gone@silent.page.test")
        self.go("/admin/queue")
        self.says("gone@", "table")
        sent = [one["id"] for one in self.listed("x:QueuedMessage") if one["id"] not in kept]
        self.jmap(["x:QueuedMessage/set", {"destroy": sent}, "0"])
        self.click("Try these now")
        self.says("does not exist", ".notices .bad")
        self.browser.wait("!document.querySelector('table')?.innerText.includes('gone@')")
        self.click("Give up", "table")
        self.click("Give up", "dialog")
        self.says("No letter waits")
        self.assertEqual(self.listed("x:QueuedMessage"), [])

    def send(self, recipient: str) -> None:
        """A letter of the administrator that cannot be delivered at once."""
        using = [f"urn:ietf:params:jmap:{name}" for name in ("core", "mail", "submission")]
        account = {"accountId": next(one["id"] for one in self.listed("x:Account") if one["emailAddress"] == ADMIN)}
        (_, boxes, _), (_, identities, _) = self.jmap(
            ["Mailbox/query", account, "0"], ["Identity/get", {**account, "ids": None}, "1"], using=using
        )
        draft = {
            "mailboxIds": {boxes["ids"][0]: True},
            "from": [{"email": ADMIN}],
            "to": [{"email": recipient}],
            "subject": HOSTILE,
            "bodyStructure": {"type": "text/plain", "partId": "1"},
            "bodyValues": {"1": {"value": "Hello"}},
        }
        submission = {"emailId": "#d", "identityId": identities["list"][0]["id"]}
        answers = self.jmap(
            ["Email/set", {**account, "create": {"d": draft}}, "0"],
            ["EmailSubmission/set", {**account, "create": {"s": submission}}, "1"],
            using=using,
        )
        self.assertIn("s", answers[1][1]["created"] or {}, answers)


class ReportTests(AdministratorTestCase):
    """What other servers report of ours, by mail."""

    def wants_reports(self, domain: str, address: str | None) -> None:
        """Where reports about a domain are wanted."""
        self.jmap(["x:Domain/set", {"update": {domain: {"reportAddressUri": address}}}, "0"])

    def test_reports_that_came_by_mail_are_found_read_and_deleted(self) -> None:
        domain = self.listed("x:Domain")[0]
        self.addCleanup(self.wants_reports, domain["id"], domain["reportAddressUri"])
        self.wants_reports(domain["id"], f"mailto:{USER}")
        hostile = corpus("dmarc_large_provider.xml").replace(b">large.test<", f">{escape(HOSTILE)}<".encode())
        sent = letters()
        with smtplib.SMTP("127.0.0.1", self.world.smtp_port or 0, timeout=20) as client:
            for letter in (sent["dmarc gzip"], whole_body(hostile, "text/xml", "a.xml"), sent["tls gzip"]):
                client.sendmail("reports@good.page.test", [USER], letter)
        self.sign_in("/admin/objects/DmarcExternalReport")
        self.says("1 to 2 of 2", ".pager")
        self.looks_good()
        self.browser.fill("main [type=search]", "198.51.100.25")
        self.browser.wait("document.querySelectorAll('tbody tr').length === 1")
        self.click("example.test", "tbody")
        self.says("[U+202E]evil", "main")
        self.browser.run("for (const one of document.querySelectorAll('main details')) one.open = true")
        self.says("198.51.100.25", "main details dl")
        for text in ("reject", "41", "202701r"):
            self.says(text, "main")
        self.assertFalse(self.browser.run("return document.querySelector('main img, .save-bar')"))
        self.looks_good()
        self.click("Delete")
        self.click("Delete", "dialog")
        self.says("Deleted", ".notices")
        self.says("1 to 1 of 1", ".pager")
        self.go("/admin/objects/TlsExternalReport")
        self.click("example.test", "tbody")
        self.says("Large Provider Inc.", "main")
        self.browser.run("for (const one of document.querySelectorAll('main details')) one.open = true")
        self.says("312", "main details dl")
        self.looks_good()
        self.go("/admin/objects/TlsReportSettings")  # those that the server sends
        self.says("How often a domain gets one", "main form")
        self.looks_good()
        for type in ("x:DmarcExternalReport", "x:TlsExternalReport"):
            self.jmap([f"{type}/set", {"destroy": [one["id"] for one in self.listed(type)]}, "0"])


class HostedTests(AdministratorTestCase):
    """An interface of somebody else in the place of one of ours."""

    def test_links_lead_to_it_and_back(self) -> None:
        page = '<!doctype html><base href="/"><title>Other</title><h1>Another interface</h1>'
        page += '<a href="/admin/about">Back</a>'
        path = self.world.folder / "other.zip"
        path.write_bytes(zipped({"index.html": page.encode()}))
        members = {"description": "Other", "resourceUrl": path.as_uri(), "urlPrefix": {"/account": True}}
        id = self.created("x:Application", **members)
        self.addCleanup(self.jmap, ["x:Application/set", {"destroy": [id]}, "0"])
        self.until_hosted()
        self.sign_in("/admin/about")
        self.browser.run("document.querySelector('header a[href^=\"/account\"]').click()")
        self.says("Another interface", "h1")
        self.assertEqual(self.browser.url, f"{self.world.url}/account/")
        self.click("Back", "body")
        self.browser.wait(READY)
        self.assertEqual(self.browser.url, f"{self.world.url}/admin/about")

    def until_hosted(self) -> None:
        """It is taken into service in the background."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with urllib.request.urlopen(f"{self.world.url}/account/", timeout=20) as answer:
                if b"Another interface" in answer.read():
                    return
            time.sleep(0.05)
        raise AssertionError(self.world.log()[-2000:])


class RelatedTests(AdministratorTestCase):
    """What belongs to an object is one link away."""

    def test_members_of_a_group(self) -> None:
        domain = self.listed("x:Domain")[0]["id"]
        group = self.created("x:Account", **{"@type": "Group", "name": "choir", "domainId": domain})
        members = {group: True}
        member = self.created(
            "x:Account", **{"@type": "User", "name": "dora", "domainId": domain, "memberGroupIds": members}
        )
        self.sign_in(f"/admin/objects/Account-Group/{group}")
        self.click("Users", "nav.tools")
        self.says("dora", "table")
        self.assertNotIn("alice", self.browser.text("table"))
        self.jmap(["x:Account/set", {"destroy": [member, group]}, "0"])

    def test_what_uses_an_object_is_named_with_a_link(self) -> None:
        inner = self.created("x:Role", description="Inner")
        outer = self.created("x:Role", description="Outer", roleIds={inner: True})
        self.addCleanup(self.jmap, ["x:Role/set", {"destroy": [outer, inner]}, "0"])
        self.sign_in(f"/admin/objects/Role/{inner}")
        self.click("Delete")
        self.click("Delete", "dialog")
        self.says("Role Outer", ".notices .bad a")
        self.browser.run("document.querySelector('.notices a').click()")
        self.browser.wait("location.pathname === arguments[0]", f"/admin/objects/Role/{outer}")
        self.says("Outer", "h1")

    def test_long_names_break_no_page(self) -> None:
        tenant = self.created("x:Tenant", name="w" * 10_000)
        self.addCleanup(self.jmap, ["x:Tenant/set", {"destroy": [tenant]}, "0"])
        self.sign_in(f"/admin/objects/Tenant/{tenant}")
        self.assertLess(self.browser.run("return document.querySelector('h1').offsetHeight"), 850)
        self.go("/admin/objects/Account-Group/new")
        long = "[...document.querySelectorAll('.joined option')].find((one) => one.innerText.startsWith('www'))"
        self.browser.wait(long)
        self.browser.run(f"{long}.textContent = 'w'.repeat(10000)")
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 1280)

    def test_permissions_are_found_and_chosen(self) -> None:
        self.sign_in("/admin/objects/Role/new")
        self.browser.fill("[data-field=description] input", "Watchers")
        self.put("[data-field=enabledPermissions] [type=search]", "live m")
        self.says("1 of 1 are shown", "[data-field=enabledPermissions]")
        self.browser.run("document.querySelector('[data-field=enabledPermissions] [type=checkbox]').click()")
        self.says("1 chosen", "[data-field=enabledPermissions]")
        self.click("Create")
        self.says("Watchers", "table")
        made = next(one for one in self.listed("x:Role") if one["description"] == "Watchers")
        self.assertEqual(len(made["enabledPermissions"]), 1)
        self.jmap(["x:Role/set", {"destroy": [made["id"]]}, "0"])


class EditTests(AdministratorTestCase):
    """What becomes of what somebody has typed."""

    ROOT = "[data-field=redirectRoot] input"

    def tearDown(self) -> None:
        self.jmap(["x:Http/set", {"update": {"singleton": {"redirectRoot": "/account", "enableHsts": False}}}, "a"])
        super().tearDown()

    def test_two_administrators_take_what_they_agree_on(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.put(self.ROOT, "/admin")
        self.browser.run("document.querySelector('[data-field=enableHsts] input').click()")
        self.jmap(["x:Http/set", {"update": {"singleton": {"redirectRoot": "/diagnose"}}}, "a"])
        self.click("Save")
        self.click("Save", "dialog")
        self.says("Somebody else has changed this", "dialog:last-of-type")
        self.assertEqual(self.look(), [])
        self.click("Take theirs", "dialog:last-of-type")
        self.says("Saved", ".notices")
        self.assertEqual((self.setting("redirectRoot"), self.setting("enableHsts")), ("/diagnose", True))
        value = self.browser.run(f"return document.querySelector('{self.ROOT}').value")
        self.assertEqual(value, "/diagnose")

    def test_what_is_discarded_leaves_lists_too(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.click("Add", "[data-field=responseHeaders]")
        self.browser.wait("document.activeElement.matches('[data-field=responseHeaders] .row input')")
        self.click("Remove", "[data-field=responseHeaders]")
        self.assertEqual(self.browser.run("return document.activeElement.textContent"), "Add")
        self.click("Add", "[data-field=responseHeaders]")
        self.put("[data-field=responseHeaders] .row input", "X-Test")
        self.click("Discard")
        self.browser.wait("!document.querySelector('[data-field=responseHeaders] .row')")

    def test_server_that_is_away_costs_nothing_that_was_typed(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.put(self.ROOT, "/admin")
        there: dict[str, Any] = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.devtools("Network.enable")
        self.addCleanup(self.browser.devtools, "Network.emulateNetworkConditions", **there)
        self.browser.devtools("Network.emulateNetworkConditions", **(there | {"offline": True}))
        self.click("Save")
        self.click("Save", "dialog")
        self.says("The server cannot be reached", ".banner")
        self.browser.devtools("Network.emulateNetworkConditions", **there)
        self.browser.wait("!document.querySelector('.banner')")
        self.assertEqual(self.browser.run(f"return document.querySelector('{self.ROOT}').value"), "/admin")
        self.click("Save")
        self.click("Save", "dialog")
        self.says("Saved", ".notices")
        self.assertEqual(self.setting("redirectRoot"), "/admin")

    def test_kept_trace_is_read_event_by_event(self) -> None:
        before = {one["id"] for one in self.listed("x:Trace")}
        self.sign_in("/admin/diagnose")
        self.put("main [name=target]", "good.page.test")
        self.browser.run("document.querySelector('main form button').click()")
        self.browser.wait("document.querySelector('.verdict')?.innerText.includes('Finished')")
        kept = self.kept("good.page.test", before)
        self.go("/admin/objects/Trace")
        self.browser.wait("document.querySelector(arguments[0])", f"tbody a[href$='/{kept}']")
        self.go(f"/admin/objects/Trace/{kept}")
        self.says("delivery.diagnosis-start", "main")
        self.browser.run("document.querySelector('main ol details').open = true")
        self.says("good.page.test", "main ol details dl")
        self.assertFalse(self.browser.run("return document.querySelector('.save-bar')"))
        self.looks_good()

    def kept(self, target: str, before: set[str]) -> str:
        """The diagnosis of ``target`` that is none of those ``before``; they are stored together, from time to time."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for one in self.listed("x:Trace"):
                told = json.dumps(one)
                if one["id"] not in before and "delivery.diagnosis-start" in told and target in told:
                    return str(one["id"])
            time.sleep(0.1)
        raise AssertionError(f"no trace of {target} was kept:\n{self.world.log()[-4000:]}")


class ManyTests(AdministratorTestCase):
    """More objects than are shown at once."""

    def test_object_beyond_the_first_ones_is_found_and_chosen(self) -> None:
        names = [f"Watch {at:03}" for at in range(210)]
        create = {f"r{at}": {"description": name} for at, name in enumerate(names)}
        made = self.jmap(["x:Role/set", {"create": create}, "0"])[0][1]["created"]
        ids = [one["id"] for one in made.values()]
        self.addCleanup(self.jmap, ["x:Role/set", {"destroy": ids}, "0"])
        self.sign_in("/admin/objects/Role/new")
        self.put("[data-field=roleIds] [type=search]", "Watch 209")
        box = "[data-field=roleIds] .picks"
        self.browser.wait(f"document.querySelector('{box}').innerText.trim() === 'Watch 209'")
        self.browser.run(f"document.querySelector('{box} input').click()")
        self.put("[data-field=roleIds] [type=search]", "Watch 000")
        self.says("Watch 000", box)
        self.says("Watch 209", box)
        self.browser.fill("[data-field=description] input", "All watches")
        self.click("Create")
        self.says("All watches", "table")
        (role,) = [one for one in self.listed("x:Role") if one["description"] == "All watches"]
        self.assertEqual(list(role["roleIds"]), [made["r209"]["id"]])
        self.jmap(["x:Role/set", {"destroy": [role["id"]]}, "0"])
