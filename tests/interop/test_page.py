"""The diagnosis page in a real browser: what a person sees, hears and can do, and what must stay secret."""

from __future__ import annotations

import atexit
import base64
import http.client
import time
import typing
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import msgspec
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.mail.delivery.stages import Exchanges, HostSummary, TranscriptLine, stage_types
from tests.interop.browser import ENTER, SHIFT, SPACE, TAB, Browser, BrowserFailed, missing
from tests.interop.page_measures import (
    CONTRAST,
    FOCUSED,
    OVERFLOW,
    REPLAY,
    SECRETS,
    SMALL_TARGETS,
    WATCH,
)
from tests.interop.page_world import MARKUP, PageWorld

ADMIN, USER = "admin@example.test", "alice@example.test"
INSECURE = "insecure.test"  # unlike loopback no "potentially trustworthy" origin
FINISHED = "document.getElementById('status').textContent.startsWith('Finished')"
HEAVIEST = 12 * 1024


@cache
def stage() -> tuple[PageWorld, Browser] | Exception:
    """The world and the browser that all tests share, or why they cannot be had; they end with the run."""
    try:
        world = PageWorld()
        atexit.register(world.close)
        browser = Browser(f"--host-resolver-rules=MAP {INSECURE} 127.0.0.1")
        atexit.register(browser.close)
    except (OSError, BrowserFailed) as problem:
        return problem
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    return world, browser


