"""`/login` as a browser meets it: the page, the form, the second factor, the way back."""

from __future__ import annotations

import re
from typing import Any

from twisted.internet.defer import fail

from stalwart.errors import Unavailable
from stalwart.oauth.pages.carried import REQUEST_LIFETIME, STEP_LIFETIME
from stalwart.oauth.pages.texts import ENGLISH, GERMAN
from stalwart.provider.errors import OAuthError
from stalwart.provider.requests import Redirectable
from stalwart.web.answers import HTML
from tests.directory.world import PASSWORD
from tests.oauth.pages.world import ASKED, PagesWorld, alert, hidden_fields, led_to
from tests.web.client import Response

ALICE = {"username": "alice@example.test", "password": PASSWORD}
INLINE = re.compile(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)")
HEAVIEST = 15 * 1024


class LoginWorld(PagesWorld):
    """Somebody whom an application has sent to the page."""

    def page(self, **changes: str) -> Response:
        return self.get("/login", ASKED | changes)

    def send(self, fields: dict[str, str], page: Response | None = None, **headers: str) -> Response:
        carried = hidden_fields(page if page is not None else self.page())
        return self.post("/login", {**carried, **fields}, **headers)

    def second_page(self) -> Response:
        self.add_second_factor()
        return self.send(ALICE)


class PageTests(LoginWorld):
    """What the page is."""

    def test_page_names_application_scopes_and_place(self) -> None:
        answer = self.page()
        text = answer.body.decode()
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, HTML))
        for part in ("An App", ENGLISH.unverified, ENGLISH.scopes["email"], "app.example"):
            self.assertIn(part, text)

    def test_policy_lets_the_form_lead_to_the_application_only(self) -> None:
        policy = self.page().headers["content-security-policy"]
        self.assertTrue(policy.endswith("form-action 'self' https://app.example"), policy)

    def test_nothing_is_inline(self) -> None:
        for page in (self.page(), self.second_page(), self.get("/device")):
            self.assertEqual(INLINE.findall(page.body.decode()), [])

    def test_everything_the_page_loads_is_served_and_light(self) -> None:
        self.assertEqual(self.get("/assets/oauth/missing.css").status, 404)
        page = self.get("/login", ASKED, Accept_Encoding="gzip")
        weight = len(page.body)
        for link in re.findall(r'(?:src|href)="(/assets/oauth/[^"]+)"', self.page().body.decode()):
            loaded = self.get(link, Accept_Encoding="gzip")
            self.assertEqual(loaded.status, 200, link)
            weight += len(loaded.body)
        self.assertGreater(weight, 1024)
        self.assertLess(weight, HEAVIEST)

    def test_hint_is_the_user_name(self) -> None:
        self.assertIn('value="alice@&quot;x"', self.page(login_hint='alice@"x').body.decode())

    def test_page_speaks_the_language_of_its_reader(self) -> None:
        self.assertIn(GERMAN.password, self.get("/login", ASKED, Accept_Language="de-AT,en;q=0.5").body.decode())
        page = self.page(ui_locales="de")
        self.assertIn(GERMAN.password, page.body.decode())
        self.assertEqual(alert(self.send({**ALICE, "password": "x"}, page)), GERMAN.wrong_password)

    def test_page_without_a_request_says_what_it_is_for(self) -> None:
        answer = self.get("/login")
        self.assertEqual(answer.status, 200)
        self.assertIn(ENGLISH.nothing, answer.body.decode())
        self.assertNotIn("<form", answer.body.decode())

    def test_unknown_application_gets_a_page_without_a_form(self) -> None:
        self.requests.raises = OAuthError("invalid_client", "This <client> is not known.")
        answer = self.page()
        self.assertEqual(answer.status, 400)
        self.assertIn("This &lt;client&gt; is not known.", answer.body.decode())
        self.assertNotIn("<form", answer.body.decode())
        self.assertIn("auth.request-refused", self.event_ids())

    def test_request_may_come_as_a_form_from_anywhere(self) -> None:
        answer = self.post("/login", ASKED, Origin="https://app.example", Sec_Fetch_Site="cross-site")
        self.assertIn("An App", answer.body.decode())

    def test_too_long_a_request_is_refused(self) -> None:
        self.requests.changes = {"state": "s" * 16_000}
        self.assertEqual(self.page().status, 400)

    def test_too_many_parameters_are_refused(self) -> None:
        self.assertEqual(self.ask("GET", "/login?" + "a=1&" * 100).status, 400)

    def test_head_is_answered_without_the_page(self) -> None:
        answer = self.ask("HEAD", "/login")
        self.assertEqual((answer.status, answer.body), (200, b""))


