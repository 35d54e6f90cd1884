"""What the pages say about an application, and the forms that browsers and password managers understand."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.oauth.pages.language import reader_in
from stalwart.oauth.pages.notices import bad_link
from stalwart.oauth.pages.texts import ENGLISH
from stalwart.oauth.pages.views import about_request, opened, password_fields, place_of, second_factor_fields
from stalwart.provider.grants import AuthorizationRequest, Client
from stalwart.provider.scopes import MAIL
from tests.codec.test_markup import Reading

HOSTILE = 'Bank\0 \u202e<script>alert("x")</script>'


def about(client: Client, redirect_uri: str = "https://app.example:8443/cb", *scope: str) -> Reading:
    return Reading(about_request(ENGLISH, AuthorizationRequest(client, redirect_uri, scope)))


def fields(markup: str) -> list[dict[str, str | None]]:
    return [dict(attributes) for name, attributes in Reading(markup).tags if name == "input"]


class ApplicationTests(SynchronousTestCase):
    """Who asks, for what, and where it leads."""

    def test_registered_application_is_named(self) -> None:
        text = about(Client("c", "registered", "Mail App")).text
        self.assertIn("Mail App asks for access", text)
        self.assertNotIn(ENGLISH.unverified, text)

    def test_names_that_nobody_checked_are_marked(self) -> None:
        for kind in ("unregistered", "stateless"):
            self.assertIn(ENGLISH.unverified, about(Client("c", kind, "Mail App")).text)

    def test_nameless_application_is_called_by_its_id(self) -> None:
        self.assertIn("thunder asks", about(Client("thunder", "unregistered")).text)
        self.assertIn("thunder asks", about(Client("thunder", "unregistered", "\u202e\0")).text)

    def test_hostile_name_is_text_without_tricks(self) -> None:
        read = about(Client("c", "unregistered", HOSTILE))
        self.assertNotIn("script", [name for name, _ in read.tags])
        self.assertIn('Bank <script>alert("x")</script> asks', read.text)

    def test_host_that_comes_next_is_named(self) -> None:
        self.assertIn("you go to app.example:8443.", about(Client("c", "registered")).text)

    def test_program_on_this_device_is_named(self) -> None:
        self.assertIn("the program com.example.app on", about(Client("c", "registered"), "com.example.app:/cb").text)

    def test_user_information_does_not_pass_for_a_host(self) -> None:
        self.assertEqual(place_of("https://mail.example.test@evil.example/"), "evil.example")

    def test_scopes_are_explained_in_plain_words(self) -> None:
        text = Reading(opened(ENGLISH, ("openid", MAIL))).text
        self.assertIn("send your mail", text)
        self.assertNotIn("urn:", text)

    def test_no_scope_is_everything(self) -> None:
        self.assertIn(ENGLISH.opens_all, Reading(opened(ENGLISH, ())).text)


class FieldTests(SynchronousTestCase):
    """Fields as password managers and telephones know them."""

    def test_user_name_and_password(self) -> None:
        name, password = fields(password_fields(ENGLISH, 'a"b'))
        self.assertEqual((name["name"], name["autocomplete"], name["value"]), ("username", "username webauthn", 'a"b'))
        self.assertEqual((password["name"], password["type"]), ("password", "password"))
        self.assertEqual(password["autocomplete"], "current-password")

    def test_first_empty_field_has_the_focus(self) -> None:
        for user_name, focused in (("", "username"), ("alice", "password")):
            found = [each["name"] for each in fields(password_fields(ENGLISH, user_name)) if "autofocus" in each]
            self.assertEqual(found, [focused])

    def test_each_field_has_its_label(self) -> None:
        read = Reading(password_fields(ENGLISH, "") + second_factor_fields(ENGLISH, "s", recovery=False))
        labelled = [dict(attributes)["for"] for name, attributes in read.tags if name == "label"]
        self.assertEqual(labelled, ["username", "password", "code"])

    def test_one_time_code_is_filled_in_by_telephones(self) -> None:
        (code,) = [
            each for each in fields(second_factor_fields(ENGLISH, "s", recovery=False)) if each["name"] == "code"
        ]
        self.assertEqual((code["inputmode"], code["autocomplete"]), ("numeric", "one-time-code"))

    def test_recovery_code_has_letters(self) -> None:
        (code,) = [each for each in fields(second_factor_fields(ENGLISH, "s", recovery=True)) if each["name"] == "code"]
        self.assertNotIn("inputmode", code)

    def test_reason_of_a_bad_link_is_text(self) -> None:
        self.assertIn(b"&lt;b&gt;", bad_link(reader_in("en"), "<b>\0\r\n").body)
