"""Signing in with Chromium: passkeys of a virtual authenticator, one-time and recovery codes, with and without scripts.

The daemon is real and known as `http://localhost`, which browsers take for a secure place (WebAuthn 3 5.1.3), so the
passkeys are made and used as on a server with TLS. Where a page leads is an address of the test's own.
"""

from __future__ import annotations

import atexit
import json
import shutil
import time
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from attrs import define
from twisted.trial.unittest import SkipTest, SynchronousTestCase
from webauthn.helpers import base64url_to_bytes

from stalwart.directory.totp import Totp, make_uri
from stalwart.oauth.pages.texts import ENGLISH
from tests.interop.browser import ENTER, TAB, Browser, BrowserFailed, missing
from tests.interop.programs import Program, TokenHolder
from tests.interop.test_jmap_clients import free_port
from tests.live.daemon import ADMIN, Daemon, new_folder
from tests.live.people import PASSWORD, Administrator

CREATE = """
const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(arguments[0]);
return navigator.credentials.create({ publicKey }).then((made) => made.toJSON(), (problem) => problem.name);
"""
GET = """
const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(arguments[0]);
return navigator.credentials.get({ publicKey }).then((found) => found.toJSON(), (problem) => problem.name);
"""
INLINE = "document.head.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))"
SENTENCE = "document.getElementById('problem')?.textContent"
CODE = "document.querySelector('[name=code]')?.name"
RECOVERY = "document.querySelector('[value=app]')?.textContent"
_numbers = count(1)


@define
class Stage:
    """What all tests share."""

    daemon: Daemon
    administrator: Administrator
    browser: Browser


@cache
def stage() -> Stage | Exception:
    """The daemon and the browser, or why they cannot be had; they end with the run."""
    port, data = free_port(), new_folder()
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    daemon = Daemon(
        *("stalwart", "--data", str(data), "--http", f"tcp:{port}:interface=127.0.0.1"),
        STALWART_RECOVERY_ADMIN=":".join(ADMIN),
        STALWART_PUBLIC_URL=f"http://localhost:{port}",
    )
    atexit.register(daemon.close)
    try:
        daemon.wait_for_port()
        browser = Browser("--accept-lang=en")
    except (OSError, AssertionError, BrowserFailed) as problem:
        return problem
    atexit.register(browser.close)
    browser.devtools("WebAuthn.enable")
    return Stage(daemon, Administrator(daemon), browser)