class PageTestCase(SynchronousTestCase):
    """A freshly opened page; afterwards its console must be empty, but for the answers that a test asks for."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        shared = stage()
        if isinstance(shared, Exception):
            raise shared
        self.world, self.browser = shared
        self.screen(1024, 800)
        self.scheme("light")
        self.open(f"{self.world.url}/diagnose")
        self.browser.messages()

    def tearDown(self) -> None:
        refusals = "Failed to load resource: the server responded with a status of 4"
        self.assertEqual([text for text in self.browser.messages() if refusals not in text], [])
        self.assertEqual(self.browser.run("return window.seen ? seen.violations : []"), [])

    def open(self, url: str) -> None:
        self.browser.open("about:blank")
        self.browser.open(url)

    def screen(self, width: int, height: int) -> None:
        self.browser.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def scheme(self, name: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.browser.devtools("Emulation.setEmulatedMedia", features=features)

    def start(self, target: str, login: str = ADMIN, password: str | None = None) -> None:
        """Fill in the form and press Enter in the last field."""
        self.browser.fill("#target", target)
        self.browser.fill("#user", login)
        self.browser.fill("#password", self.world.accounts[login] if password is None else password)
        self.browser.press(ENTER)

    def finish(self, target: str) -> None:
        """Diagnose ``target`` from beginning to end."""
        self.start(target)
        self.browser.wait(FINISHED)

    def rows(self, kind: str = "li") -> list[str]:
        """The texts of the steps."""
        script = "return [...document.querySelectorAll('#groups ' + arguments[0])].map((row) => row.textContent)"
        return list(self.browser.run(script, kind))

    def problem(self) -> str:
        """The text of the alert, once there is one."""
        self.browser.wait("document.getElementById('problem').textContent")
        return self.browser.text("#problem")

    def replay(self, stages: Iterable[Any]) -> None:
        """Diagnose with a stream that holds ``stages``."""
        self.browser.run("window.replayed = true")
        self.start("good.page.test")
        self.browser.wait("seen.sources.length")
        self.browser.run(REPLAY, list(stages))


VERDICTS = {  # target: class of the verdict, what it says, a step that explains it
    "postmaster@good.page.test": (
        "ok",
        "connection is secure",
        "ok The certificate is the one published in DNS (DANE)",
    ),
    "selfsigned.page.test": ("warn", "not secure", "no A public authority vouches for the certificate"),
    "plain.page.test": ("warn", "not secure", "failed Switch to encryption (STARTTLS)"),
    "danebad.page.test": ("fail", "does not get through", "failed The certificate is the one published in DNS (DANE)"),
    "nowhere.page.test": ("fail", "does not get through", "failed Find the mail hosts (MX)"),
}


def _verdict(target: str, kind: str, words: str, explained: str) -> Callable[[PageTestCase], None]:
    def test(self: PageTestCase) -> None:
        self.finish(target)
        self.assertEqual(self.browser.run("return document.getElementById('outcome').className"), kind)
        self.assertIn(words, self.browser.text("#verdict"))
        self.assertTrue([row for row in self.rows() if row.startswith(explained)], self.rows())

    return test


class ResultTests(PageTestCase):
    """What is shown."""

    def test_steps_appear_one_after_another(self) -> None:
        self.start("slow.page.test")
        self.browser.wait("document.querySelector('li.running .name')?.textContent === 'Wait for the greeting'")
        self.assertEqual(self.browser.text("#verdict"), "")
        self.browser.wait(FINISHED)
        arrived = {text.split("\n")[-1]: at for at, text in self.browser.run("return seen.rows")}
        greeting, after = "Wait for the greeting", "Say hello and ask what the host can do (EHLO)"
        self.assertGreater(arrived[after] - arrived[greeting], 500)
        self.assertEqual(self.rows("li.running"), [])

    def test_verdict_is_above_the_steps(self) -> None:
        self.finish("good.page.test")
        script = "return ['verdict', 'groups'].map((id) => document.getElementById(id).getBoundingClientRect().top)"
        verdict, steps = self.browser.run(script)
        self.assertLess(verdict, steps)

    def test_each_host_has_a_section_with_its_verdict(self) -> None:
        self.browser.click("#all")
        self.finish("two.page.test")
        titles = self.browser.run("return [...document.querySelectorAll('h3')].map((one) => one.textContent)")
        self.assertEqual(
            titles,
            [
                "Domain two.page.test",
                "Mail host mx.good.page.test takes mail, secure",
                "Mail host mx.selfsigned.page.test takes mail, not secure",
                "Advice",
            ],
        )

    def test_without_the_wish_for_all_the_first_good_host_is_enough(self) -> None:
        self.finish("two.page.test")
        self.assertNotIn("mx.selfsigned", " ".join(self.rows(".group > h3")))

    def test_certificates_and_dialogue_are_folded_away(self) -> None:
        self.finish("good.page.test")
        self.assertNotIn("SHA-256", self.browser.text("#groups"))
        for number in (0, 1):
            self.browser.run("document.querySelectorAll('summary')[arguments[0]].click()", number)
        shown = self.browser.text("#groups")
        for text in (
            "Subject",
            "CN=mx.good.page.test",
            "Issuer",
            "Names",
            "Valid until",
            "UTC",
            "we:   EHLO client.test",
        ):
            self.assertIn(text, shown)

    def test_markup_of_a_host_is_text(self) -> None:
        self.finish("selfsigned.page.test")
        (greeting,) = [row for row in self.rows() if "Wait for the greeting" in row]
        self.assertTrue(greeting.endswith(MARKUP), greeting)
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img, main b').length"), 0)
        self.assertFalse(self.browser.has_dialog())

    def test_every_known_stage_is_shown_in_words(self) -> None:
        self.replay([_sample(kind) for kind in stage_types().values() if kind.__name__ not in ("Summary", "Completed")])
        self.replay_end()
        self.assertEqual([text for text in self.rows() if any(name in text for name in stage_types())], [])
        self.assertEqual(self.rows("li.running"), [])

    def test_unknown_stage_is_shown_by_its_name(self) -> None:
        self.replay([{"type": "novelty", "reason": "for later"}, {"type": "noveltySuccess", "elapsed": 1200}])
        self.replay_end()
        self.assertEqual(self.rows(), ["info novelty for later", "info noveltySuccess 1.2 s"])

    def test_target_can_come_with_the_address(self) -> None:
        self.open(f"{self.world.url}/diagnose?target=a%40good.page.test")
        self.assertEqual(self.browser.run("return document.getElementById('target').value"), "a@good.page.test")
        self.assertEqual(self.rows(), [])

    def test_page_is_light(self) -> None:
        script = """return performance.getEntries().filter((one) => one.encodedBodySize !== undefined)
            .map((one) => [new URL(one.name).origin, one.encodedBodySize])"""
        loaded = self.browser.run(script)
        self.assertEqual({origin for origin, _ in loaded}, {self.world.url})
        self.assertLessEqual(len(loaded), 4)
        self.assertGreater(sum(size for _, size in loaded), 1024)
        self.assertLess(sum(size for _, size in loaded), HEAVIEST)

    def replay_end(self) -> None:
        self.browser.run(REPLAY, [{"type": "summary", "verdict": "ok", "resultType": None, "hosts": []}])
        self.browser.run(REPLAY, [{"type": "completed"}])
        self.browser.wait(FINISHED)


class RunTests(PageTestCase):
    """Starting, replacing, stopping."""

    def test_wrong_password_is_text_on_the_page(self) -> None:
        self.start("good.page.test", password="wrong")
        self.assertEqual(self.problem(), "The account name or the password is wrong.")
        self.assertFalse(self.browser.has_dialog())
        self.assertEqual(self.browser.run(FOCUSED)[0], "password")
        marked = "return [...document.querySelectorAll('[aria-invalid=true]')].map((one) => one.id)"
        self.assertEqual(self.browser.run(marked), ["user", "password"])
        self.finish("good.page.test")
        self.assertEqual(self.browser.run(marked), [])
        self.assertEqual(self.browser.text("#problem"), "")

    def test_browser_asks_for_no_password_of_its_own(self) -> None:
        # Only over plain HTTP from another host: there a browser sends no Sec-Fetch-Mode, so it is offered Basic.
        self.open(f"http://{INSECURE}:{self.world.port}/diagnose")
        self.start("good.page.test", password="wrong")
        self.assertEqual(self.problem(), "The account name or the password is wrong.")

    def test_account_without_permission_is_told_so(self) -> None:
        self.start("good.page.test", USER)
        self.assertIn("This account may not run a diagnosis.", self.problem())
        self.assertIn("enough permissions", self.problem())

    def test_target_that_is_none_is_told_so(self) -> None:
        self.start("192.0.2.1")
        self.assertIn("IP addresses cannot be tested", self.problem())
        self.assertEqual(self.browser.run(FOCUSED)[0], "target")

    def test_too_many_diagnoses_are_told_when_to_try_again(self) -> None:
        streams = [self.stream("hushed.page.test") for _ in range(4)]
        self.start("good.page.test")
        self.assertIn("Try again in", self.problem())
        for stream in streams:
            stream.close()

    def test_second_start_replaces_a_running_test(self) -> None:
        began = time.time()
        self.start("silent.page.test")
        self.world.until("mx.silent.page.test", "open", began)
        self.finish("good.page.test")
        self.world.until("mx.silent.page.test", "closed", began, patience=2)
        self.assertEqual(self.browser.text("h2"), "Delivery to good.page.test")
        self.assertNotIn("silent", self.browser.text("#groups"))

    def test_stop_closes_the_connection_to_the_host(self) -> None:
        began = time.time()
        self.start("silent.page.test")
        self.browser.wait("document.querySelector('li.running .name')?.textContent === 'Wait for the greeting'")
        self.assertEqual(self.browser.run("return document.getElementById('stop').ariaDisabled"), "false")
        stopped = time.time()
        self.browser.click("#stop")
        self.assertLess(self.world.until("mx.silent.page.test", "closed", began) - stopped, 1.0)
        self.assertEqual(self.browser.text("#status"), "Stopped.")
        self.assertEqual(self.rows("li.running"), [])
        self.assertEqual(self.browser.run("return document.getElementById('stop').ariaDisabled"), "true")

    def test_leaving_the_page_closes_the_connection_and_forgets_the_password(self) -> None:
        began = time.time()
        self.start("silent.page.test")
        self.world.until("mx.silent.page.test", "open", began)
        self.browser.open(f"{self.world.url}/assets/diagnose.css")
        self.world.until("mx.silent.page.test", "closed", began, patience=2)
        self.browser.run("history.back()")
        self.browser.wait("document.getElementById('password')")
        self.assertEqual(self.browser.run("return document.getElementById('password').value"), "")

    def test_broken_stream_leaves_what_has_arrived(self) -> None:
        self.replay([{"type": "mxLookupStart", "domain": "good.page.test"}])
        self.browser.run("seen.sources[0].onerror()")
        self.assertIn("interrupted", self.problem())
        self.assertEqual(self.rows(), ["stopped Find the mail hosts (MX)"])
        self.assertTrue(self.browser.run("return seen.sources[0].closed"))

    def stream(self, target: str) -> http.client.HTTPConnection:
        pair = base64.b64encode(f"{ADMIN}:{self.world.accounts[ADMIN]}".encode()).decode("ascii")
        client = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=10)
        self.addCleanup(client.close)
        client.request("GET", f"/api/live/delivery/{target}", headers={"Authorization": f"Basic {pair}"})
        answer = client.getresponse()
        self.assertEqual(answer.status, 200)
        self.addCleanup(answer.close)
        return client


class SecrecyTests(PageTestCase):
    """Password and token stay in memory."""

    def test_password_and_token_are_kept_nowhere(self) -> None:
        logged = len(self.world.log())
        self.finish("good.page.test")
        secrets = [self.world.accounts[ADMIN], *self.browser.run("return seen.tokens")]
        self.assertEqual(len(secrets), 2)
        self.assertGreater(min(map(len, secrets)), 10)
        self.assertEqual(self.browser.run(SECRETS, secrets), [])
        self.assertEqual(self.browser.url, f"{self.world.url}/diagnose")
        history = str(self.browser.devtools("Page.getNavigationHistory"))
        self.assertIn("/diagnose", history)
        told = history + self.world.log()[logged:]
        self.assertEqual([secret for secret in secrets if secret in told], [])
        cookies = self.browser.devtools("Network.getCookies", urls=[self.world.url])["cookies"]
        self.assertEqual(cookies, [])

    def test_policy_stops_inline_scripts_and_styles(self) -> None:
        add = """const one = document.createElement(arguments[0]);
            one.textContent = arguments[1];
            document.body.append(one)"""
        self.browser.run(add, "script", "window.injected = true")
        self.browser.run(add, "style", "body { display: none }")
        self.assertIsNone(self.browser.run("return window.injected"))
        self.assertEqual(len([text for text in self.browser.messages() if "Content Security Policy" in text]), 2)
        found = self.browser.run("return seen.violations.splice(0)")
        self.assertEqual(found, ["script-src-elem inline", "style-src-elem inline"])


class AccessTests(PageTestCase):
    """Keyboard, screen reader, small screens, weak eyes."""

    def test_keyboard_alone_is_enough(self) -> None:
        order = []
        for _ in range(6):
            self.browser.press(TAB)
            order.append(self.browser.run(FOCUSED))
        self.assertEqual([name for name, *_ in order], ["target", "user", "password", "all", "submit", "stop"])
        self.assertEqual({style for _, style, _ in order}, {"solid"})
        self.assertEqual({width for *_, width in order}, {3})
        for _ in range(5):
            self.browser.press(TAB, holding=SHIFT)
        self.browser.press(*"good.page.test", TAB, *ADMIN, TAB, *self.world.accounts[ADMIN])
        self.browser.press(TAB, TAB, SPACE)
        self.browser.wait(FINISHED)
        self.browser.press(TAB, TAB, ENTER)
        self.assertEqual(self.browser.run(FOCUSED)[0], "summary")
        self.assertIn("CN=mx.good.page.test", self.browser.text("#groups"))

    def test_enter_in_the_first_field_starts_and_replaces(self) -> None:
        self.assertEqual(self.browser.run("return document.querySelector('main input[type=text]').name"), "target")
        began = time.time()
        self.start("silent.page.test")
        self.world.until("mx.silent.page.test", "open", began)
        self.browser.fill("#target", "good.page.test")
        self.browser.press(ENTER)
        self.browser.wait(FINISHED)
        self.assertEqual(self.browser.text("h2"), "Delivery to good.page.test")

    def test_focus_stays_where_it_is(self) -> None:
        self.start("silent.page.test")
        self.browser.wait("document.querySelector('li.running .name')?.textContent === 'Wait for the greeting'")
        self.assertEqual(self.browser.run(FOCUSED)[0], "password")
        self.browser.click("#stop")
        self.assertEqual(self.browser.run(FOCUSED)[0], "stop")

    def test_roles_and_names_are_told(self) -> None:
        self.finish("good.page.test")
        told = {
            "form": ("form", "What to test"),
            "#target": ("textbox", "Domain or e-mail address"),
            "fieldset": ("group", "Sign in"),
            "#user": ("textbox", "Account name"),
            "#password": ("textbox", "Password"),
            "[type=submit]": ("button", "Diagnose"),
            "#stop": ("button", "Stop"),
            "#outcome": ("status", ""),
            "#problem": ("alert", ""),
            ".steps": ("list", ""),
            ".steps li": ("listitem", ""),
            "main": ("main", ""),
            "h1": ("heading", "Delivery diagnosis"),
        }
        self.assertEqual({selector: self.browser.accessible(selector) for selector in told}, told)
        self.assertEqual(self.browser.accessible("#all")[0], "checkbox")
        self.assertEqual(self.browser.run("return document.documentElement.lang"), "en")
        levels = self.browser.run("return [...document.querySelectorAll('h1,h2,h3,h4')].map((one) => +one.tagName[1])")
        self.assertEqual(levels, [1, 2, 3, 3, 4, 3])

    def test_quick_run_is_announced_in_three_sentences(self) -> None:
        self.finish("good.page.test")
        told = list(dict.fromkeys(text for text in self.browser.run("return seen.told") if text))
        self.assertEqual(told[:2], ["Signing in.", "Testing good.page.test."])
        self.assertIn("Mail gets through, and the connection is secure.", told[-1])
        self.assertEqual(len(told), 3, told)

    def test_long_wait_is_announced_once(self) -> None:
        self.start("silent.page.test")
        self.browser.wait("document.getElementById('status').textContent === 'Testing: Wait for the greeting.'")
        told = [text for text in self.browser.run("return seen.told") if "greeting" in text]
        self.assertEqual(len(told), 1)

    def test_targets_are_large_enough(self) -> None:
        self.finish("good.page.test")
        self.assertEqual(self.browser.run(SMALL_TARGETS), [])


def _narrow(width: int) -> Callable[[PageTestCase], None]:
    def test(self: PageTestCase) -> None:
        self.screen(width, 640)
        self.browser.click("#all")
        self.finish("two.page.test")
        self.browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
        self.assertEqual(self.browser.run(OVERFLOW), [0, []])
        self.assertTrue(
            self.browser.run("return document.getElementById('verdict').getBoundingClientRect().top < innerHeight")
        )

    return test


def _readable(scheme: str, target: str) -> Callable[[PageTestCase], None]:
    def test(self: PageTestCase) -> None:
        self.scheme(scheme)
        paper = self.browser.run("return getComputedStyle(document.body).backgroundColor")
        self.assertEqual(paper, "rgb(20, 24, 29)" if scheme == "dark" else "rgb(255, 255, 255)")
        self.finish(target)
        self.browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
        self.browser.run("document.getElementById('problem').textContent = 'A problem.'")
        looked, poor = self.browser.run(CONTRAST)
        self.assertGreater(looked, 30)
        self.assertEqual(poor, [])

    return test


for _target, _expected in VERDICTS.items():
    setattr(
        ResultTests, f"test_verdict_of_{_target.replace('@', '_').replace('.', '_')}", _verdict(_target, *_expected)
    )
for _width in (320, 360):
    setattr(AccessTests, f"test_nothing_is_cut_off_at_{_width}_pixels", _narrow(_width))
for _scheme in ("light", "dark"):
    for _target in ("good.page.test", "selfsigned.page.test", "danebad.page.test"):
        _name = f"test_contrast_is_sufficient_for_{_target.partition('.')[0]}_in_{_scheme}"
        setattr(AccessTests, _name, _readable(_scheme, _target))


SAMPLES: dict[str, Any] = {
    "mxs": [Exchanges(["mx.good.page.test."], 10)],
    "policy": {"id": "1", "mode": "enforce", "mx": [{"equals": "mx.a"}, {"startsWith": "b"}], "max_age": 604800},
    "rua": [{"type": "mail", "email": "a@page.test"}, {"type": "http", "url": "https://page.test/"}],
    "record": {"entries": [{"is_end_entity": True, "is_spki": True, "matching": "Sha256", "data": [0, 255]}]},
    "remote_ips": ["192.0.2.1", "2001:db8::1"],
    "lines": [TranscriptLine(">", "EHLO client.test")],
    "hosts": [HostSummary("mx.good.page.test", [], "ok", None)],
    "chain": [{"subject": "CN=mx", "issuer": "CN=ca", "sans": ["mx"], "notAfter": None, "sha256": "00"}],
    "webpki": {"ok": False, "reason": "expired"},
    "topic": "spf",
    "level": "info",
    "verdict": "ok",
}


def _sample(kind: type[msgspec.Struct]) -> Any:
    """A stage of that kind with all its members."""
    hints = typing.get_type_hints(kind)
    members = {
        name: SAMPLES.get(name, 7 if hints[name] in (int, int | None) else [] if "list" in str(hints[name]) else "text")
        for name in kind.__struct_fields__
    }
    return msgspec.to_builtins(kind(**members))