class RefusedRequestTests(LoginWorld):
    """What the application is told, and who is sent there without asking."""

    def refuse(self, redirect_uri: str = "https://app.example/cb", mode: Any = "query") -> Response:
        self.requests.raises = Redirectable("login_required", "Sign in.", redirect_uri, "xyz", mode)
        return self.page(prompt="none")

    def test_known_application_is_told_at_once(self) -> None:
        answer = self.refuse()
        self.assertEqual(answer.status, 303)
        self.assertEqual(
            led_to(answer),
            (
                "https://app.example/cb",
                {
                    "error": "login_required",
                    "error_description": "Sign in.",
                    "state": "xyz",
                    "iss": "https://mail.example.test",
                },
            ),
        )
        self.assertIn("auth.request-refused", self.event_ids())

    def test_nobody_is_sent_to_a_stranger_without_having_done_anything(self) -> None:
        for kind in ("unregistered", "stateless"):
            self.clients.kind = kind
            answer = self.refuse("https://evil.example/cb")
            self.assertEqual((answer.status, answer.headers.get("location")), (400, None))
            self.assertIn("login_required: Sign in.", answer.body.decode())
            self.assertIn('href="https://evil.example/cb?error=login_required&amp;', answer.body.decode())

    def test_program_on_this_device_is_told_at_once(self) -> None:
        self.clients.kind = "unregistered"
        for uri in ("http://127.0.0.1:4321/cb", "com.example.app:/cb"):
            self.assertEqual(led_to(self.refuse(uri))[0], uri)

    def test_form_to_a_stranger_is_not_sent_by_itself(self) -> None:
        self.clients.kind = "unregistered"
        text = self.refuse("https://evil.example/cb", "form_post").body.decode()
        self.assertIn('action="https://evil.example/cb"', text)
        self.assertNotIn("<script", text)

    def test_form_to_a_known_application_is_sent_by_itself(self) -> None:
        text = self.refuse(mode="form_post").body.decode()
        self.assertIn("continue.js", text)
        self.assertIn(ENGLISH.bad_link, text)


class PasswordTests(LoginWorld):
    """Sending the form."""

    def test_right_password_leads_back_with_a_code(self) -> None:
        answer = self.send(ALICE)
        place, told = led_to(answer)
        self.assertEqual((answer.status, place), (303, "https://app.example/cb"))
        self.assertEqual(
            {name: told[name] for name in ("state", "iss")}, {"state": "xyz", "iss": "https://mail.example.test"}
        )
        self.assertEqual(self.tokens_of(told["code"]).scope, ("openid", "email"))

    def test_white_space_that_keyboards_add_does_not_matter(self) -> None:
        self.assertEqual(self.send({**ALICE, "username": " alice@example.test "}).status, 303)

    def test_wrong_password_is_text_and_the_user_name_stays(self) -> None:
        answer = self.send({**ALICE, "password": "x"})
        self.assertEqual((answer.status, alert(answer)), (200, ENGLISH.wrong_password))
        self.assertIn('value="alice@example.test"', answer.body.decode())
        self.assertNotIn('value="x"', answer.body.decode())
        self.assertEqual(self.send(ALICE, answer).status, 303)

    def test_empty_form_is_a_wrong_password(self) -> None:
        self.assertEqual(alert(self.send({})), ENGLISH.wrong_password)

    def test_address_that_fails_too_often_is_told_to_wait(self) -> None:
        self.banned = True
        answer = self.send({**ALICE, "password": "x"})
        self.assertEqual((answer.status, alert(answer)), (429, ENGLISH.too_many))

    def test_account_that_may_not_sign_in_from_here_is_told_so(self) -> None:
        self.patch_account(self.alice, {"credentials/0/allowedIps": {"203.0.113.0/24": True}})
        answer = self.send(ALICE)
        self.assertEqual((answer.status, alert(answer)), (403, ENGLISH.not_allowed))

    def test_password_that_cannot_be_checked_is_no_wrong_one(self) -> None:
        self.patch(self.directory, "authenticate_password", lambda *given, **named: fail(Unavailable()))
        answer = self.send(ALICE)
        self.assertEqual((answer.status, alert(answer)), (503, ENGLISH.unavailable))

    def test_app_password_is_refused(self) -> None:
        _, secret = self.settle(self.accounts.add_app_password(self.alice, "phone"))
        self.assertEqual(alert(self.send({**ALICE, "password": secret})), ENGLISH.wrong_password)

    def test_form_of_another_site_is_refused(self) -> None:
        answer = self.send(ALICE, Sec_Fetch_Site="cross-site")
        self.assertEqual((answer.status, alert(answer)), (403, ENGLISH.foreign))

    def test_changed_request_is_refused(self) -> None:
        answer = self.post("/login", {"sealed": "x" * 60, **ALICE})
        self.assertEqual((answer.status, alert(answer)), (400, ENGLISH.expired_form))

    def test_page_that_was_open_too_long_is_refused(self) -> None:
        page = self.page()
        self.clock.advance(REQUEST_LIFETIME)
        self.assertEqual(self.send(ALICE, page).status, 400)

    def test_form_that_cannot_be_read_is_refused(self) -> None:
        answer = self.ask("POST", "/login", {"Content-Type": "application/json"}, b"{}")
        self.assertEqual((answer.status, answer.headers["content-type"]), (400, HTML))

    def test_cancelling_tells_the_application(self) -> None:
        place, told = led_to(self.send({"action": "cancel"}))
        self.assertEqual((place, told["error"], told["state"]), ("https://app.example/cb", "access_denied", "xyz"))
        self.assertIn("auth.consent-denied", self.event_ids())

    def test_secrets_are_in_no_event(self) -> None:
        _, told = led_to(self.send(ALICE))
        for secret in (PASSWORD, told["code"]):
            self.assertNotIn(secret, repr(self.events))


