"""axe-core looks at every page of the web interface: nothing that it knows of stands between a page and its readers."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SkipTest

from stalwart.site.webui.bundle import WebInterface, page_patterns
from stalwart.site.webui.joining import TABLE
from tests.interop.browser import ENTER
from tests.interop.test_jmap_clients import JAVASCRIPT
from tests.interop.test_webui import ACCOUNT_PAGES, ADMIN_PAGES
from tests.interop.webui_world import ADMIN, USER, InterfaceTestCase

AXE = JAVASCRIPT / "node_modules/axe-core/axe.min.js"
RUN = """
return axe.run(document, { resultTypes: ["violations"], ...arguments[0] }).then(({ violations, passes }) => ({
  rules: passes.length,
  found: violations.map(({ impact, id, nodes }) =>
    `${impact} ${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160))}`),
}));
"""
STILL = "document.getAnimations().every((one) => one.effect.getComputedTiming().endTime === Infinity)"
COLOURS = {"runOnly": ["color-contrast"]}
ONLY_AT_FIRST = {"admin/setup"}  # the server is new there


class AxeTests(InterfaceTestCase):
    """Light and dark, wide and narrow."""

    def setUp(self) -> None:
        if not AXE.exists():
            raise SkipTest("axe-core is not installed: tests/interop/clients/prepare")
        super().setUp()
        self.found: list[str] = []

    def violations(self, options: dict[str, Any]) -> list[str]:
        if not self.browser.run("return typeof axe === 'object'"):
            self.browser.run(AXE.read_text())
        self.browser.wait(STILL)
        looked = self.browser.run(RUN, options)
        return list(looked["found"]) if looked["rules"] else ["nothing was looked at"]

    def check(self, name: str) -> None:
        for scheme, width, options in (("light", 1280, {}), ("dark", 1280, COLOURS), ("light", 320, {})):
            self.scheme(scheme)
            self.screen(width, 850)
            self.found += [f"{name} {scheme} {width}: {one}" for one in self.violations(options)]
        self.screen(1280, 850)

    def first_link(self) -> str:
        href = self.browser.wait("document.querySelector('main tbody a, main ul a')?.getAttribute('href')")
        return str(href)

    def test_pages_of_administrators(self) -> None:
        self.sign_in("/admin/")
        for name in ADMIN_PAGES:
            self.go(f"/admin/{name}")
            self.check(name)
        for name in ("domains", "objects/Account-User", "objects/NetworkListener"):
            self.go(f"/admin/{name}")
            self.go(self.first_link())
            self.check(f"one of {name}")
        self.assertEqual(self.found, [])

    def test_pages_of_account_owners(self) -> None:
        self.sign_in("/account/", USER)
        for name in ACCOUNT_PAGES:
            self.go(f"/account/{name}")
            self.check(name)
        self.assertEqual(self.found, [])

    def test_dialogs_and_editors_of_account_owners(self) -> None:
        self.sign_in("/account/", USER)
        for name, text, inside in (
            ("shared/calendars", "Share", "dialog"),
            ("shared/mailboxes", "Add one", "dialog"),
            ("shared/address-books", "Import", "dialog"),
            ("identities", "Edit", "dialog"),
            ("filters", "New rules", ".rule"),
            ("app-passwords", "Add an app password", "dialog"),
        ):
            self.go(f"/account/{name}")
            self.click(text)
            self.browser.wait("document.querySelector(arguments[0])", inside)
            self.check(f"{text} of {name}")
        self.assertEqual(self.found, [])

    def test_every_page_is_among_them(self) -> None:
        looked_at = {f"admin/{name}".strip("/") for name in ADMIN_PAGES}
        looked_at |= {f"account/{name}".strip("/") for name in ACCOUNT_PAGES}
        table = page_patterns(WebInterface().sources[TABLE])
        plain = {pattern for pattern, _ in table if ":" not in pattern}
        self.assertEqual(plain - looked_at - ONLY_AT_FIRST, set())

    def test_sign_in_palette_diagnosis_and_what_is_asked_before_saving(self) -> None:
        self.browser.open(f"{self.world.url}/admin/diagnose")
        self.browser.wait("document.querySelector('[name=password]')")
        self.check("sign-in")
        self.sign_in("/admin/diagnose", ADMIN)
        self.browser.fill("main [name=target]", "postmaster@good.page.test")
        self.browser.press(ENTER)
        self.browser.wait("document.querySelector('.verdict')?.innerText.includes('Finished')")
        self.check("diagnosis")
        self.browser.press("k", holding="\ue009")
        self.browser.wait("document.querySelector('.choices li')")
        self.check("palette")
        self.go("/admin/objects/Http")
        self.browser.fill("[data-field=redirectRoot] input", "/admin")
        self.click("Save")
        self.says("What is going to change", "dialog")
        self.check("review")
        self.assertEqual(self.found, [])

    def test_a_fault_is_found(self) -> None:
        self.browser.open(f"{self.world.url}/robots.txt")
        self.browser.run("document.body.append(document.createElement('img'))")
        self.assertIn("image-alt", json.dumps(self.violations({})))
