"""x:Passkey (auth-api 13.1), with a software authenticator."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import decode_id
from stalwart.directory import recovery_codes
from stalwart.directory.passkey_records import NUMBER
from stalwart.directory.totp import Totp, make_uri
from stalwart.errors import SecondFactorRequired
from stalwart.jmap.registry.proving import WRONG_SECRET
from stalwart.jmap.types.passkey import STILL_REQUIRED, PasskeyHandler
from stalwart.provider.passkeys import Passkeys
from tests.directory.world import IP, NOW, PASSWORD
from tests.jmap.registry.world import ROOT, RegistryWorld
from tests.provider.authenticator import ORIGIN, Authenticator

URI = make_uri("Example", "alice")
NO_SECRET = "Current secret must be provided to add a passkey."


class PasskeyWorld(RegistryWorld):
    """Alice, who is signed in to an application."""

    def setUp(self) -> None:
        super().setUp()
        self.passkeys = Passkeys(self.store, self.directory, self.clock, self.telemetry, ORIGIN)
        self.serve(passkeys=self.passkeys)
        self.alice = self.account()
        self.become("alice")
        self.who = evolve(self.who, session_id=1)
        self.device = Authenticator()

    def begin_one(self, **members: Any) -> tuple[str, dict[str, Any]]:
        """Id and options of a new one."""
        given = {"description": "Phone", "currentSecret": PASSWORD, **members}
        answer = self.ask("x:Passkey/set", {"create": {"p": given}})
        self.assertIsNone(answer["notCreated"])
        created = answer["created"]["p"]
        self.assertEqual(sorted(created), ["id", "options"])
        return created["id"], created["options"]

    def finish_one(self, id: str, response: Any, **patch: Any) -> Any:
        """The answer to an update with ``response``."""
        return self.ask("x:Passkey/set", {"update": {id: {"response": response, **patch}}})

    def made(self, device: Authenticator | None = None, **members: Any) -> str:
        """The id of a finished one."""
        id, options = self.begin_one(**members)
        answer = self.finish_one(id, (device or self.device).create(options))
        self.assertIsNone(answer["notUpdated"])
        return id

    def sign_in_by_passkey(self) -> int:
        """Whose account a passkey opens."""
        ticket, options = self.settle(self.passkeys.begin_sign_in())
        return self.settle(self.passkeys.finish_sign_in(ticket, self.device.get(options), IP)).account_id

    def held_up(self, arguments: dict[str, Any]) -> Any:
        """The answer to a set with a failed proof, which comes late."""
        work = self.begin("x:Passkey/set", arguments)
        self.assertNoResult(work)
        self.clock.advance(1.1)
        ((_, answer, _),) = self.successResultOf(work)
        return answer


class EnrolmentTests(PasskeyWorld):
    def test_enrolled_passkey_opens_the_account(self) -> None:
        id, options = self.begin_one()
        self.assertEqual(options["rp"]["id"], "mail.example.test")
        self.assertEqual(options["user"]["name"], "alice@example.test")
        self.assertEqual(self.ask("x:Passkey/get")["list"], [])
        self.assertEqual(self.ids("Passkey"), [])
        answer = self.finish_one(id, self.device.create(options))
        learned = {
            "createdAt": "2027-01-15T08:00:00Z",
            "lastUsedAt": None,
            "backedUp": False,
            "transports": {"internal": True, "hybrid": True},
        }
        self.assertEqual(answer["updated"], {id: learned})
        self.assertEqual(
            self.get("Passkey", id), {"description": "Phone", "requiredWithPassword": False, **learned, "id": id}
        )
        self.assertEqual(self.sign_in_by_passkey(), decode_id(self.alice))
        self.assertEqual(self.get("Passkey", id)["lastUsedAt"], "2027-01-15T08:00:00Z")
        self.assertEqual(PasskeyHandler.handled, ("Passkey",))

    def test_response_may_be_text_and_bring_a_better_name(self) -> None:
        id, options = self.begin_one()
        text = json.dumps(self.device.create(options))
        self.assertIsNone(self.finish_one(id, text, description="Laptop")["notUpdated"])
        self.assertEqual(self.get("Passkey", id)["description"], "Laptop")

    def test_needs_the_present_password(self) -> None:
        self.assertEqual(self.not_created("Passkey", description="x"), {"type": "forbidden", "description": NO_SECRET})
        answer = self.held_up({"create": {"p": {"description": "x", "currentSecret": "wrong"}}})
        self.assertEqual(answer["notCreated"]["p"]["description"], WRONG_SECRET)
        self.assertEqual(len(self.failures), 1)

    def test_one_call_tries_one_wrong_password(self) -> None:
        create = {f"p{n}": {"description": "x", "currentSecret": f"wrong {n}"} for n in range(5)}
        create["q"] = {"description": "x", "currentSecret": PASSWORD}
        answer = self.held_up({"create": create})
        self.assertEqual({each["description"] for each in answer["notCreated"].values()}, {WRONG_SECRET})
        self.assertEqual((len(answer["notCreated"]), answer["created"]), (6, None))
        self.assertEqual(len(self.failures), 1)

    def test_needs_a_code_while_there_is_a_second_factor(self) -> None:
        totp = Totp.from_uri(URI)
        self.patch_account(decode_id(self.alice), {"credentials/0/otpAuth": URI})
        error = self.not_created("Passkey", description="x", currentSecret=PASSWORD)
        self.assertEqual(error["description"], "Current OTP code is required to add a passkey.")
        self.made(otpCode=totp.code(totp.step_at(self.clock.seconds())))
        work = Deferred.fromCoroutine(
            self.directory.authenticate_password(
                "alice@example.test", PASSWORD, IP, code=totp.code(totp.step_at(self.clock.seconds()))
            )
        )
        self.clock.advance(1.1)
        self.failureResultOf(work)

    def test_several_of_one_call_share_a_proof(self) -> None:
        given = {"description": "x", "currentSecret": PASSWORD}
        answer = self.ask("x:Passkey/set", {"create": {"a": given, "b": given}})
        self.assertEqual(sorted(answer["created"]), ["a", "b"])

    def test_answer_that_is_none_is_refused_and_the_enrolment_over(self) -> None:
        id, options = self.begin_one()
        for response in ("nonsense", [], 7, "[1]", {"x": "y" * 70_000}):
            error = self.finish_one(id, response)["notUpdated"][id]
            self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["response"]))
        error = self.finish_one(id, Authenticator(origin="https://evil.test").create(options))["notUpdated"][id]
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["response"]))
        error = self.finish_one(id, self.device.create(options))["notUpdated"][id]
        self.assertEqual(error["type"], "notFound")

    def test_is_over_after_five_minutes(self) -> None:
        id, options = self.begin_one()
        self.clock.advance(300)
        self.assertEqual(self.finish_one(id, self.device.create(options))["notUpdated"][id]["type"], "notFound")

    def test_somebody_else_cannot_finish_it(self) -> None:
        id, options = self.begin_one()
        self.account("bob")
        self.become("bob")
        self.assertEqual(self.finish_one(id, self.device.create(options))["notUpdated"][id]["type"], "notFound")

    def test_same_credential_is_enrolled_once(self) -> None:
        self.made()
        id, options = self.begin_one()
        copy = Authenticator().create(options, self.device.credentials[0].id)
        error = self.finish_one(id, copy)["notUpdated"][id]
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["response"]))
        self.assertEqual(self.sign_in_by_passkey(), decode_id(self.alice))

    def test_number_is_limited(self) -> None:
        for _ in range(NUMBER):
            self.made(Authenticator())
        error = self.not_created("Passkey", description="x", currentSecret=PASSWORD)
        self.assertEqual(error["type"], "overQuota")

    def test_enrolments_that_are_begun_count_when_they_are_finished(self) -> None:
        begun = [self.begin_one() for _ in range(NUMBER + 1)]
        answers = [self.finish_one(id, Authenticator().create(options)) for id, options in begun]
        self.assertEqual(answers[-1]["notUpdated"][begun[-1][0]]["type"], "overQuota")
        self.assertEqual(len(self.ids("Passkey")), NUMBER)

    def test_members_are_checked_as_declared(self) -> None:
        error = self.not_created("Passkey", currentSecret=PASSWORD)
        self.assertEqual(error["validationErrors"], [{"type": "Required", "property": "description"}])
        for name, value in (("createdAt", "2020-01-01T00:00:00Z"), ("backedUp", True), ("nope", 1)):
            error = self.not_created("Passkey", description="x", currentSecret=PASSWORD, **{name: value})
            self.assertEqual(error["properties"], [name])
        error = self.not_created("Passkey", description="x", currentSecret=PASSWORD, response={})
        self.assertEqual(error["properties"], ["response"])

    def test_administrator_needs_the_password_of_the_account_too(self) -> None:
        self.who = ROOT
        arguments = {"accountId": self.alice, "create": {"p": {"description": "x"}}}
        self.assertEqual(self.ask("x:Passkey/set", arguments)["notCreated"]["p"]["description"], NO_SECRET)

    def test_who_has_no_account_has_no_passkeys(self) -> None:
        self.who = ROOT
        self.assertEqual(self.ask("x:Passkey/get")["list"], [])
        error = self.not_created("Passkey", description="x", currentSecret=PASSWORD)
        self.assertEqual(error["type"], "notFound")


class ChangeTests(PasskeyWorld):
    def test_name_can_be_changed(self) -> None:
        id = self.made()
        self.update("Passkey", id, description="Tablet")
        self.assertEqual(self.get("Passkey", id)["description"], "Tablet")
        self.assertEqual(self.not_updated("Passkey", id, transports={})["type"], "invalidPatch")
        self.assertEqual(self.not_updated("Passkey", id, description="")["type"], "validationFailed")
        self.assertEqual(self.not_updated("Passkey", "zz", description="x"), {"type": "notFound"})

    def test_what_get_returns_changes_nothing(self) -> None:
        id = self.made()
        found = self.get("Passkey", id)
        self.update("Passkey", id, **{name: value for name, value in found.items() if name != "id"})
        self.assertEqual(self.get("Passkey", id), found)

    def test_required_one_makes_the_password_insufficient_at_once(self) -> None:
        access = self.sign_in()
        self.directory.remember("header", access)
        id = self.made()
        self.directory.remember("header", self.sign_in())
        self.update("Passkey", id, requiredWithPassword=True)
        self.assertIsNone(self.directory.cached("header", IP))
        self.failureResultOf(super(RegistryWorld, self).begin(), SecondFactorRequired)
        self.assertEqual(self.sign_in_by_passkey(), decode_id(self.alice))

    def test_can_be_required_from_the_beginning(self) -> None:
        self.made(requiredWithPassword=True)
        self.failureResultOf(super(RegistryWorld, self).begin(), SecondFactorRequired)

    def test_letting_the_password_be_enough_again_needs_it(self) -> None:
        id = self.made(requiredWithPassword=True)
        error = self.not_updated("Passkey", id, requiredWithPassword=False)
        self.assertEqual(error["description"], "Current secret must be provided to let the password be enough again.")
        answer = self.held_up({"update": {id: {"requiredWithPassword": False, "currentSecret": "wrong"}}})
        self.assertEqual(answer["notUpdated"][id]["description"], WRONG_SECRET)
        self.assertEqual(self.not_destroyed("Passkey", id), {"type": "forbidden", "description": STILL_REQUIRED})
        self.update("Passkey", id, requiredWithPassword=False, currentSecret=PASSWORD)
        self.sign_in()
        self.destroy("Passkey", id)

    def test_api_key_is_no_way_around_a_required_one(self) -> None:
        id = self.made(requiredWithPassword=True)
        number = decode_id(self.alice)
        _, key = self.settle(self.accounts.add_api_key(number, "Script"))
        self.who = self.settle(self.directory.authenticate_bearer(key, IP))
        for arguments in (
            {"create": {"p": {"description": "x", "currentSecret": PASSWORD}}},
            {"update": {id: {"requiredWithPassword": False, "currentSecret": PASSWORD}}},
        ):
            answer = self.ask("x:Passkey/set", arguments)
            (error,) = (answer["notCreated"] or answer["notUpdated"]).values()
            self.assertEqual(error["type"], "forbidden")
            self.assertIn("OTP code", error["description"])
        codes = recovery_codes.make_codes()
        self.successResultOf(self.store.write(lambda tx: recovery_codes.replace_codes(tx, number, codes, NOW)))
        self.update("Passkey", id, requiredWithPassword=False, currentSecret=PASSWORD, otpCode=codes[0])

    def test_app_password_shows_none_and_changes_none(self) -> None:
        id = self.made()
        _, secret = self.settle(self.accounts.add_app_password(decode_id(self.alice), "Phone"))
        self.become("alice", secret=secret)
        for call in (("x:Passkey/get", {"ids": None}), ("x:Passkey/set", {"destroy": [id]})):
            self.assertEqual(self.error(*call)["type"], "forbidden")

    def test_administrator_takes_away_what_somebody_has_lost(self) -> None:
        id = self.made(requiredWithPassword=True)
        self.who = ROOT
        answer = self.ask("x:Passkey/set", {"accountId": self.alice, "destroy": [id]})
        self.assertEqual(answer["destroyed"], [id])
        self.sign_in()

    def test_destroyed_one_opens_nothing(self) -> None:
        id = self.made()
        self.destroy("Passkey", id)
        self.assertEqual(self.not_destroyed("Passkey", id), {"type": "notFound"})
        self.assertFalse(self.settle(self.passkeys.has_any(decode_id(self.alice))))

    def test_query_has_the_newest_first(self) -> None:
        first = self.made(Authenticator())
        self.clock.advance(1)
        second = self.made(Authenticator())
        self.assertEqual(self.ids("Passkey"), [second, first])
        self.assertEqual(self.ids("Passkey", sort=[{"property": "id", "isAscending": True}]), [first, second])
        self.assertEqual(self.error("x:Passkey/query", {"filter": {"description": "x"}})["type"], "unsupportedFilter")
        self.assertEqual(
            self.error("x:Passkey/query", {"sort": [{"property": "description"}]})["type"], "unsupportedSort"
        )

    def test_everybody_sees_his_own(self) -> None:
        id = self.made()
        self.account("bob")
        self.become("bob")
        self.assertEqual(self.ask("x:Passkey/get", {"ids": [id]})["notFound"], [id])
        self.assertEqual(self.not_destroyed("Passkey", id), {"type": "notFound"})
        self.assertEqual(self.error("x:Passkey/get", {"accountId": self.alice})["type"], "forbidden")
