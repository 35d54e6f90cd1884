"""Revoking certificates: who is asked, what is signed with, and what follows."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.config import registry
from stalwart.config.tls.certificate import Certificate
from stalwart.errors import Invalid, NotFound, StalwartError
from stalwart.net.acme import AcmeProblem
from stalwart.tls.managed import managed_certificates, members_of, write_managed
from stalwart.tls.renewals import TASK
from stalwart.tls.revocation import Revocations
from tests.directory.world import NOW
from tests.tls.world import DAY, TlsWorld, chain_pem, key_pem


class FakeAuthorities:
    """One authority for all accounts; notes what it is asked to revoke."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int | None, str | None]] = []
        self.problem: AcmeProblem | None = None

    async def client(self, id: int) -> Any:
        """See ``Authorities``."""
        asked, problem = self.asked, self.problem

        class Client:
            async def revoke(self, der: bytes, reason: int | None, *, key_pem: str | None) -> None:
                if problem is not None:
                    raise problem
                asked.append((id, reason, key_pem))

        return Client()


class RevocationTests(TlsWorld):
    def setUp(self) -> None:
        super().setUp()
        self.authorities: Any = FakeAuthorities()
        self.account = self.provider()
        self.automatic(self.account)
        self.key = key_pem()
        members = members_of(chain_pem(["a.example.test"], self.key), self.key, self.vault)
        self.managed_id, _ = self.successResultOf(
            self.store.write(lambda tx: write_managed(tx, self.domain_id, members, NOW + 60 * DAY, NOW))
        )

    def revoke(self, id: int, reason: str = "unspecified", provider_id: int | None = None) -> None:
        revocations = Revocations(self.store, self.hashing, self.vault, self.authorities, self.clock)
        work = Deferred.fromCoroutine(revocations.revoke(id, reason, provider_id))
        failed: list[Failure] = []
        work.addErrback(failed.append)
        self.successResultOf(work)
        if failed:
            failed[0].raiseException()

    def forced(self) -> int:
        """How many renewals by force are waiting."""
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        return sum(1 for row in rows if row.data["@type"] == TASK and row.data.get("force"))

    def test_managed_certificate_is_revoked_with_its_own_key_and_replaced(self) -> None:
        self.revoke(self.managed_id, "keyCompromise")
        self.assertEqual(self.authorities.asked, [(self.account, 1, self.key)])
        (managed,) = self.successResultOf(self.store.read(lambda tx: managed_certificates(tx, self.domain_id)))
        self.assertTrue(managed.is_revoked)
        self.assertEqual(self.forced(), 1)

    def test_no_reason_is_sent_for_none(self) -> None:
        self.revoke(self.managed_id)
        self.assertEqual(self.authorities.asked[0][1], None)

    def test_certificate_of_somebody_else_needs_the_account(self) -> None:
        own = self.certificate("mail.test")
        problem = self.assertRaises(Invalid, self.revoke, own)
        self.assertEqual(problem.properties, ("acmeProviderId",))
        self.revoke(own, provider_id=self.account)
        entry = self.successResultOf(self.store.read(lambda tx: registry.get(tx, Certificate, own)))
        self.assertEqual((int(entry.value.revoked_at), self.forced()), (int(self.clock.seconds()), 0))

    def test_authority_that_refuses(self) -> None:
        self.authorities.problem = AcmeProblem("unauthorized", "not yours")
        problem: StalwartError = self.assertRaises(Invalid, self.revoke, self.managed_id)
        self.assertIn("not yours", problem.detail)
        self.assertEqual(self.forced(), 0)

    def test_certificate_that_is_not_there(self) -> None:
        self.assertRaises(NotFound, self.revoke, 4711)
