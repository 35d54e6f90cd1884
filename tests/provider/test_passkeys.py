"""Signing in with passkeys and enrolling them, against a software authenticator."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.directory import passkey_records
from stalwart.directory.access import Access
from stalwart.directory.passkey_records import NUMBER, Details
from stalwart.directory.permissions import AFTER_EXPIRY
from stalwart.errors import Forbidden, Invalid, NotFound, OverQuota, TooMany, Unauthenticated, Unavailable
from stalwart.provider.passkeys import Passkeys
from stalwart.telemetry.events import AUTH_PASSKEY_COPIED
from tests.directory.world import IP, World
from tests.provider.authenticator import ORIGIN, Authenticator, decoded, encoded


class PasskeyWorld(World):
    """Alice with one passkey of ``device``."""

    def setUp(self) -> None:
        super().setUp()
        self.passkeys = Passkeys(self.store, self.directory, self.clock, self.telemetry, ORIGIN)
        self.alice = self.user()
        self.device = Authenticator()
        self.enrol(self.alice, self.device)

    def begin_enrolment(self, account_id: int, **wanted: Any) -> tuple[int, dict[str, Any]]:
        """Id and options of a new one."""

        def begin(tx: Any) -> tuple[int, dict[str, Any]]:
            members = {"description": "Phone", **wanted}
            return self.passkeys.begin_enrolment(tx, account_id, "alice@example.test", "Alice", members)

        return self.successResultOf(self.store.write(begin))

    def enrol(self, account_id: int, device: Authenticator, **wanted: Any) -> passkey_records.Passkey:
        """A new passkey."""
        id, options = self.begin_enrolment(account_id, **wanted)
        credential, details = self.settle(self.passkeys.finish_enrolment(account_id, id, device.create(options)))
        return self.successResultOf(
            self.store.write(lambda tx: passkey_records.insert(tx, account_id, credential, details, 1))
        )

    def challenge(self, account_id: int | None = None) -> tuple[str, dict[str, Any]]:
        """Ticket and options of a sign-in."""
        return self.settle(self.passkeys.begin_sign_in(account_id))

    def finish(self, ticket: str, response: dict[str, Any], ip: str = IP) -> Deferred[Access]:
        """A sign-in that may be held up."""
        return Deferred.fromCoroutine(self.passkeys.finish_sign_in(ticket, response, ip))

    def come_in(self, account_id: int | None = None, device: Authenticator | None = None) -> Access:
        """A sign-in that works."""
        ticket, options = self.challenge(account_id)
        return self.successResultOf(self.finish(ticket, (device or self.device).get(options)))

    def refuse(self, response: Any, ticket: str, kind: type[Exception] = Unauthenticated) -> None:
        """A sign-in that fails and counts."""
        before = len(self.failures)
        self.refusal(self.finish(ticket, response), kind)
        self.assertEqual(len(self.failures), before + 1)

    def stored(self) -> Details:
        """What is known of the first one."""
        return self.successResultOf(self.store.read(lambda tx: passkey_records.of_account(tx, self.alice)))[0].details


class SignInTests(PasskeyWorld):
    def test_passkey_alone_is_enough_and_says_who_it_is(self) -> None:
        access = self.come_in()
        self.assertEqual((access.account_id, access.login), (self.alice, "alice@example.test"))
        self.assertEqual(access.permissions, self.sign_in().permissions)
        self.assertEqual(self.failures, [])

    def test_options_name_the_host_and_nobody(self) -> None:
        ticket, options = self.challenge()
        self.assertEqual(options["rpId"], "mail.example.test")
        self.assertEqual((options["userVerification"], options["allowCredentials"]), ("required", []))
        self.assertEqual((options["timeout"], len(decoded(options["challenge"]))), (300_000, 32))
        self.assertGreaterEqual(len(ticket), 43)
        self.assertNotEqual(self.challenge()[1]["challenge"], options["challenge"])

    def test_as_a_second_factor_only_passkeys_of_the_account_are_asked_for(self) -> None:
        _, options = self.challenge(self.alice)
        (allowed,) = options["allowCredentials"]
        self.assertEqual(decoded(allowed["id"]), self.device.credentials[0].id)
        self.assertEqual(sorted(allowed["transports"]), ["hybrid", "internal"])
        self.assertEqual(options["userVerification"], "preferred")
        self.assertEqual(self.come_in(self.alice).account_id, self.alice)

    def test_second_factor_needs_no_verified_user_but_the_only_one_does(self) -> None:
        self.device.verifies = False
        self.assertEqual(self.come_in(self.alice).account_id, self.alice)
        ticket, options = self.challenge()
        self.refuse(self.device.get(options), ticket)

    def test_second_factor_of_somebody_else_is_refused(self) -> None:
        bob, device = self.user("bob"), Authenticator()
        self.enrol(bob, device)
        ticket, options = self.challenge(self.alice)
        self.refuse(device.get({**options, "allowCredentials": []}), ticket)

    def test_challenge_is_good_once(self) -> None:
        ticket, options = self.challenge()
        self.successResultOf(self.finish(ticket, self.device.get(options)))
        self.refuse(self.device.get(options), ticket)

    def test_challenge_is_used_up_by_a_failure(self) -> None:
        ticket, options = self.challenge()
        self.refuse({}, ticket)
        self.refuse(self.device.get(options), ticket)

    def test_challenge_is_known_to_every_process(self) -> None:
        ticket, options = self.challenge()
        other = Passkeys(self.store, self.directory, self.clock, self.telemetry, ORIGIN)
        self.assertEqual(self.settle(other.finish_sign_in(ticket, self.device.get(options), IP)).account_id, self.alice)
        self.refuse(self.device.get(options), ticket)

    def test_challenge_ends_after_five_minutes(self) -> None:
        ticket, options = self.challenge()
        self.clock.advance(299)
        self.successResultOf(self.finish(ticket, self.device.get(options)))
        ticket, options = self.challenge()
        self.clock.advance(300)
        self.refuse(self.device.get(options), ticket)

    def test_store_has_no_ticket(self) -> None:
        ticket, _ = self.challenge()
        found = self.successResultOf(
            self.store.read(lambda tx: tx.tokens.get(ticket, "passkey-challenge", int(self.clock.seconds())))
        )
        self.assertIsNone(found)

    def test_other_origin_challenge_party_and_signature_are_refused(self) -> None:
        for origin in ("https://evil.test", "http://mail.example.test", f"{ORIGIN}:444", f"{ORIGIN}.evil.test", "null"):
            self.device.origin = origin
            ticket, options = self.challenge()
            self.refuse(self.device.get(options), ticket)
        self.device.origin = ORIGIN
        ticket, options = self.challenge()
        self.refuse(self.device.get(self.challenge()[1]), ticket)
        ticket, options = self.challenge()
        response = self.device.get(options)
        response["response"]["signature"] = encoded(b"\x30\x06\x02\x01\x01\x02\x01\x01")
        self.refuse(response, ticket)
        self.device.credentials[0].rp_id = "other.test"
        ticket, options = self.challenge()
        self.refuse(self.device.get({**options, "rpId": "other.test"}), ticket)

    def test_registration_is_no_sign_in(self) -> None:
        ticket, options = self.challenge()
        creation = {"rp": {"id": options["rpId"]}, "user": {"id": "AA"}, "challenge": options["challenge"]}
        self.refuse(self.device.create(creation), ticket)

    def test_other_user_handle_is_refused(self) -> None:
        for handle in ("AAAA", None, 1):
            ticket, options = self.challenge()
            response = self.device.get(options)
            response["response"]["userHandle"] = handle
            self.refuse(response, ticket)

    def test_unknown_credential_is_refused(self) -> None:
        for id in ("", "AAAA", "A" * 5000, "\u00e9", None, 7, ["x"]):
            ticket, options = self.challenge()
            self.refuse({**self.device.get(options), "id": id}, ticket)

    def test_removed_passkey_is_refused(self) -> None:
        self.successResultOf(self.store.write(lambda tx: passkey_records.forget_all(tx, self.alice)))
        ticket, options = self.challenge()
        self.refuse(self.device.get(options), ticket)
        self.assertFalse(self.settle(self.passkeys.has_any(self.alice)))

    def test_address_that_fails_too_often_is_told_so(self) -> None:
        self.banned = True
        self.refuse({}, "x", TooMany)

    def test_use_is_noted(self) -> None:
        self.assertIsNone(self.stored().used_at)
        self.device.backed_up = True
        self.clock.advance(60)
        self.come_in()
        found = self.stored()
        self.assertEqual((found.sign_count, found.used_at), (1, int(self.clock.seconds())))
        self.assertTrue(found.backed_up)

    def test_counter_that_goes_backwards_is_refused_and_told(self) -> None:
        events: list[Any] = []
        self.telemetry.observe(lambda event, keys: events.append((event, keys)))
        self.come_in()
        self.come_in()
        for former in (0, 1):
            self.device.credentials[0].count = former
            ticket, options = self.challenge()
            self.refuse(self.device.get(options), ticket)
        told = [keys for event, keys in events if event is AUTH_PASSKEY_COPIED]
        self.assertEqual([keys["accountId"] for keys in told], [self.alice] * 2)
        self.assertEqual(self.stored().sign_count, 2)
        self.device.credentials[0].count = 2
        self.come_in()

    def test_authenticator_without_a_counter_works(self) -> None:
        self.device.counts = False
        self.come_in()
        self.come_in()

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=8,
        ),
        st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "authenticatorData", "signature"]),
    )
    def test_nonsense_is_a_failed_login(self, value: Any, member: str) -> None:
        ticket, options = self.challenge()
        response = self.device.get(options)
        if member in response:
            response[member] = value
        else:
            response["response"][member] = value
        self.refuse(response, ticket)

    @given(st.binary(max_size=80), st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]))
    def test_damaged_bytes_are_a_failed_login(self, value: bytes, member: str) -> None:
        ticket, options = self.challenge()
        response = self.device.get(options)
        response["response"][member] = encoded(value)
        self.refuse(response, ticket)


class AccountTests(PasskeyWorld):
    """What the account must fulfil besides (auth-api 2.4)."""

    def attempt(self, ip: str = IP) -> Deferred[Access]:
        ticket, options = self.challenge()
        return self.finish(ticket, self.device.get(options), ip)

    def test_account_without_authenticate_is_refused(self) -> None:
        removed = {"@type": "Merge", "disabledPermissions": {"authenticate": True}}
        self.patch_account(self.alice, {"permissions": removed})
        self.failureResultOf(self.attempt(), Forbidden)
        self.assertEqual(self.failures, [])

    def test_account_of_a_disabled_domain_is_refused(self) -> None:
        self.successResultOf(
            self.store.write(lambda tx: registry.update(tx, Domain, self.domain_id, {"isEnabled": False}, now=1))
        )
        self.failureResultOf(self.attempt(), Unauthenticated)

    def test_account_that_is_gone_has_no_passkeys(self) -> None:
        self.settle(self.accounts.delete(self.alice))
        ticket, options = self.challenge()
        self.refuse(self.device.get(options), ticket)

    def test_networks_of_the_password_count(self) -> None:
        self.patch_account(self.alice, {"credentials/0/allowedIps": {"198.51.100.0/24": True}})
        self.refusal(self.attempt(), Forbidden)
        self.assertEqual(self.failures, [(IP, "alice@example.test")])
        self.successResultOf(self.attempt("198.51.100.7"))

    def test_expired_password_leaves_enough_to_change_it(self) -> None:
        self.patch_account(self.alice, {"credentials/0/expiresAt": "2020-01-01T00:00:00Z"})
        self.assertEqual(self.successResultOf(self.attempt()).permissions, AFTER_EXPIRY)

    def test_account_without_a_password_can_sign_in(self) -> None:
        self.patch_account(self.alice, {"credentials/0": None})
        self.assertEqual(self.successResultOf(self.attempt()).account_id, self.alice)


class EnrolmentTests(PasskeyWorld):
    def test_options_ask_for_a_passkey_that_is_enough_alone(self) -> None:
        _, options = self.begin_enrolment(self.user("bob"))
        self.assertEqual(options["rp"], {"name": "mail.example.test", "id": "mail.example.test"})
        self.assertEqual((options["user"]["name"], options["user"]["displayName"]), ("alice@example.test", "Alice"))
        self.assertEqual((options["attestation"], options["excludeCredentials"]), ("none", []))
        self.assertEqual([each["alg"] for each in options["pubKeyCredParams"]], [-8, -7, -257])
        selection = options["authenticatorSelection"]
        self.assertEqual((selection["residentKey"], selection["userVerification"]), ("required", "required"))

    def test_what_is_known_of_it_is_kept(self) -> None:
        found = self.stored()
        self.assertEqual((found.description, found.required, found.sign_count), ("Phone", False, 0))
        self.assertEqual(set(found.transports), {"internal", "hybrid"})
        self.assertEqual(found.aaguid, "00000000-0000-0000-0000-000000000000")
        self.assertTrue(self.settle(self.passkeys.has_any(self.alice)))

    def test_account_is_called_the_same_by_all_its_authenticators(self) -> None:
        _, options = self.begin_enrolment(self.alice)
        self.assertEqual(options["user"]["id"], self.stored().user_handle)
        self.assertEqual(len(options["excludeCredentials"]), 1)
        other = Authenticator()
        self.enrol(self.alice, other)
        self.assertEqual(self.come_in(device=other).account_id, self.alice)

    def test_is_finished_once_in_time_and_by_its_account(self) -> None:
        bob = self.user("bob")
        id, options = self.begin_enrolment(self.alice)
        response = Authenticator().create(options)
        for account, number in ((bob, id), (self.alice, id + 1)):
            self.failed(account, number, response, NotFound)
        self.settle(self.passkeys.finish_enrolment(self.alice, id, response))
        self.failed(self.alice, id, response, NotFound)
        id, options = self.begin_enrolment(self.alice)
        self.clock.advance(300)
        self.failed(self.alice, id, Authenticator().create(options), NotFound)

    def test_wrong_answers_are_refused(self) -> None:
        for device in (Authenticator(origin="https://evil.test"), Authenticator(verifies=False)):
            id, options = self.begin_enrolment(self.alice)
            self.failed(self.alice, id, device.create(options), Invalid)
        for response in ({}, {"id": "x"}, {"response": {}}):
            id, options = self.begin_enrolment(self.alice)
            self.failed(self.alice, id, response, Invalid)

    def test_number_is_limited(self) -> None:
        for _ in range(NUMBER - 1):
            self.enrol(self.alice, Authenticator())
        work = self.store.write(
            lambda tx: self.passkeys.begin_enrolment(tx, self.alice, "a@example.test", None, {"description": "x"})
        )
        self.failureResultOf(work, OverQuota)

    def test_server_that_does_not_know_its_address_needs_the_origin(self) -> None:
        passkeys = Passkeys(self.store, self.directory, self.clock, self.telemetry, "")
        self.failureResultOf(Deferred.fromCoroutine(passkeys.begin_sign_in()), Unavailable)
        ticket, options = self.settle(passkeys.begin_sign_in(origin=ORIGIN))
        self.assertEqual(
            self.settle(passkeys.finish_sign_in(ticket, self.device.get(options), IP)).account_id, self.alice
        )

    def failed(self, account_id: int, id: int, response: dict[str, Any], kind: type[Exception]) -> None:
        """The enrolment is refused."""
        self.failureResultOf(Deferred.fromCoroutine(self.passkeys.finish_enrolment(account_id, id, response)), kind)
