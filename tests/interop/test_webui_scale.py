"""The web interface with more than fits on a screen, texts that are meant to break it, a slow network."""

from __future__ import annotations

from tests.interop.browser import ENTER
from tests.interop.test_webui import HOSTILE, ServerTestCase
from tests.interop.webui_world import USER

STAGES = 10_000
MANY = 1200
REPLAYED = """
window.sources = [];
window.EventSource = function () {
  const source = Object.assign(new EventTarget(), { close() { this.closed = true; } });
  sources.push(source);
  return source;
};
"""
SEND = """
const [count, hostile] = arguments;
const stages = [{ type: "mxLookupStart", domain: "example.org" }];
for (let host = 0; stages.length < count - 2; host += 1) {
  stages.push({ type: "deliveryAttemptStart", hostname: `mx${host}.example.org` });
  stages.push({ type: "connectionStart", remoteIp: "192.0.2.1" });
  for (let at = 0; at < 60 && stages.length < count - 2; at += 1) {
    stages.push({ type: "ehloSuccess", elapsed: 1, capabilities: [hostile] });
  }
}
stages.push({ type: "summary", verdict: "ok", hosts: [] }, { type: "completed", elapsed: 1 });
const source = sources.at(-1);
return (async () => {
  while (stages.length) {
    const batch = stages.splice(0, 250);
    source.dispatchEvent(new MessageEvent("event", { data: JSON.stringify(batch) }));
    await new Promise((done) => setTimeout(done));
  }
  return source.closed;
})();
"""


class ScaleTests(ServerTestCase):
    """Much of everything."""

    def test_ten_thousand_stages_are_shown_and_not_all_kept(self) -> None:
        self.sign_in("/admin/diagnose")
        self.browser.run(REPLAYED)
        self.browser.fill("main [name=target]", "example.org")
        self.browser.press(ENTER)
        self.browser.wait("sources.length === 1")
        self.assertTrue(self.browser.run(SEND, STAGES, HOSTILE[:300]))
        self.says("Finished", ".verdict")
        rows = "document.querySelectorAll('.stage').length > arguments[0]"
        self.browser.wait(rows, STAGES * 0.95, patience=60)
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img').length"), 0)
        kept = self.browser.run("return JSON.parse(sessionStorage['stalwart.diagnoses'])[0].stages.length")
        self.assertEqual(kept, 1000)

    def test_long_list_is_paged_and_searched(self) -> None:
        domain = self.jmap(["x:Account/query", {"filter": {"name": "alice"}}, "a"])[0][1]["ids"][0]
        domain_id = self.jmap(["x:Account/get", {"ids": [domain]}, "a"])[0][1]["list"][0]["domainId"]
        made: list[str] = []
        try:
            for start in range(0, MANY, 400):
                members = {"@type": "Group", "domainId": domain_id}
                create = {f"n{at}": {**members, "name": f"scale{at:05}"} for at in range(start, start + 400)}
                answer = self.jmap(["x:Account/set", {"create": create}, "a"])[0][1]
                self.assertEqual(answer.get("notCreated") or {}, {})
                made += [one["id"] for one in answer["created"].values()]
            self.walk()
        finally:
            for start in range(0, len(made), 400):
                self.jmap(["x:Account/set", {"destroy": made[start : start + 400]}, "a"])

    def walk(self) -> None:
        self.sign_in("/admin/objects/Account-Group")
        self.says("1,20", ".pager")
        rows = "document.querySelectorAll('tbody tr').length === arguments[0]"
        self.browser.wait(rows, 50)
        first = self.browser.text("tbody tr td:nth-child(2)")
        self.click("Next")
        self.browser.wait("!document.querySelector('tbody').innerText.includes(arguments[0])", first)
        self.browser.wait(rows, 50)
        self.click("Previous")
        self.browser.wait("document.querySelector('tbody').innerText.includes(arguments[0])", first)
        self.browser.fill("main [type=search]", "scale00777")
        self.browser.wait(rows, 1)
        self.assertEqual(self.look(), [])

    def test_slow_network_shows_that_something_is_coming(self) -> None:
        self.sign_in("/admin/")
        conditions = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
        self.browser.devtools("Network.enable")
        self.browser.devtools("Network.emulateNetworkConditions", **conditions)
        try:
            self.browser.run("document.querySelector('nav a[href$=\"/objects/Role\"]').click()")
            self.browser.wait("document.querySelector('main [aria-busy=true]')")
            self.browser.wait("document.querySelector('main tbody tr')", patience=30)
            self.assertLess(self.browser.run("return seen.shifts"), 0.001)
        finally:
            fast = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
            self.browser.devtools("Network.emulateNetworkConditions", **fast)

    def test_hostile_texts_in_every_field_of_a_form_are_text(self) -> None:
        self.sign_in("/admin/objects/Role/new")
        fill = """for (const box of document.querySelectorAll("main form input[type=text], main form textarea")) {
            box.value = arguments[0]; box.dispatchEvent(new Event("input", { bubbles: true })); }"""
        self.browser.run(fill, HOSTILE)
        self.click("Create")
        self.browser.wait("document.querySelector('#form-problem:not([hidden]), table')")
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img').length"), 0)
        self.assertEqual(self.look(), [])
        found = self.jmap(["x:Role/get", {"ids": None}, "a"])[0][1]["list"]
        mine = [one["id"] for one in found if str(one.get("description")).startswith("<img")]
        self.jmap(["x:Role/set", {"destroy": mine}, "a"])


class PhoneTests(ServerTestCase):
    """What is long, on a small screen."""

    def test_addresses_break_at_their_domain_and_long_texts_end_with_a_mark(self) -> None:
        long = "words of a description " * 8
        made = self.jmap(["x:Role/set", {"create": {"r": {"description": long}}}, "a"])[0][1]["created"]["r"]["id"]
        self.screen(320, 640)
        self.sign_in("/admin/objects/Account-User")
        self.browser.wait("document.querySelector('tbody td wbr')")
        broken = """return [...document.querySelectorAll("td wbr")].map((one) => one.nextSibling.data)"""
        self.assertEqual({text[0] for text in self.browser.run(broken)}, {"@"})
        lines = """return new Set([...document.querySelectorAll(".pager button")].map((one) => one.offsetTop)).size"""
        self.assertEqual(self.browser.run(lines), 1)
        self.go("/admin/objects/Role")
        clamped = "return getComputedStyle(document.querySelector('td .clip')).webkitLineClamp"
        self.assertEqual(self.browser.run(clamped), "2")
        self.assertEqual(self.look(), [])
        self.jmap(["x:Role/set", {"destroy": [made]}, "a"])

    def test_buttons_of_a_folder_stand_in_one_line(self) -> None:
        self.screen(360, 640)
        self.sign_in("/account/shared/mailboxes", USER)
        self.browser.wait("document.querySelector('.rows > li button')")
        lines = """return [...document.querySelectorAll(".rows > li")].map((row) =>
            new Set([...row.querySelectorAll("button")].map((one) => one.getBoundingClientRect().top)).size)"""
        self.assertEqual(set(self.browser.run(lines)), {1})
        self.assertEqual(self.look(), [])


class NoScriptTests(ServerTestCase):
    """JavaScript is switched off."""

    def without_scripts(self, path: str) -> str:
        self.browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.browser.open(self.world.url + path)
        finally:
            self.browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
        return self.browser.text("body")

    def test_pages_say_what_they_need_and_what_goes_without(self) -> None:
        for path in ("/admin/", "/account/password"):
            self.assertIn("needs JavaScript", self.without_scripts(path))
