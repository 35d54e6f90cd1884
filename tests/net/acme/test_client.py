"""The client of certificate authorities against one in memory (RFC 8555 6 and 7, RFC 9773)."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from stalwart.net.acme import AcmeClient, AcmeProblem, AcmeUnreachable, ExternalAccount, Order, new_key_pem
from stalwart.net.acme.account_key import AccountKey
from stalwart.net.acme.client import NONCE_ATTEMPTS, PATIENCE
from stalwart.net.acme.resources import Challenge, authorization_of, order_of
from stalwart.net.acme.transport import Answer
from tests.net.acme.authority import (
    ACCOUNT,
    BASE,
    KEY,
    NOW,
    Authority,
    AuthorityCase,
    authorization,
    order,
    refuses,
    says,
    unpadded,
    values,
    verify,
)
from tests.net.acme.test_certificates import authority_once, issued_once, pem

ORDER = f"{BASE}/order/1"
AUTHORIZATION = f"{BASE}/authorization/1"
CHAIN = pem(issued_once, authority_once)


class DirectoryTests(AuthorityCase):
    """RFC 8555 7.1.1."""

    def test_asked_for_once(self) -> None:
        found = self.done(self.client.directory())
        self.assertEqual(found.resources["newOrder"], f"{BASE}/new-order")
        self.done(self.client.directory())
        self.assertEqual(self.authority.paths("GET"), ["/dir"])

    def test_asked_for_again_after_hours(self) -> None:
        self.done(self.client.directory())
        self.clock.advance(7 * 3600)
        self.done(self.client.directory())
        self.assertEqual(self.authority.paths("GET"), ["/dir", "/dir"])

    def test_404_anywhere_forgets_it(self) -> None:
        self.done(self.client.directory())
        self.script("/new-account", refuses("malformed", 404))
        self.refused(self.client.register(["a@example.test"]))
        self.authority.resources["newAccount"] = f"{BASE}/moved"
        self.script("/moved", says({}, 201, location=ACCOUNT))
        self.assertEqual(self.done(self.client.register(["a@example.test"])), ACCOUNT)

    def test_what_is_no_directory(self) -> None:
        for answer, words in (
            (says("<html>Welcome</html>"), "is this the address of an ACME directory"),
            (says([1, 2]), "is this the address of an ACME directory"),
            (says(b"\xff\xfe"), "does not answer in JSON"),
            (says({"hello": 1}), "is no ACME directory, as it has no newNonce"),
            (says({**self.authority.resources, "newOrder": "http://ca.test/o"}), "no https: URL"),
            (says("Not here", 404), "status 404"),
            (says("", 301, location="/directory"), "leads to https://ca.test/directory"),
        ):
            self.script("/dir", answer)
            self.assertIn(words, self.silent(self.client.directory()).detail)

    def test_resource_that_it_does_not_offer(self) -> None:
        del self.authority.resources["revokeCert"]
        self.assertIn("ca.test does not offer revokeCert", self.refused(self.client.revoke(b"der")).detail)

    def test_heads(self) -> None:
        self.done(self.client.directory())
        self.assertEqual(self.authority.seen[0].heads["User-Agent"].split("/")[0], "Stalwart")
        self.done(self.client.update_contact([]))
        self.assertEqual(self.authority.last().heads["Content-Type"], "application/jose+json")


class NonceTests(AuthorityCase):
    """RFC 8555 6.5, 7.2."""

    def test_asked_for_only_when_there_is_none(self) -> None:
        self.authority.gives_nonces = False
        self.script("/nonce", lambda _: self.fresh())
        self.done(self.client.update_contact(["a@example.test"]))
        self.done(self.client.update_contact(["b@example.test"]))
        self.assertEqual(self.authority.paths("HEAD"), ["/nonce", "/nonce"])

    def fresh(self) -> Answer:
        nonce = f"fresh-{len(self.authority.seen)}"
        self.authority.nonces.add(nonce)
        return says(replay_nonce=nonce)

    def test_each_answer_gives_the_next(self) -> None:
        for number in range(5):
            self.done(self.client.update_contact([f"{number}@example.test"]))
        self.assertLessEqual(len(self.authority.paths("HEAD")), 1)
        self.assertEqual(len({each.protected["nonce"] for each in self.authority.seen if each.protected}), 5)

    def test_those_of_errors_are_used(self) -> None:
        self.done(self.client.update_contact([]))
        before = len(self.authority.paths("HEAD"))
        self.script("/account/1", refuses("malformed"))
        for _ in range(5):
            self.refused(self.client.update_contact([]))
        self.assertEqual(len(self.authority.paths("HEAD")), before)

    def test_invalid_ones_are_ignored(self) -> None:
        self.authority.gives_nonces = False
        self.script("/nonce", says(replay_nonce="not a nonce"))
        self.assertIn("ca.test gives no nonce", self.silent(self.client.update_contact([])).detail)

    def test_rejected_one_is_replaced(self) -> None:
        self.authority.rejections = NONCE_ATTEMPTS - 1
        self.done(self.client.update_contact(["a@example.test"]))
        posts = [each for each in self.authority.seen if each.method == "POST"]
        self.assertEqual(len(posts), NONCE_ATTEMPTS)
        self.assertEqual({each.payload for each in posts}, {b'{"contact":["mailto:a@example.test"]}'})
        self.assertEqual(len({each.protected["nonce"] for each in posts}), NONCE_ATTEMPTS)

    def test_always_rejected(self) -> None:
        self.authority.rejections = 1000
        problem = self.refused(self.client.update_contact([]))
        self.assertEqual((problem.kind, problem.is_temporary), ("badNonce", True))
        self.assertEqual(len(self.authority.paths()), NONCE_ATTEMPTS)

    def test_number_kept_is_limited(self) -> None:
        for _ in range(100):
            self.clock.advance(7 * 3600)
            self.done(self.client.directory())
        self.assertLessEqual(len(self.client._nonces), 20)

    def test_no_nonce_without_the_authority(self) -> None:
        self.script("/nonce", says("", 503, retry_after="7"))
        self.authority.gives_nonces = False
        problem = self.silent(self.client.update_contact([]))
        self.assertEqual((problem.status, problem.retry_after), (503, 7))


class AccountTests(AuthorityCase):
    """RFC 8555 7.3."""

    def test_new_account(self) -> None:
        client = self.speaking(account=None)
        self.assertEqual(self.done(client.register(["a@example.test", "mailto:b@example.test"])), ACCOUNT)
        self.assertEqual(client.account_uri, ACCOUNT)
        sent = self.authority.last()
        contact = ["mailto:a@example.test", "mailto:b@example.test"]
        self.assertEqual(sent.said, {"termsOfServiceAgreed": True, "contact": contact})
        self.assertEqual(sent.protected["jwk"], AccountKey(KEY).jwk)
        self.assertNotIn("kid", sent.protected)
        self.assertNotIn("d", sent.protected["jwk"])

    def test_afterwards_the_account_signs(self) -> None:
        client = self.speaking(account=None)
        self.done(client.register([]))
        self.done(client.update_contact(["a@example.test"]))
        sent = self.authority.last()
        self.assertEqual((sent.url, sent.protected["kid"]), (ACCOUNT, ACCOUNT))
        self.assertNotIn("jwk", sent.protected)

    def test_relative_location(self) -> None:
        self.script("/new-account", says({}, 200, location="/account/7"))
        self.assertEqual(self.done(self.speaking(account=None).register([])), f"{BASE}/account/7")

    def test_no_location(self) -> None:
        for heads in ({}, {"location": "http://ca.test/account/1"}, {"location": ""}):
            self.script("/new-account", says({}, 201, **heads))
            problem = self.silent(self.speaking(account=None).register([]))
            self.assertIn("does not say where the object is", problem.detail)

    def test_existing_only(self) -> None:
        self.script("/new-account", refuses("accountDoesNotExist"))
        client = self.speaking(account=None)
        self.assertEqual(self.refused(client.register((), existing_only=True)).kind, "accountDoesNotExist")
        self.assertEqual(self.authority.last().said, {"onlyReturnExisting": True})
        self.assertIsNone(client.account_uri)

    def test_external_account(self) -> None:
        client = self.speaking(account=None)
        self.done(client.register([], ExternalAccount("kid-1", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0")))
        binding = self.authority.last().said["externalAccountBinding"]
        protected = json.loads(unpadded(binding["protected"]))
        self.assertEqual(protected, {"alg": "HS256", "kid": "kid-1", "url": f"{BASE}/new-account"})
        self.assertEqual(json.loads(unpadded(binding["payload"])), AccountKey(KEY).jwk)

    def test_terms_have_to_be_agreed_to(self) -> None:
        link = f'<{BASE}/tos/2>; rel="terms-of-service"'
        self.script("/account/1", refuses("userActionRequired", 403, "Terms of service have changed.", link=link))
        problem = self.refused(self.client.update_contact([]))
        self.assertEqual((problem.kind, problem.terms_of_service), ("userActionRequired", f"{BASE}/tos/2"))

    def test_deactivation(self) -> None:
        self.done(self.client.deactivate())
        self.assertEqual((self.authority.last().url, self.authority.last().said), (ACCOUNT, {"status": "deactivated"}))

    def test_without_an_account(self) -> None:
        problem = self.refused(self.speaking(account=None).new_order(["a.example.test"]))
        self.assertEqual(problem.kind, "accountDoesNotExist")
        self.assertEqual(self.authority.paths(), [])

    def test_forgotten_account(self) -> None:
        self.authority.accounts.clear()
        self.assertEqual(self.refused(self.client.new_order(["a.example.test"])).kind, "accountDoesNotExist")

    def test_key_authorization(self) -> None:
        # RFC 8555 8.1
        self.assertEqual(self.client.key_authorization("abc"), f"abc.{AccountKey(KEY).thumbprint}")

    def test_unfit_key(self) -> None:
        self.assertRaises(AcmeProblem, AcmeClient, self.authority, self.clock, f"{BASE}/dir", "no key")

    def test_close(self) -> None:
        self.done(self.client.close())
        self.assertTrue(self.authority.is_closed)


class KeyChangeTests(AuthorityCase):
    """RFC 8555 7.3.5."""

    def test_both_keys_sign(self) -> None:
        new = new_key_pem()
        self.done(self.client.change_key(new))
        outer = self.authority.last()  # its signature, by the former key, has been verified
        inner = outer.said
        protected = json.loads(unpadded(inner["protected"]))
        signed = f"{inner['protected']}.{inner['payload']}".encode()
        self.assertEqual(protected, {"alg": "ES256", "jwk": AccountKey(new).jwk, "url": f"{BASE}/key-change"})
        verify(protected["jwk"], "ES256", signed, unpadded(inner["signature"]))
        said = json.loads(unpadded(inner["payload"]))
        self.assertEqual(said, {"account": ACCOUNT, "oldKey": AccountKey(KEY).jwk})
        self.assertEqual(outer.protected["kid"], ACCOUNT)

    def test_new_key_signs_from_then_on(self) -> None:
        new = new_key_pem()
        self.done(self.client.change_key(new))
        self.authority.accounts[ACCOUNT] = AccountKey(new).jwk
        self.done(self.client.update_contact([]))
        self.assertEqual(self.client.key_authorization("t"), f"t.{AccountKey(new).thumbprint}")

    def test_refused_change_leaves_the_former(self) -> None:
        self.script("/key-change", refuses("badPublicKey", 409, location=f"{BASE}/account/2"))
        for answer in (refuses("accountDoesNotExist"), says({}, 200, location=f"{BASE}/account/2"), says({}, 200)):
            self.script("/new-account", answer)
            self.assertEqual(self.refused(self.client.change_key(new_key_pem())).kind, "badPublicKey")
        self.done(self.client.update_contact([]))

    def test_change_that_was_heard_though_its_answer_was_lost(self) -> None:
        self.script("/key-change", refuses("accountDoesNotExist"))  # by the former key, when it was asked once more
        new = new_key_pem()
        self.done(self.client.change_key(new))
        asked = self.authority.last()
        self.assertEqual((asked.said, asked.protected["jwk"]), ({"onlyReturnExisting": True}, AccountKey(new).jwk))
        self.assertEqual(self.client.key_authorization("t"), f"t.{AccountKey(new).thumbprint}")

    def test_nobody_can_say_which_key_holds(self) -> None:
        self.script("/key-change", refuses("unauthorized", 403))
        self.script("/new-account", says("", 503))
        self.assertTrue(self.refused(self.client.change_key(new_key_pem())).is_temporary)

    def test_nonces_may_be_rejected_meanwhile(self) -> None:
        self.authority.rejections = 3
        self.done(self.client.change_key(new_key_pem()))
        self.assertEqual(self.authority.paths(), ["/key-change"] * 4)

    def test_unfit_key_is_not_sent(self) -> None:
        self.assertEqual(self.refused(self.client.change_key("nonsense")).kind, "local")
        self.assertEqual(self.authority.paths(), [])


class OrderTests(AuthorityCase):
    """RFC 8555 7.4."""

    def setUp(self) -> None:
        super().setUp()
        self.script("/new-order", says(order(), 201, location=ORDER))

    def test_new_order(self) -> None:
        found = self.done(self.client.new_order(["a.example.test", "*.example.test"]))
        self.assertEqual((found.url, found.status), (ORDER, "pending"))
        names = [{"type": "dns", "value": "a.example.test"}, {"type": "dns", "value": "*.example.test"}]
        self.assertEqual(self.authority.last().said, {"identifiers": names})

    def test_profile_and_predecessor(self) -> None:
        self.done(self.client.new_order(["a.example.test"], profile="shortlived", replaces="aYhb.AIdl"))
        said = self.authority.last().said
        self.assertEqual((said["profile"], said["replaces"]), ("shortlived", "aYhb.AIdl"))

    def test_clocks_may_differ_a_little(self) -> None:
        self.authority.date = NOW + 3000
        self.done(self.client.new_order(["a.example.test"]))

    def test_wrong_clock_orders_nothing(self) -> None:
        for offset, words in ((2 * 3600, "2.0 hours behind"), (-86_400, "24.0 hours ahead of")):
            client = self.speaking()
            self.authority.date = NOW + offset
            problem = self.refused(client.new_order(["a.example.test"]))
            self.assertEqual((problem.kind, problem.is_temporary), ("local", False))
            self.assertIn(f"The clock of this machine is {words} that of ca.test", problem.detail)
        self.assertEqual(self.authority.paths(), [])

    def test_clock_that_is_set_right_orders(self) -> None:
        self.authority.date = NOW + 7200
        self.refused(self.client.new_order(["a.example.test"]))
        self.clock.advance(7200)
        self.done(self.client.new_order(["a.example.test"]))

    def test_reading_sends_an_empty_payload(self) -> None:
        # RFC 8555 6.3
        self.script("/order/1", says(order("ready")))
        self.assertEqual(self.done(self.client.order(ORDER)).status, "ready")
        self.assertEqual(self.authority.last().payload, b"")
        self.script("/authorization/1", says(authorization(), retry_after="4"))
        found = self.done(self.client.authorization(AUTHORIZATION))
        self.assertEqual((found.name, found.retry_after, self.authority.last().payload), ("a.example.test", 4, b""))

    def test_answering_a_challenge_sends_an_empty_object(self) -> None:
        # RFC 8555 7.5.1
        self.script("/challenge/1", says({}))
        (challenge,) = authorization_of(AUTHORIZATION, authorization()).challenges
        self.done(self.client.answer(challenge))
        self.assertEqual((self.authority.last().path, self.authority.last().payload), ("/challenge/1", b"{}"))

    def test_challenge_that_is_looked_at_already(self) -> None:
        for status in ("processing", "valid", "invalid"):
            self.done(self.client.answer(Challenge("http-01", f"{BASE}/challenge/1", "t", status)))
        self.assertEqual(self.authority.paths(), [])

    def test_refused_names(self) -> None:
        sub = {
            "type": "urn:ietf:params:acme:error:rejectedIdentifier",
            "detail": "Policy forbids it",
            "identifier": {"type": "dns", "value": "a.example.test"},
        }
        document = {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "No.", "subproblems": [sub]}
        self.script("/new-order", says(document, 400))
        problem = self.refused(self.client.new_order(["a.example.test"]))
        self.assertEqual(problem.detail, "No. (a.example.test: Policy forbids it)")


class FinalizeTests(AuthorityCase):
    """RFC 8555 7.4."""

    def setUp(self) -> None:
        super().setUp()
        self.order: Order = order_of(ORDER, order("ready"))

    def test_request_is_sent(self) -> None:
        self.script("/order/1/finalize", says(order("processing"), retry_after="2"))
        found = self.done(self.client.finalize(self.order, b"\x30\xff"))
        self.assertEqual((found.url, found.status, found.retry_after), (ORDER, "processing", 2))
        self.assertEqual(self.authority.last().said, {"csr": "MP8"})

    def test_order_that_has_the_request_already(self) -> None:
        self.script("/order/1/finalize", refuses("orderNotReady", 403))
        for status in ("processing", "valid"):
            self.script("/order/1", says(order(status)))
            self.assertEqual(self.done(self.client.finalize(self.order, b"")).status, status)

    def test_order_that_is_not_ready(self) -> None:
        self.script("/order/1/finalize", refuses("orderNotReady", 403, "Prove them first."))
        for status in ("pending", "ready", "invalid"):
            self.script("/order/1", says(order(status)))
            problem = self.refused(self.client.finalize(self.order, b""))
            self.assertEqual((problem.kind, problem.detail), ("orderNotReady", "Prove them first."))

    def test_bad_request(self) -> None:
        self.script("/order/1/finalize", refuses("badCSR", 400, "Names differ."))
        self.assertEqual(self.refused(self.client.finalize(self.order, b"")).kind, "badCSR")
        self.assertEqual(self.authority.paths(), ["/order/1/finalize"])


class SettlingTests(AuthorityCase):
    """Waiting until the authority has decided (RFC 8555 7.5.1, 7.4; RFC 9110 10.2.3)."""

    def wait_for_authorization(self) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.client.settled_authorization(AUTHORIZATION))

    def asked(self) -> int:
        return len(self.authority.paths())

    def pauses(self, waiting: Deferred[Any], most: int = 1000) -> list[float]:
        """How long each pause is until the end."""
        found = []
        while not waiting.called and len(found) < most:
            (call,) = self.clock.getDelayedCalls()
            found.append(round(call.getTime() - self.clock.seconds(), 6))
            self.clock.advance(call.getTime() - self.clock.seconds())
        return found

    def test_valid_at_once(self) -> None:
        self.script("/authorization/1", says(authorization("valid")))
        self.assertEqual(self.successResultOf(self.wait_for_authorization()).status, "valid")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_pauses_grow(self) -> None:
        self.script("/authorization/1", *[says(authorization())] * 9, says(authorization("valid")))
        pauses = self.pauses(self.wait_for_authorization())
        self.assertEqual(pauses, [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30])

    def test_pauses_are_spread(self) -> None:
        for drawn, expected in ((0.0, 0.1875), (1.0, 0.3125)):
            self.client._random = lambda drawn=drawn: drawn  # type: ignore[misc]
            self.script("/authorization/1", says(authorization()), says(authorization("valid")))
            self.assertEqual(self.pauses(self.wait_for_authorization()), [expected])

    def test_pause_that_the_authority_wants(self) -> None:
        date = formatdate(NOW + 20, usegmt=True)
        self.script(
            "/authorization/1",
            says(authorization(), retry_after="5"),
            lambda _: says(authorization("processing"), retry_after="0"),
            lambda _: says(authorization(), retry_after=date),
            says(authorization("valid")),
        )
        self.assertEqual(self.pauses(self.wait_for_authorization()), [5, 1, 14])

    def test_authority_that_fails_meanwhile(self) -> None:
        self.script(
            "/authorization/1",
            says("<html>busy</html>", 503, retry_after="3"),
            refuses("serverInternal", 500),
            AcmeUnreachable("ca.test cannot be reached: no answer."),
            refuses("rateLimited", 429, retry_after="9"),
            says("garbage"),
            says(authorization("valid")),
        )
        waiting = self.wait_for_authorization()
        self.assertEqual(self.pauses(waiting), [3, 0.5, 1, 9, 4])
        self.assertEqual(self.successResultOf(waiting).status, "valid")

    def test_refusal_ends_it(self) -> None:
        self.script("/authorization/1", says(authorization()), refuses("unauthorized", 403))
        waiting = self.wait_for_authorization()
        self.pauses(waiting)
        self.assertEqual(self.failureResultOf(waiting, AcmeProblem).value.kind, "unauthorized")

    def test_patience_ends(self) -> None:
        self.script("/authorization/1", says(authorization()))
        waiting = self.wait_for_authorization()
        pauses = self.pauses(waiting)
        problem = self.failureResultOf(waiting, AcmeUnreachable).value
        self.assertEqual(problem.detail, "ca.test has not decided yet.")
        self.assertTrue(problem.is_temporary)
        self.assertAlmostEqual(sum(pauses), PATIENCE, 3)
        self.assertLess(self.asked(), 40)

    def test_patience_ends_with_what_was_wrong_last(self) -> None:
        self.script("/authorization/1", refuses("serverInternal", 500, "Our database is away."))
        waiting = self.wait_for_authorization()
        self.pauses(waiting)
        problem = self.failureResultOf(waiting, AcmeProblem).value
        self.assertEqual((problem.kind, problem.detail), ("serverInternal", "Our database is away."))

    def test_pause_that_is_too_long_is_for_the_caller(self) -> None:
        for answer in (says(authorization(), retry_after="3600"), says("", 503, retry_after="3600")):
            self.script("/authorization/1", answer)
            problem = self.failureResultOf(self.wait_for_authorization(), AcmeUnreachable).value
            self.assertEqual(problem.retry_after, 3600)

    def test_waiting_can_be_cancelled(self) -> None:
        self.script("/authorization/1", says(authorization()))
        waiting = self.wait_for_authorization()
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_failed_proof_says_why(self) -> None:
        error = {"type": "urn:ietf:params:acme:error:dns", "detail": "NXDOMAIN looking up A for a.example.test"}
        self.script("/authorization/1", says(authorization("invalid", error)))
        problem = self.failureResultOf(self.wait_for_authorization(), AcmeProblem).value
        self.assertEqual((problem.kind, problem.detail), ("dns", error["detail"]))

    def test_failed_proof_without_a_reason(self) -> None:
        for status in ("invalid", "expired", "revoked", "deactivated", "unheard-of"):
            self.script("/authorization/1", says(authorization(status)))
            problem = self.failureResultOf(self.wait_for_authorization(), AcmeProblem).value
            self.assertEqual(problem.detail, f"The authorization of a.example.test is {status}.")

    def test_order(self) -> None:
        first = order_of(ORDER, order("processing"), 2.0)
        valid = order("valid", certificate=f"{BASE}/certificate/1")
        self.script("/order/1", says(order("processing")), says(valid))
        waiting = Deferred.fromCoroutine(self.client.settled_order(first))
        self.assertEqual(self.asked(), 0)  # it is known how it stands
        self.pauses(waiting)
        self.assertEqual(self.successResultOf(waiting).certificate, f"{BASE}/certificate/1")
        self.assertEqual(self.asked(), 2)

    def test_order_that_failed(self) -> None:
        error = {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA forbids it"}
        for document, kind, words in (
            (order("invalid", error=error), "caa", "CAA forbids it"),
            (order("invalid"), "orderNotReady", "The order is invalid and has no certificate."),
            (order("ready"), "orderNotReady", "The order is ready and has no certificate."),
            (order("valid"), "orderNotReady", "The order is valid and has no certificate."),
        ):
            problem = self.refused(self.client.settled_order(order_of(ORDER, document)))
            self.assertEqual((problem.kind, problem.detail), (kind, words))


class CertificateTests(AuthorityCase):
    """RFC 8555 7.4.2."""

    def setUp(self) -> None:
        super().setUp()
        self.order = order_of(ORDER, order("valid", certificate=f"{BASE}/certificate/1"))
        self.other = pem(issued_once)
        self.links = ", ".join(f'<{BASE}/certificate/1/{number}>; rel="alternate"' for number in (1, 2))
        self.script("/certificate/1", says(f"noise\n{CHAIN}", link=self.links))

    def got(self, preferred: str | None = None) -> tuple[str, bool]:
        found: tuple[str, bool] = self.done(self.client.certificate(self.order, preferred))
        return found

    def test_chain(self) -> None:
        chain, is_preferred = self.got()
        self.assertEqual((chain.count("BEGIN CERTIFICATE"), is_preferred), (2, True))
        self.assertNotIn("noise", chain)
        sent = self.authority.last()
        self.assertEqual((sent.payload, sent.heads["Accept"]), (b"", "application/pem-certificate-chain"))

    def test_preferred_is_the_usual_one(self) -> None:
        self.assertEqual(self.got("Root")[1], True)
        self.assertEqual(self.authority.paths(), ["/certificate/1"])

    def test_alternate_chains(self) -> None:
        self.script("/certificate/1", says(self.other, link=self.links))
        self.script("/certificate/1/1", says(self.other))
        self.script("/certificate/1/2", says(CHAIN))
        chain, is_preferred = self.got("Root")
        self.assertEqual((chain.count("BEGIN CERTIFICATE"), is_preferred), (2, True))

    def test_none_is_the_preferred_one(self) -> None:
        self.script("/certificate/1/1", says(self.other))
        self.script("/certificate/1/2", says(CHAIN))
        chain, is_preferred = self.got("Elsewhere")
        self.assertEqual((chain.count("BEGIN CERTIFICATE"), is_preferred), (2, False))

    def test_alternate_that_cannot_be_had_is_passed_over(self) -> None:
        self.script("/certificate/1", says(self.other, link=self.links))
        for broken in (says("<html>", 404), says("<html>"), refuses("serverInternal", 500), AcmeUnreachable("No x.")):
            self.script("/certificate/1/1", broken)
            self.script("/certificate/1/2", says(CHAIN))
            self.assertEqual(self.got("Root")[1], True)
            self.script("/certificate/1/2", broken)
            self.assertEqual(self.got("Root")[1], False)

    def test_number_of_alternates_is_limited(self) -> None:
        links = [f'<{BASE}/certificate/1/1>; rel="alternate"'] * 20
        self.script("/certificate/1", Answer(200, {"link": links}, self.other.encode()))
        self.script("/certificate/1/1", says(self.other))
        self.got("Elsewhere")
        self.assertLess(len(self.authority.paths()), 12)

    def test_what_is_no_chain(self) -> None:
        for answer in (says("<html>"), says({}), says(b"\xff" * 100), says(CHAIN[:100]), says(CHAIN * 20)):
            self.script("/certificate/1", answer)
            problem = self.refused(self.client.certificate(self.order))
            self.assertEqual(problem.kind, "unusableCertificate")
            self.assertTrue(problem.detail.startswith("The certificate from ca.test cannot be read: "))


class RevocationTests(AuthorityCase):
    """RFC 8555 7.6."""

    def test_by_the_account(self) -> None:
        self.done(self.client.revoke(b"\x30\xff", 4))
        sent = self.authority.last()
        self.assertEqual(sent.said, {"certificate": "MP8", "reason": 4})
        self.assertEqual(sent.protected["kid"], ACCOUNT)

    def test_by_the_certificate_s_key(self) -> None:
        key = new_key_pem()
        self.done(self.speaking(account=None).revoke(b"\x30", key_pem=key))
        sent = self.authority.last()
        self.assertEqual(sent.protected["jwk"], AccountKey(key).jwk)
        self.assertEqual(sent.said, {"certificate": "MA"})

    def test_already_revoked(self) -> None:
        self.script("/revoke", refuses("alreadyRevoked"))
        self.done(self.client.revoke(b""))

    def test_refused(self) -> None:
        self.script("/revoke", refuses("badRevocationReason", 400, "Not 7."))
        self.assertEqual(self.refused(self.client.revoke(b"", 7)).detail, "Not 7.")


class RenewalInfoTests(AuthorityCase):
    """RFC 9773 4."""

    WINDOW = {"start": "2027-02-01T00:00:00Z", "end": "2027-02-02T00:00:00Z"}

    def setUp(self) -> None:
        super().setUp()
        from tests.net.acme.test_certificates import DER

        self.der = DER
        self.authority.resources["renewalInfo"] = f"{BASE}/renewal-info/"
        self.path = "/renewal-info/aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"

    def test_window(self) -> None:
        self.script(self.path, says({"suggestedWindow": self.WINDOW}, retry_after="21600"))
        found = self.done(self.client.renewal_info(self.der))
        self.assertEqual((found.end - found.start, found.retry_after), (86_400, 21_600))
        self.assertEqual(self.authority.paths("GET"), ["/dir", self.path])

    def test_authority_without_it(self) -> None:
        del self.authority.resources["renewalInfo"]
        self.assertIsNone(self.done(self.client.renewal_info(self.der)))

    def test_certificate_that_it_does_not_know(self) -> None:
        for answer in (refuses("malformed", 404), says("<html>", 404)):
            self.script(self.path, answer)
            self.assertIsNone(self.done(self.client.renewal_info(self.der)))

    def test_certificate_that_does_not_name_its_issuer_s_key(self) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        self.assertIsNone(self.done(self.client.renewal_info(issued_once.public_bytes(Encoding.DER))))

    def test_wrong_window(self) -> None:
        turned = {"start": self.WINDOW["end"], "end": self.WINDOW["start"]}
        for document in ({}, {"suggestedWindow": turned}, {"suggestedWindow": None}):
            self.script(self.path, says(document))
            self.assertIn("is no renewal information", self.silent(self.client.renewal_info(self.der)).detail)

    def test_trouble(self) -> None:
        self.script(self.path, says("", 503, retry_after="60"))
        self.assertEqual(self.silent(self.client.renewal_info(self.der)).retry_after, 60)


GARBAGE = st.one_of(
    st.binary(max_size=60),
    st.just(b"[" * 100_000),
    st.just(b'{"a":' * 100_000),
    st.just(b"<!doctype html><title>Sign in</title>"),
    st.just(b"9" * 5000),
    st.dictionaries(
        st.sampled_from([*order(), *authorization(), "type", "detail", "certificate", "error", "suggestedWindow"]),
        values,
    ).map(lambda document: json.dumps(document).encode()),
)
HEADS = st.dictionaries(
    st.sampled_from(["location", "retry-after", "link", "date", "replay-nonce"]),
    st.lists(st.text(max_size=30), max_size=2),
)


class GarbageTests(AuthorityCase):
    """Whatever an authority answers, what comes of it is a problem with a sentence, or a value."""

    @settings(max_examples=60)
    @given(st.sampled_from([200, 201, 204, 301, 400, 404, 500]), GARBAGE, HEADS)
    def test_any_answer(self, status: int, body: bytes, heads: dict[str, list[str]]) -> None:
        known = order_of(ORDER, order("valid", certificate=f"{BASE}/anything"))
        for ask in (
            lambda client: client.directory(),
            lambda client: client.register(["a@example.test"]),
            lambda client: client.new_order(["a.example.test"]),
            lambda client: client.order(ORDER),
            lambda client: client.authorization(AUTHORIZATION),
            lambda client: client.settled_authorization(AUTHORIZATION),
            lambda client: client.finalize(known, b""),
            lambda client: client.settled_order(order_of(ORDER, order("processing"))),
            lambda client: client.certificate(known, "Root"),
            lambda client: client.revoke(b""),
            lambda client: client.change_key(KEY),
            lambda client: client.deactivate(),
            lambda client: client.renewal_info(RENEWED),
        ):
            for told in (False, True):
                self.try_out(ask, Answer(status, heads, body), told)

    def try_out(self, ask: Any, answer: Answer, has_directory: bool) -> None:
        clock = Clock()
        clock.advance(NOW)
        authority = Strange(clock, answer)
        client = AcmeClient(authority, clock, f"{BASE}/dir", KEY, account_uri=ACCOUNT)
        client._nonces.append("some")
        if has_directory:
            authority.resources["renewalInfo"] = f"{BASE}/renewal-info"
            authority.script = {"/dir": [says(authority.resources)]}
        problems: list[Any] = []
        work = Deferred.fromCoroutine(ask(client)).addErrback(problems.append)
        while not work.called:
            clock.advance(30)
        for failure in problems:
            failure.trap(AcmeProblem)
            self.assertGreater(len(failure.value.detail), 0)
            self.assertTrue(failure.value.detail.isprintable())


class Strange(Authority):
    """Answers the same everywhere but where there is a script."""

    def __init__(self, clock: Clock, answer: Answer) -> None:
        super().__init__(clock)
        self.script = {}
        self.answer = answer
        self.gives_nonces = False

    async def request(self, method: str, url: str, heads: Any, body: bytes | None) -> Answer:
        scripted = self.script.get(url.removeprefix(BASE))
        found = scripted[0] if scripted else self.answer
        assert isinstance(found, Answer)
        return found if method != "HEAD" else Answer(found.status, {**found.heads, "replay-nonce": ["n"]}, b"")


def _renewed() -> bytes:
    from tests.net.acme.test_certificates import DER

    return DER


RENEWED = _renewed()