class SecondFactorTests(LoginWorld):
    """The page after the password."""

    def test_code_is_asked_for_and_taken(self) -> None:
        page = self.second_page()
        self.assertIn(ENGLISH.code_hint, page.body.decode())
        self.assertNotIn(PASSWORD, page.body.decode())
        _, told = led_to(self.send({"code": self.one_time_code()}, page))
        self.assertTrue(self.tokens_of(told["code"]).access_token)

    def test_spaces_in_the_code_do_not_matter(self) -> None:
        page, code = self.second_page(), self.one_time_code()
        self.assertEqual(self.send({"code": f" {code[:3]} {code[3:]} "}, page).status, 303)

    def test_wrong_code_is_text_and_the_next_try_works(self) -> None:
        again = self.send({"code": "000000"}, self.second_page())
        self.assertEqual(alert(again), ENGLISH.wrong_code)
        self.assertEqual(len(self.failures), 1)
        self.assertEqual(self.send({"code": self.one_time_code()}, again).status, 303)

    def test_step_is_good_for_its_own_request_only(self) -> None:
        step = hidden_fields(self.second_page())["step"]
        answer = self.send({"step": step, "code": self.one_time_code()}, self.page(state="other"))
        self.assertEqual(alert(answer), ENGLISH.expired)

    def test_step_is_good_from_its_own_address_only(self) -> None:
        fields = {**hidden_fields(self.second_page()), "code": self.one_time_code()}
        self.assertEqual(alert(self.post("/login", fields, host="203.0.113.9")), ENGLISH.expired)

    def test_step_that_took_too_long_starts_again(self) -> None:
        page = self.second_page()
        self.clock.advance(STEP_LIFETIME)
        answer = self.send({"code": self.one_time_code()}, page)
        self.assertEqual(alert(answer), ENGLISH.expired)
        self.assertIn('name="password"', answer.body.decode())

    def test_recovery_code_has_a_page_of_its_own_and_stays_there(self) -> None:
        page = self.send({"action": "recovery"}, self.second_page())
        self.assertIn(ENGLISH.recovery_hint, page.body.decode())
        again = self.send({"code": "wrong-code"}, page)
        self.assertEqual(alert(again), ENGLISH.wrong_recovery)
        self.assertIn(ENGLISH.recovery_hint, again.body.decode())
        self.assertIn(ENGLISH.code_hint, self.send({"action": "app"}, again).body.decode())

    def test_second_factor_can_be_cancelled(self) -> None:
        self.assertEqual(led_to(self.send({"action": "cancel"}, self.second_page()))[1]["error"], "access_denied")


class PasskeyTests(LoginWorld):
    """What `sign-in.js` puts into the form."""

    def test_passkey_leads_back_with_a_code(self) -> None:
        self.passkeys.access = self.sign_in()
        self.assertIn("code", led_to(self.send({"assertion": '{"ticket":"good","response":{"id":"x"}}'}))[1])

    def test_passkey_stands_in_for_the_code(self) -> None:
        self.passkeys.access = self.sign_in()
        page = self.second_page()
        self.assertIn('id="use-passkey"', page.body.decode())
        self.assertIn("code", led_to(self.send({"assertion": '{"ticket":"good","response":{"id":"x"}}'}, page))[1])

    def test_button_needs_a_script_to_appear(self) -> None:
        self.assertRegex(self.page().body.decode(), r'<button type="button" id="use-passkey" hidden[ >]')

    def test_refused_passkey_is_text(self) -> None:
        answer = self.send({"assertion": '{"ticket":"bad","response":{}}'})
        self.assertEqual(alert(answer), ENGLISH.wrong_passkey)

    def test_what_is_no_passkey_is_text(self) -> None:
        for text in ("x", "{}", "[" * 1000, '{"ticket":1,"response":{}}'):
            self.assertEqual(alert(self.send({"assertion": text})), ENGLISH.passkey_failed)