class SignInTestCase(SynchronousTestCase):
    """A person of the test's own, and a program that sends her to the page; the console must stay empty."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        shared = stage()
        if isinstance(shared, Exception):
            raise shared
        self.daemon, self.administrator, self.browser = shared.daemon, shared.administrator, shared.browser
        self.base = f"http://localhost:{self.daemon.port}"
        self.browser.open("about:blank")
        self.browser.messages()

    def tearDown(self) -> None:
        self.assertEqual(self.browser.messages(), [])

    def person(self, **members: Any) -> tuple[str, str]:
        return self.administrator.new_user(f"person{next(_numbers)}", **members)

    def open(self, scope: str = "openid email") -> Program:
        """A program, whose sign-in page the browser shows."""
        program = Program(self.daemon.port, scope)
        self.addCleanup(program.close)
        self.browser.open(self.base + program.page)
        return program

    def type_password(self, login: str, password: str = PASSWORD) -> None:
        """Fill in the form by the keyboard alone and press Enter in its last field."""
        self.type_in("username", *login, TAB, *password, ENTER)

    def type_in(self, field: str, *keys: str) -> None:
        """Press keys once ``field`` has the focus, which the page gives it a moment after it is loaded."""
        self.browser.wait("document.activeElement.name === arguments[0]", field)
        self.browser.press(*keys)

    def arrived(self, program: Program) -> dict[str, Any]:
        """The tokens, once the browser has been led back to the program."""
        until = time.monotonic() + 10
        while not self.browser.url.startswith(program.redirect_uri):
            if time.monotonic() > until:
                raise AssertionError(f"still at {self.browser.url}: {self.browser.text('body')}")
            time.sleep(0.02)
        self.assertEqual(len(program.returned()), 1)
        return program.redeem(self.browser.url)

    def told(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """The claims of the ID token, whose signature is checked with the published keys."""
        keys = jwt.PyJWKSet.from_dict(self.daemon.json("/auth/jwks.json", {}))
        key = keys[jwt.get_unverified_header(tokens["id_token"])["kid"]]
        claims: dict[str, Any] = jwt.decode(tokens["id_token"], key, audience="a-program", issuer=self.base)
        return claims

    def refused(self, program: Program, sentence: str) -> None:
        """The page says why, and nobody has been led anywhere."""
        self.assertEqual(self.browser.wait(SENTENCE), sentence)
        self.assertEqual(self.browser.accessible("#problem")[0], "alert")
        self.assertTrue(self.browser.url.startswith(f"{self.base}/login"))
        self.assertEqual(program.returned(), [])


class PasskeyTests(SignInTestCase):
    """Enrolling over JMAP, signing in on the page."""

    def setUp(self) -> None:
        super().setUp()
        self.authenticator = self.new_authenticator()
        self.login, _ = self.person(description="Alice A.")
        self.owner = Administrator(self.daemon, self.login, PASSWORD)

    def new_authenticator(self, *, verifies: bool = True) -> str:
        wanted = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        id = str(self.browser.devtools("WebAuthn.addVirtualAuthenticator", options=wanted)["authenticatorId"])
        self.addCleanup(self.browser.devtools, "WebAuthn.removeVirtualAuthenticator", authenticatorId=id)
        return id

    def created(self, **members: Any) -> tuple[str, Any]:
        """The id of a passkey that is to be, and what Chromium answers to its options."""
        wanted = {"description": "Telephone", "currentSecret": PASSWORD, **members}
        begun = self.owner.create("Passkey", wanted)
        self.open()
        return begun["id"], self.browser.run(CREATE, begun["options"])

    def enrol(self, **members: Any) -> str:
        id, response = self.created(**members)
        self.owner.change("Passkey", {"response": response}, id)
        return id

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.owner.call("x:Passkey/get", {"ids": None})["list"]
        return found

    def credential(self) -> dict[str, Any]:
        """The one credential of the authenticator, with its private key."""
        (found,) = self.browser.devtools("WebAuthn.getCredentials", authenticatorId=self.authenticator)["credentials"]
        return dict(found)

    def put(self, credential: dict[str, Any], sign_count: int) -> None:
        """Make the authenticator hold a copy of ``credential`` that has signed so often."""
        self.browser.devtools("WebAuthn.clearCredentials", authenticatorId=self.authenticator)
        kept = ("credentialId", "isResidentCredential", "rpId", "privateKey", "userHandle")
        copy = {name: credential[name] for name in kept} | {"signCount": sign_count}
        self.browser.devtools("WebAuthn.addCredential", authenticatorId=self.authenticator, credential=copy)

    def sign_in(self) -> dict[str, Any]:
        program = self.open()
        self.browser.click("#use-passkey")
        return self.told(self.arrived(program))

    def test_passkey_signs_in_without_a_name_and_its_use_is_noted(self) -> None:
        began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        id = self.enrol()
        (before,) = self.listed()
        self.assertEqual((before["id"], before["description"], before["lastUsedAt"]), (id, "Telephone", None))
        self.assertEqual(before["transports"], {"internal": True})
        program = self.open()
        self.assertEqual(self.browser.accessible("#use-passkey"), ("button", ENGLISH.passkey))
        self.browser.click("#use-passkey")
        tokens = self.arrived(program)
        claims = self.told(tokens)
        self.assertEqual((claims["email"], claims["amr"]), (self.login, ["hwk", "mfa"]))
        whose = self.daemon.json("/auth/userinfo", {"Authorization": f"Bearer {tokens['access_token']}"})
        self.assertEqual(whose["sub"], claims["sub"])
        (after,) = self.listed()
        self.assertGreaterEqual(after["lastUsedAt"], began)

    def test_passkey_that_was_removed_is_refused(self) -> None:
        id = self.enrol()
        self.sign_in()
        self.assertEqual(self.owner.call("x:Passkey/set", {"destroy": [id]})["destroyed"], [id])
        program = self.open()
        self.browser.click("#use-passkey")
        self.refused(program, ENGLISH.wrong_passkey)
        self.type_password(self.login)
        self.assertEqual(self.told(self.arrived(program))["amr"], ["pwd"])

    def test_copy_of_a_passkey_is_refused(self) -> None:
        self.enrol()
        self.sign_in()
        genuine = self.credential()
        self.put(genuine, 0)
        program = self.open()
        self.browser.click("#use-passkey")
        self.refused(program, ENGLISH.wrong_passkey)
        self.assertIn("(auth.passkey-copied)", self.daemon.log)
        self.put(genuine, genuine["signCount"])
        self.assertEqual(self.sign_in()["email"], self.login)

    def test_passkey_that_is_required_stands_beside_the_password(self) -> None:
        self.enrol(requiredWithPassword=True)
        program = self.open()
        self.type_password(self.login)
        self.browser.wait(CODE)
        self.browser.click("#use-passkey")
        self.assertEqual(self.told(self.arrived(program))["amr"], ["hwk", "mfa"])

    def test_authenticator_that_does_not_know_who_touches_it_is_none(self) -> None:
        self.enrol()
        verifies = {"authenticatorId": self.authenticator, "isUserVerified": False}
        self.browser.devtools("WebAuthn.setUserVerified", **verifies)
        program = self.open()
        self.browser.click("#use-passkey")
        self.refused(program, ENGLISH.passkey_none)

    def test_page_at_an_address_says_that_no_passkey_can_be_used(self) -> None:
        program = self.open()
        self.browser.open(f"{self.daemon.url}{program.page}")
        self.browser.click("#use-passkey")
        self.assertEqual(self.browser.wait(SENTENCE), ENGLISH.passkey_failed)
        self.assertEqual(program.returned(), [])

    def test_authenticator_is_enrolled_once(self) -> None:
        self.enrol()
        _, response = self.created()
        self.assertEqual(response, "InvalidStateError")
        self.assertEqual(len(self.listed()), 1)

    def test_answer_to_other_options_is_refused(self) -> None:
        id, _ = self.created()
        _, response = self.created()
        answer = self.owner.call("x:Passkey/set", {"update": {id: {"response": response}}})
        self.assertEqual(answer["notUpdated"][id]["properties"], ["response"])
        self.assertEqual(self.listed(), [])

    def asked(self, **members: Any) -> dict[str, Any]:
        """What ``POST /api/auth`` answers."""
        status, body = self.owner.post("/api/auth", json.dumps(members).encode())
        self.assertEqual(status, 200, body)
        answer: dict[str, Any] = json.loads(body)
        return answer

    def offered(self, program: Program, ticket: str, response: Any) -> dict[str, Any]:
        """What is answered to an ``authCode`` with what an authenticator has said."""
        named = {name: values[0] for name, values in parse_qs(urlsplit(program.page).query).items()}
        renamed = {"client_id": "clientId", "redirect_uri": "redirectUri", "code_challenge": "codeChallenge"}
        wish = {renamed[name]: named[name] for name in renamed} | {name: named[name] for name in ("scope", "state")}
        proof = {"ticket": ticket, "response": response}
        return self.asked(type="authCode", codeChallengeMethod="S256", passkey=proof, **wish)

    def test_answer_of_an_authenticator_is_good_once(self) -> None:
        self.enrol()
        program = self.open()
        begun, other = self.asked(type="passkeyOptions"), self.asked(type="passkeyOptions")
        response = self.browser.run(GET, begun["options"])
        self.assertEqual(self.offered(program, other["ticket"], response), {"type": "failure"})
        signed_in = self.offered(program, begun["ticket"], response)
        told = urlencode({"code": signed_in["clientCode"], "state": signed_in["state"]})
        self.assertEqual(self.told(program.redeem(f"{program.redirect_uri}?{told}"))["email"], self.login)
        for ticket in (begun["ticket"], self.asked(type="passkeyOptions")["ticket"]):
            self.assertEqual(self.offered(program, ticket, response), {"type": "failure"})

    def test_page_of_another_origin_gets_nowhere_with_a_passkey(self) -> None:
        self.enrol()
        program = self.open()
        begun = self.asked(type="passkeyOptions")
        self.browser.open(program.redirect_uri.replace("127.0.0.1", "localhost"))  # of the same host, on another port
        response = self.browser.run(GET, begun["options"])
        said = json.loads(base64url_to_bytes(response["response"]["clientDataJSON"]))
        self.assertNotIn(said["origin"], (self.base, self.daemon.url))
        self.assertEqual(self.offered(program, begun["ticket"], response), {"type": "failure"})
        wanted = self.owner.create("Passkey", {"description": "Other", "currentSecret": PASSWORD})
        self.browser.devtools("WebAuthn.clearCredentials", authenticatorId=self.authenticator)
        made = self.browser.run(CREATE, wanted["options"] | {"excludeCredentials": []})
        answer = self.owner.call("x:Passkey/set", {"update": {wanted["id"]: {"response": made}}})
        self.assertEqual(answer["notUpdated"][wanted["id"]]["properties"], ["response"])
        self.assertEqual(len(self.listed()), 1)

    def test_inline_script_is_not_run_and_told_to_the_console(self) -> None:
        self.open()
        self.browser.run(INLINE)
        self.assertIsNone(self.browser.run("return window.ran"))
        (complaint,) = self.browser.messages()
        self.assertIn("Content Security Policy", complaint)


class CodeTests(SignInTestCase):
    """Second factors and refusals by the keyboard, which need no script."""

    def setUp(self) -> None:
        super().setUp()
        self.uri = make_uri("Test", "alice")
        self.totp = Totp.from_uri(self.uri)

    def disable_scripts(self) -> None:
        self.browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.browser.devtools, "Emulation.setScriptExecutionDisabled", value=False)

    def protected(self) -> str:
        """The login of somebody with a second factor."""
        credential = {"@type": "Password", "secret": PASSWORD, "otpAuth": self.uri}
        return self.person(credentials={"0": credential})[0]

    def code(self, later: int = 0) -> str:
        return self.totp.code(self.totp.step_at(time.time()) + later)

    def wrong_code(self) -> str:
        near = {self.code(later) for later in range(-2, 3)}
        return next(code for code in map("{:06}".format, range(6)) if code not in near)

    def recovery_code(self, login: str) -> str:
        """One of the codes that somebody has had made after signing in with the present one-time code."""
        program = self.open("")
        self.type_password(login)
        self.browser.wait(CODE)
        self.type_in("code", *self.code(), ENTER)
        holder = TokenHolder(self.daemon, self.arrived(program)["access_token"])
        asked = {"currentSecret": PASSWORD, "otpCode": self.code(1), "regenerate": True}
        answer = holder.call("x:RecoveryCodes/set", {"update": {"singleton": asked}})
        return str(answer["updated"]["singleton"]["codes"][0])

    def take_recovery_code(self, login: str, code: str) -> Program:
        program = self.open()
        self.type_password(login)
        self.browser.wait(CODE)
        self.browser.click("button[value=recovery]")
        self.browser.wait(RECOVERY)
        self.type_in("code", *code, ENTER)
        return program

    def check_one_time_code(self) -> None:
        login = self.protected()
        program = self.open()
        self.type_password(login)
        self.browser.wait(CODE)
        self.assertEqual(self.browser.text("h1"), ENGLISH.code_title)
        self.type_in("code", *self.wrong_code(), ENTER)
        self.refused(program, ENGLISH.wrong_code)
        code = self.code()
        self.type_in("code", *code, ENTER)
        claims = self.told(self.arrived(program))
        self.assertEqual((claims["email"], claims["amr"]), (login, ["pwd", "otp", "mfa"]))
        program = self.open()
        self.type_password(login)
        self.browser.wait(CODE)
        self.type_in("code", *code, ENTER)
        self.refused(program, ENGLISH.wrong_code)

    def check_recovery_code(self) -> None:
        login = self.protected()
        code = self.recovery_code(login)
        claims = self.told(self.arrived(self.take_recovery_code(login, code)))
        self.assertEqual((claims["email"], claims["amr"]), (login, ["pwd", "kba", "mfa"]))
        self.refused(self.take_recovery_code(login, code), ENGLISH.wrong_recovery)

    def check_wrong_password(self) -> None:
        login, _ = self.person()
        program = self.open()
        self.type_password(login, "wrong")
        self.refused(program, ENGLISH.wrong_password)
        self.type_in("password", *PASSWORD, ENTER)  # the name is there still
        self.assertEqual(self.told(self.arrived(program))["amr"], ["pwd"])

    def check_cancel(self) -> None:
        program = self.open()
        self.browser.click("button[value=cancel]")
        with self.assertRaises(KeyError):
            self.arrived(program)
        told = parse_qs(urlsplit(self.browser.url).query)
        self.assertEqual((told["error"], told["iss"]), (["access_denied"], [self.base]))

    def test_passkeys_are_offered_with_scripts_only(self) -> None:
        self.open()
        offered = "return getComputedStyle(document.getElementById('use-passkey')).display !== 'none'"
        self.assertTrue(self.browser.run(offered))
        self.disable_scripts()
        self.open()
        self.assertFalse(self.browser.run(offered))


def _without_scripts(check: Callable[[CodeTests], None]) -> Callable[[CodeTests], None]:
    def test(self: CodeTests) -> None:
        self.disable_scripts()
        check(self)

    return test


for _name in ("one_time_code", "recovery_code", "wrong_password", "cancel"):
    _check = getattr(CodeTests, f"check_{_name}")
    setattr(CodeTests, f"test_{_name}", _check)
    setattr(CodeTests, f"test_{_name}_without_scripts", _without_scripts(_check))
