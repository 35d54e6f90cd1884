"""`/device` as a browser meets it: the code, who asks for what, the sign-in or the refusal."""

from __future__ import annotations

from stalwart.oauth.pages.texts import ENGLISH, GERMAN
from stalwart.provider.scopes import MAIL
from tests.directory.world import PASSWORD
from tests.oauth.pages.world import PagesWorld, alert, hidden_fields
from tests.web.client import Response

ALICE = {"username": "alice@example.test", "password": PASSWORD}


class DeviceWorld(PagesWorld):
    """Somebody with a device that shows ``shown``."""

    def setUp(self) -> None:
        super().setUp()
        self.shown = self.user_code(scope=(MAIL,))

    def approval(self) -> Response:
        return self.post("/device", {"user_code": self.shown, "action": "find"})

    def send(self, fields: dict[str, str], page: Response) -> Response:
        return self.post("/device", {**hidden_fields(page), **fields})

    def waits(self) -> bool:
        return self.settle(self.devices.find(self.shown)) is not None


class CodeTests(DeviceWorld):
    """Entering the code."""

    def test_code_of_the_address_is_filled_in_and_not_looked_up(self) -> None:
        for path in ("/device", "/device/"):
            answer = self.get(path, {"code": 'AAAA-"<'})
            self.assertEqual(answer.status, 200)
            self.assertIn('value="AAAA-&quot;&lt;"', answer.body.decode())
        self.assertEqual(self.failures, [])

    def test_page_speaks_german(self) -> None:
        self.assertIn(GERMAN.device_hint, self.get("/device", Accept_Language="de").body.decode())

    def test_known_code_shows_who_asks_for_what(self) -> None:
        text = self.approval().body.decode()
        for part in ("A Television", ENGLISH.scopes[MAIL], self.shown, ENGLISH.same_code):
            self.assertIn(part, text)

    def test_code_may_be_typed_carelessly(self) -> None:
        typed = self.shown.lower().replace("-", " ")
        self.assertIn("A Television", self.post("/device", {"user_code": typed}).body.decode())

    def test_unknown_code_counts_as_a_failure(self) -> None:
        answer = self.post("/device", {"user_code": "AAAA-AAAA"})
        self.assertEqual((answer.status, alert(answer)), (200, ENGLISH.unknown_code))
        self.assertEqual(self.failures, [("198.51.100.7", "")])

    def test_guessing_is_stopped(self) -> None:
        self.banned = True
        answer = self.post("/device", {"user_code": "AAAA-AAAA"})
        self.assertEqual((answer.status, alert(answer)), (429, ENGLISH.too_many))

    def test_name_of_a_device_is_text(self) -> None:
        self.shown = self.user_code(name="<b>TV\u202e")
        self.assertIn("<bdi>&lt;b&gt;TV</bdi>", self.approval().body.decode())

    def test_form_of_another_site_is_refused(self) -> None:
        answer = self.post("/device", {"user_code": self.shown, **ALICE}, Sec_Fetch_Site="cross-site")
        self.assertEqual((answer.status, alert(answer)), (403, ENGLISH.foreign))
        self.assertTrue(self.waits())

    def test_form_that_cannot_be_read_is_refused(self) -> None:
        self.assertEqual(self.ask("POST", "/device", {"Content-Type": "text/plain"}, b"x").status, 400)


class ApprovalTests(DeviceWorld):
    """Letting it in, or not."""

    def test_sign_in_lets_the_device_in(self) -> None:
        answer = self.send({**ALICE, "action": "allow"}, self.approval())
        self.assertIn(ENGLISH.approved, answer.body.decode())
        self.assertFalse(self.waits())
        self.assertIn("auth.device-approved", self.event_ids())

    def test_wrong_password_leaves_it_waiting(self) -> None:
        answer = self.send({**ALICE, "password": "x"}, self.approval())
        self.assertEqual(alert(answer), ENGLISH.wrong_password)
        self.assertTrue(self.waits())
        self.assertIn(ENGLISH.approved, self.send(ALICE, answer).body.decode())

    def test_second_factor_is_asked_for(self) -> None:
        self.add_second_factor()
        page = self.send(ALICE, self.approval())
        self.assertIn(ENGLISH.code_hint, page.body.decode())
        wrong = self.send({"code": "000000"}, page)
        self.assertEqual(alert(wrong), ENGLISH.wrong_code)
        self.assertIn(ENGLISH.approved, self.send({"code": self.one_time_code()}, wrong).body.decode())

    def test_recovery_code_has_a_page_of_its_own(self) -> None:
        self.add_second_factor()
        page = self.send({"action": "recovery"}, self.send(ALICE, self.approval()))
        self.assertIn(ENGLISH.recovery_hint, page.body.decode())

    def test_step_is_good_for_its_own_device_only(self) -> None:
        self.add_second_factor()
        page = self.send(ALICE, self.approval())
        other = self.user_code()
        answer = self.send({"user_code": other, "code": self.one_time_code()}, page)
        self.assertEqual(alert(answer), ENGLISH.expired)

    def test_passkey_lets_the_device_in(self) -> None:
        self.passkeys.access = self.sign_in()
        answer = self.send({"assertion": '{"ticket":"good","response":{}}'}, self.approval())
        self.assertIn(ENGLISH.approved, answer.body.decode())

    def test_refusal_needs_no_password(self) -> None:
        answer = self.send({"action": "deny"}, self.approval())
        self.assertIn(ENGLISH.denied, answer.body.decode())
        self.assertFalse(self.waits())

    def test_code_is_good_once(self) -> None:
        page = self.approval()
        self.send(ALICE, page)
        self.assertEqual(alert(self.send(ALICE, page)), ENGLISH.unknown_code)
