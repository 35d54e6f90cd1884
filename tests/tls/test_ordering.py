"""Orders: whatever happens on the way, the next process finishes the same order with the same key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.codec.certificate_chains import read_chain
from stalwart.codec.ids import encode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.errors import Unavailable
from stalwart.net.acme import AcmeProblem, Directory, certificate_id
from stalwart.tls.order_journal import LIFETIME, Entry, OrderJournal
from stalwart.tls.ordering import PROVED_AT_ONCE, Ordering
from stalwart.tls.plan import Obtained, Plan
from tests.leftovers import end
from tests.tls.small_authority import REFUSED, SILENT, STEPS, SmallAuthority, SmallResponder
from tests.tls.world import TlsWorld, chain_pem, key_pem

NAMES = ("a.example.test", "b.example.test")


class OrderingCase(TlsWorld):
    def setUp(self) -> None:
        super().setUp()
        self.account = self.provider()
        self.automatic(self.account)
        self.authority = SmallAuthority(self.clock)
        self.authority.accounts["account key"] = "https://ca.test/account/1"
        self.responder = SmallResponder(self.authority)
        self.journal = OrderJournal(self.store, self.vault)
        self.client = self.authority.client(
            "https://ca.test/dir", "account key", account_uri="https://ca.test/account/1"
        )
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event.id, keys)))

    def plan(self, names: Sequence[str] = NAMES, **members: Any) -> Plan:
        """A plan; members of the account, besides."""
        provider = AcmeProvider.patched(dict(self.settings.all(AcmeProvider))[self.account], members)
        domain = dict(self.settings.all(Domain))[self.domain_id]
        return Plan(self.domain_id, domain, self.account, provider, tuple(names))

    def begin(self, plan: Plan | None = None, responders: Sequence[Any] | None = None) -> Deferred[Obtained]:
        """Order in a process that has just begun."""
        self.authority.restart()
        ordering = Ordering(self.journal, self.hashing, self.clock, self.telemetry)
        given = [self.responder] if responders is None else responders
        running = Deferred.fromCoroutine(ordering.obtain(self.client, plan or self.plan(), given))
        self.addCleanup(end, running)
        return running

    def obtain(self, plan: Plan | None = None, responders: Sequence[Any] | None = None) -> Any:
        """The certificate, or the error."""
        found: list[Any] = []
        self.begin(plan, responders).addBoth(found.append)
        (result,) = found
        return result.value if isinstance(result, Failure) else result

    def entry(self) -> Entry | None:
        """What the journal holds."""
        return self.settle(self.journal.entry(self.domain_id, self.clock.seconds()))

    def key(self) -> str:
        entry = self.entry()
        assert entry is not None
        return entry.key


class TenantTests(OrderingCase):
    """Certificates of tenants are for the names that were ordered, and no others: they would be served for them."""

    def test_certificate_with_other_names(self) -> None:
        plan = self.plan()
        ordered = SmallAuthority.ordered
        self.patch(SmallAuthority, "ordered", lambda self, names, *more: ordered(self, [*names, "victim.test"], *more))
        self.assertIn("victim.test", load_names(self.obtain(plan)))
        tenant = Domain.patched(plan.domain, {"memberTenantId": "b"})
        problem = self.obtain(evolve(plan, domain=tenant))
        self.assertEqual((problem.kind, self.entry()), ("unusableCertificate", None))


def load_names(obtained: Obtained) -> tuple[str, ...]:
    """What a certificate is for."""
    return read_chain(obtained.chain).names


class ObtainTests(OrderingCase):
    """Nothing goes wrong."""

    def test_certificate_is_for_the_names_and_the_key_in_the_journal(self) -> None:
        found = self.obtain()
        self.assertEqual(self.authority.issued, [NAMES])
        self.assertEqual(found.key, self.key())
        self.assertEqual(sorted(self.responder.proved), list(NAMES))
        self.assertEqual(self.responder.names, [])
        told = [name for name, _ in self.events if name.startswith("acme.")]
        self.assertEqual(told[0], "acme.order-start")
        self.assertEqual(told[-1], "acme.order-completed")
        self.assertTrue(all(keys["domain"] == "example.test" for _, keys in self.events))

    def test_no_key_is_told(self) -> None:
        found = self.obtain()
        body = found.key.splitlines()[1]
        self.assertNotIn(body, repr(self.events))

    def test_key_is_in_the_journal_before_the_authority_is_asked(self) -> None:
        self.authority.die("new_order")
        self.begin()
        entry = self.entry()
        assert entry is not None
        self.assertEqual((entry.url, entry.names, self.authority.orders), (None, NAMES, {}))

    def test_order_is_in_the_journal_before_its_names_are_proved(self) -> None:
        self.authority.die("authorization")
        self.begin()
        entry = self.entry()
        assert entry is not None
        self.assertEqual([entry.url], list(self.authority.orders))

    def test_names_that_are_proved_already_are_not_proved_again(self) -> None:
        self.authority.proves_at_once = True
        self.obtain()
        self.assertEqual((self.responder.proved, len(self.authority.issued)), ([], 1))

    def test_one_name_that_is_proved_already(self) -> None:
        self.authority.die("authorization")
        self.begin()
        done = next(iter(self.authority.authorizations))
        self.authority.authorizations[done] = evolve(self.authority.authorizations[done], status="valid")
        self.obtain()
        self.assertEqual(self.responder.proved, ["b.example.test"])

    def test_no_more_than_a_few_names_are_proved_at_once(self) -> None:
        names = [f"n{number:02}.example.test" for number in range(3 * PROVED_AT_ONCE)]
        gate: Deferred[None] = Deferred()
        most: list[int] = []

        class Waiting(SmallResponder):
            async def _wait(self) -> None:
                most.append(len(self.names))
                waiting: Deferred[None] = Deferred()
                gate.addCallback(lambda _: waiting.callback(None))
                await waiting

            def start_responding(self, name: str, challenge: Any, response: Any) -> Any:
                super().start_responding(name, challenge, response)
                return Deferred.fromCoroutine(self._wait())

        running = self.begin(self.plan(names), [Waiting(self.authority)])
        self.assertEqual(max(most), PROVED_AT_ONCE)
        gate.callback(None)
        self.successResultOf(running)
        self.assertEqual(len(self.authority.issued), 1)

    def test_profile_is_asked_for(self) -> None:
        self.obtain(self.plan(profile="shortlived"))
        self.assertEqual(self.authority.wanted, [("shortlived", None)])

    def test_chain_that_is_not_preferred_is_told(self) -> None:
        self.obtain(self.plan(preferredChain="Root Y"))
        self.assertIn("acme.process-cert", [name for name, _ in self.events])

    def test_former_key_is_kept_if_that_is_wished(self) -> None:
        plan = evolve(self.plan(reuseKey=True), former_key=key_pem())
        self.assertEqual(self.obtain(plan).key, plan.former_key)

    def test_former_key_is_not_kept_else(self) -> None:
        plan = evolve(self.plan(), former_key=key_pem())
        self.assertNotEqual(self.obtain(plan).key, plan.former_key)


class ReplacingTests(OrderingCase):
    """The authority is told which certificate is replaced (RFC 9773 5)."""

    def setUp(self) -> None:
        super().setUp()
        made = load_pem_x509_certificate(chain_pem(NAMES, key_pem()).encode())
        self.former = made.public_bytes(Encoding.DER)

    def test_authority_with_renewal_information(self) -> None:
        self.authority.meta = Directory(has_renewal_info=True)
        self.obtain(evolve(self.plan(), former=self.former))
        self.assertEqual(self.authority.wanted, [(None, certificate_id(self.former))])

    def test_authority_without(self) -> None:
        self.obtain(evolve(self.plan(), former=self.former))
        self.assertEqual(self.authority.wanted, [(None, None)])

    def test_certificate_that_was_replaced_already(self) -> None:
        self.authority.meta = Directory(has_renewal_info=True)
        for kind in ("alreadyReplaced", "malformed", "unauthorized"):
            self.authority.fail("new_order", AcmeProblem(kind, "no"))
            self.assertIsInstance(self.obtain(evolve(self.plan(), former=self.former)), Obtained)
            self.assertEqual(self.authority.wanted[-1], (None, None))
            self.settle(self.journal.forget(self.domain_id))

    def test_other_refusals_are_final(self) -> None:
        self.authority.meta = Directory(has_renewal_info=True)
        self.authority.fail("new_order", REFUSED)
        self.assertIs(self.obtain(evolve(self.plan(), former=self.former)), REFUSED)
        self.assertEqual(self.authority.wanted, [])

    def test_certificate_without_a_name_of_its_issuers_key(self) -> None:
        self.authority.meta = Directory(has_renewal_info=True)
        self.assertIsInstance(self.obtain(evolve(self.plan(), former=b"no certificate")), Obtained)


class DeathTests(OrderingCase):
    """The process is killed before or after a step; another one finishes (table below)."""


class TroubleTests(OrderingCase):
    """The authority fails at a step, for a while (table below)."""


def _death(step: str, when: str) -> Callable[[DeathTests], None]:
    def test(self: DeathTests) -> None:
        self.authority.die(step, when)
        first = self.begin()
        self.assertNoResult(first)
        key = self.key()
        found = self.obtain()
        self.assertEqual((found.key, len(self.authority.issued)), (key, 1))
        if (step, when) != ("new_order", "after"):
            self.assertEqual(len(self.authority.orders), 1)

    return test


def _trouble(step: str, when: str) -> Callable[[TroubleTests], None]:
    def test(self: TroubleTests) -> None:
        self.authority.fail(step, SILENT, when=when)
        self.assertIs(self.obtain(), SILENT)
        self.assertEqual(self.responder.names, [])
        key = self.key()
        found = self.obtain()
        self.assertEqual((found.key, len(self.authority.issued)), (key, 1))

    return test


for _step in STEPS:
    for _when in ("before", "after") if _step != "directory" else ("before",):
        setattr(DeathTests, f"test_death_{_when}_{_step}", _death(_step, _when))
        setattr(TroubleTests, f"test_trouble_{_when}_{_step}", _trouble(_step, _when))


class FailureTests(OrderingCase):
    """What cannot succeed is forgotten, what may is kept."""

    def refused(self, text: str, **given: Any) -> None:
        problem = self.obtain(**given)
        self.assertIsInstance(problem, AcmeProblem)
        self.assertIn(text, problem.detail)
        self.assertIsNone(self.entry())
        self.assertEqual(self.events[-1][0], "acme.order-invalid")

    def test_refusal_for_good_is_forgotten_and_the_next_order_has_another_key(self) -> None:
        self.authority.fail("finalize", REFUSED)
        keys: list[str] = []
        write = self.journal.write

        async def note(domain_id: int, entry: Entry) -> None:
            keys.append(entry.key)
            await write(domain_id, entry)

        self.patch(self.journal, "write", note)
        self.refused("may not be certified")
        self.assertNotIn(self.obtain().key, keys[:1])

    def test_challenge_that_is_not_offered(self) -> None:
        self.authority.kinds = ("dns-01", "tls-alpn-01")
        self.refused("offers dns-01, tls-alpn-01 for a.example.test, but the account is set to http-01")
        self.assertEqual(self.responder.proved, [])

    def test_authority_that_offers_nothing(self) -> None:
        self.authority.kinds = ()
        self.refused("offers nothing")

    def test_challenge_that_nobody_answers(self) -> None:
        self.refused("type Http01 cannot be answered", responders=[])

    def test_token_that_is_no_token(self) -> None:
        self.authority.die("authorization")
        self.begin()
        for url, each in self.authority.authorizations.items():
            offered = tuple(evolve(one, token="a") for one in each.challenges)
            self.authority.authorizations[url] = evolve(each, challenges=offered)
        self.refused("base64url")

    def test_name_that_is_not_proved(self) -> None:
        self.responder.is_mute = True
        self.refused("does not answer")
        self.assertEqual(self.responder.names, [])
        self.assertIn("acme.auth-error", [name for name, _ in self.events])

    def test_order_that_became_invalid_meanwhile_is_given_up(self) -> None:
        self.authority.die("authorization")
        self.begin()
        ((url, order),) = self.authority.orders.items()
        self.authority.orders[url] = evolve(order, status="invalid")
        key = self.key()
        found = self.obtain()
        self.assertEqual((len(self.authority.orders), len(self.authority.issued)), (2, 1))
        self.assertNotEqual(found.key, key)

    def test_order_that_becomes_invalid_while_it_is_processed(self) -> None:
        self.authority.fail("settled_order", AcmeProblem("caa", "CAA forbids it"))
        self.refused("CAA forbids it")

    def test_order_that_the_authority_has_forgotten(self) -> None:
        self.authority.die("authorization")
        self.begin()
        self.authority.orders.clear()
        self.assertEqual((type(self.obtain()), len(self.authority.issued)), (Obtained, 1))

    def test_certificate_for_other_names_is_not_taken(self) -> None:
        self.authority.die("settled_order")
        self.begin()
        ((_url, order),) = self.authority.orders.items()
        self.authority.chains[str(order.certificate)] = chain_pem(["c.example.test"], self.key())
        self.refused("not for a.example.test, b.example.test")

    def test_responder_that_fails(self) -> None:
        def refuse(name: str, challenge: Any, response: Any) -> None:
            raise AcmeProblem("dns", "the name server refuses")

        self.patch(self.responder, "start_responding", refuse)
        self.patch(self.responder, "stop_responding", lambda *_: None)
        self.assertEqual(self.obtain().detail, "a.example.test: the name server refuses")
        self.assertIsNotNone(self.entry())  # the order is as good as before

    def test_store_that_fails_keeps_what_it_has(self) -> None:
        self.authority.die("authorization")
        self.begin()
        key = self.key()
        self.patch(self.hashing, "run", lambda work: (_ for _ in ()).throw(Unavailable("busy")))
        self.assertIsInstance(self.obtain(), Unavailable)
        self.assertEqual(self.key(), key)


class ResumeTests(OrderingCase):
    """An order is taken up only for what it was begun for."""

    def setUp(self) -> None:
        super().setUp()
        self.authority.die("finalize")
        self.begin()
        self.former = self.key()

    def other(self, plan: Plan) -> None:
        found = self.obtain(plan)
        self.assertNotEqual(found.key, self.former)
        self.assertEqual((len(self.authority.orders), len(self.authority.issued)), (2, 1))

    def test_other_names(self) -> None:
        self.other(self.plan(NAMES[:1]))

    def test_another_account(self) -> None:
        self.other(evolve(self.plan(), provider_id=self.account + 1))

    def derived(self) -> Plan:
        """A plan whose only name follows from what the server announces."""
        management = {"@type": "Automatic", "acmeProviderId": encode_id(self.account), "subjectAlternativeNames": {}}
        self.settle(self.settings.change(Domain, {"certificateManagement": management}, self.domain_id))
        return self.plan(["mail.example.test"])

    def test_certificate_that_is_issued_is_taken_though_other_host_names_are_known_now(self) -> None:
        self.authority.die("settled_order")
        self.begin()
        found = self.obtain(self.derived())
        self.assertEqual((found.key, self.authority.issued), (self.former, [NAMES]))

    def test_order_that_is_not_issued_yet_is_given_up_for_them(self) -> None:
        self.other(self.derived())

    def test_another_profile(self) -> None:
        ((url, order),) = self.authority.orders.items()
        self.authority.orders[url] = evolve(order, profile="shortlived")
        self.other(self.plan())

    def test_profile_of_the_authoritys_choice(self) -> None:
        self.assertEqual(self.obtain(self.plan(profile="shortlived")).key, self.former)

    def test_an_order_that_is_too_old(self) -> None:
        self.clock.advance(LIFETIME + 1)
        self.other(self.plan())

    def test_same_names_in_another_order(self) -> None:
        self.assertEqual(self.obtain(self.plan(NAMES[::-1])).key, self.former)
