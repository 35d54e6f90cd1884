"""Renewals that fail, processes that die, and what authorities wish (RFC 9773)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import fail

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.tls.certificate import Certificate
from stalwart.errors import Unavailable
from stalwart.net.acme import AcmeProblem, AcmeUnreachable, RenewalInfo
from stalwart.tls.authorities import Authorities
from stalwart.tls.due import DAY, HOUR, MINUTE
from stalwart.tls.renewals import LOOK
from tests.tls.renewing import RenewalsCase
from tests.tls.small_authority import LIMITED, REFUSED, SILENT


class FailureTests(RenewalsCase):
    """Attempts that fail, and what the task says about it."""

    def status(self) -> Any:
        return self.task().status

    def test_refusal_is_shown_and_tried_again_without_end(self) -> None:
        self.authority.fail("new_order", *[REFUSED] * 30)
        self.start()
        self.assertEqual((self.status().tag, self.status().attempt_number), ("Retry", 1))
        self.assertEqual((self.status().failure_reason, self.wait()), (REFUSED.detail, MINUTE))
        self.run_for(30 * DAY)
        self.assertEqual((self.status().tag, len(self.authority.issued)), ("Pending", 1))

    def test_pauses_grow_to_a_day(self) -> None:
        self.authority.fail("new_order", *[REFUSED] * 20)
        self.start()
        waits = []
        for _ in range(13):
            waits.append(self.wait() / MINUTE)
            self.clock.advance(self.wait())
        self.assertEqual(waits[:5], [1, 1.5, 3, 6, 12])
        self.assertEqual(max(waits), 1080)

    def test_pauses_are_short_while_a_certificate_ends(self) -> None:
        self.authority.lifetime = 6 * DAY
        self.start()
        self.authority.fail("new_order", *[SILENT] * 1000)
        self.run_for(5 * DAY, MINUTE)
        remaining = self.current().not_after - self.clock.seconds()
        self.assertLessEqual(self.wait(), remaining / 8 + 2 * HOUR)
        self.run_for(3 * DAY, MINUTE)
        self.assertTrue(MINUTE <= self.wait() <= HOUR, self.wait())
        asked = self.authority.asked.count("new_order")
        self.run_for(DAY, MINUTE)
        self.assertLessEqual(self.authority.asked.count("new_order") - asked, 48)
        self.authority.heal()
        self.run_for(HOUR, MINUTE)
        self.assertGreater(self.current().not_after, self.clock.seconds())

    def test_rate_limit_says_when(self) -> None:
        self.authority.fail("new_order", LIMITED)
        self.start()
        self.assertEqual(self.wait(), 7200)
        self.run_for(7199, 60)
        self.assertEqual(self.authority.issued, [])
        self.clock.advance(2)
        self.assertEqual(len(self.authority.issued), 1)

    def test_rate_limit_that_does_not_say_when_is_an_hour(self) -> None:
        self.authority.fail("new_order", AcmeProblem("rateLimited", "slow down"))
        self.start()
        self.assertEqual(self.wait(), HOUR)

    def test_nobody_waits_for_more_than_a_week(self) -> None:
        self.authority.fail("new_order", AcmeUnreachable("closed", retry_after=1e12))
        self.start()
        self.assertEqual(self.wait(), 7 * DAY)

    def test_error_is_louder_after_many_attempts(self) -> None:
        self.settle(self.settings.change(AcmeProvider, {"maxRetries": 1}, self.account))
        self.authority.fail("new_order", REFUSED, REFUSED)
        self.start()
        self.assertIn("acme.renew-backoff", [name for name, _ in self.events])
        self.assertNotIn("acme.error", [name for name, _ in self.events])
        self.clock.advance(MINUTE)
        told = dict(self.events)["acme.error"]
        self.assertEqual((told["domain"], told["reason"], told["total"]), ("example.test", REFUSED.detail, 2))

    def test_fallback_takes_every_second_turn_after_two_failures(self) -> None:
        fallback = self.known_account(directory="https://second.test/dir", accountUri="https://second.test/1")
        self.settle(self.settings.change(AcmeProvider, {"fallbackProviderId": encode_id(fallback)}, self.account))
        self.authority.fail("new_order", *[SILENT] * 100)
        self.second.fail("new_order", SILENT)
        self.start()
        turns = []
        for _ in range(4):
            self.clock.advance(self.wait())
            turns.append((self.authority.asked.count("new_order"), self.second.asked.count("new_order")))
        self.assertEqual(turns, [(2, 0), (2, 1), (3, 1), (3, 2)])
        self.assertEqual((len(self.second.issued), len(self.authority.issued)), (1, 0))
        self.assertEqual(self.task().status.tag, "Pending")

    def test_forgotten_account_is_registered_again(self) -> None:
        self.authority.accounts.clear()
        self.start()
        self.assertEqual((len(self.authority.issued), len(self.authority.contacts)), (1, 1))
        stored = dict(self.settings.all(AcmeProvider))[self.account]
        self.assertEqual(list(self.authority.accounts.values()), [stored.account_uri])

    def test_account_that_cannot_be_registered_again(self) -> None:
        self.authority.accounts.clear()
        self.authority.fail("register", AcmeProblem("externalAccountRequired", "EAB required"))
        self.start()
        self.assertIn("external account (EAB)", self.status().failure_reason)
        self.clock.advance(MINUTE)
        self.assertEqual(len(self.authority.issued), 1)

    def test_account_that_is_not_there_any_more(self) -> None:
        self.patch(self.authorities, "provider", Authorities(*_nothing(self)).provider)
        self.start()
        self.assertEqual(self.status().tag, "Retry")
        self.assertEqual(self.wait(), MINUTE)

    def test_key_of_the_account_that_cannot_be_read(self) -> None:
        self.successResultOf(
            self.store.write(
                lambda tx: registry.update(
                    tx, AcmeProvider, self.account, {"accountKey": "sealed:1:x"}, now=1, by_server=True
                )
            )
        )
        self.settle(self.settings.reload())
        self.start()
        self.assertIn("encrypted under another key", self.status().failure_reason)

    def test_name_that_is_none(self) -> None:
        self.manage(subjectAlternativeNames={f"{'x' * 64}.example.test": True})
        self.start()
        self.assertEqual(self.status().tag, "Retry")
        self.assertIn("cannot be used", self.status().failure_reason)


class CrashTests(RenewalsCase):
    """Nothing is ordered twice."""

    def test_store_that_fails_while_it_saves(self) -> None:
        write = self.store.write

        def failing(work: Any) -> Any:
            if self.authority.issued:
                return fail(Unavailable("no disk"))
            return write(work)

        self.store.write = failing  # type: ignore[method-assign]
        self.start()
        self.assertEqual((len(self.authority.issued), self.certificates()), (1, []))
        self.store.write = write  # type: ignore[method-assign]
        self.run_for(5 * MINUTE, 5)
        self.assertEqual((len(self.authority.issued), len(self.certificates())), (1, 1))

    def test_only_the_save_fails(self) -> None:
        keys: list[str] = []
        certificates, save = self.service.cert_store, self.service.cert_store._save

        async def failing(domain_id: int, chain: str, key: str) -> None:
            keys.append(key)
            raise Unavailable("no disk")

        certificates._save = failing
        self.start()
        self.assertEqual((self.task().status.tag, len(self.authority.issued)), ("Retry", 1))
        certificates._save = save
        self.run_for(2 * MINUTE, 5)
        self.assertEqual((len(self.authority.issued), self.key()), (1, keys[0]))

    def test_process_that_is_killed_while_it_orders(self) -> None:
        self.start()
        deaths = (("new_order", "after"), ("answer", "after"), ("finalize", "after"), ("certificate", "before"))
        for step, when in deaths:
            issued = len(self.authority.issued)
            self.authority.die(step, when)
            self.force()
            self.process()
            self.start()
            self.run_for(MINUTE, 5)
            self.assertEqual((len(self.authority.issued), len(self.tasks())), (issued + 1, 1), step)


class AuthorityWishesTests(RenewalsCase):
    """Renewal information (RFC 9773), and certificates that were revoked."""

    def window(self, begin: float, end: float, again: float = LOOK) -> RenewalInfo:
        now = self.clock.seconds()
        return RenewalInfo(now + begin, now + end, None, again)

    def test_window_moves_the_renewal(self) -> None:
        self.start()
        self.authority.window = self.window(10 * DAY, 12 * DAY)
        self.run_for(LOOK + MINUTE, MINUTE)
        self.assertTrue(9.7 <= self.left() / DAY <= 11.75, self.left() / DAY)
        moment = self.current().renew_at
        self.run_for(DAY)
        self.assertEqual(self.current().renew_at, moment)
        self.run_for(9 * DAY)
        self.assertEqual(len(self.authority.issued), 1)
        self.run_for(0.9 * DAY)
        self.assertEqual(len(self.authority.issued), 2)

    def test_window_of_today_renews_today_and_not_all_day(self) -> None:
        self.start()
        self.authority.window = self.window(-2 * DAY, -DAY, 60.0)
        self.run_for(LOOK + MINUTE, MINUTE)
        self.assertEqual(len(self.authority.issued), 2)
        self.run_for(LOOK - 5 * MINUTE, MINUTE)
        self.assertEqual(len(self.authority.issued), 2)

    def test_authority_is_asked_as_often_as_it_says(self) -> None:
        for again, times in ((HOUR, 24), (8 * HOUR, 3)):
            self.authority.window = self.window(50 * DAY, 60 * DAY, again)
            self.start()
            self.run_for(LOOK + MINUTE, MINUTE)
            before = self.authority.asked.count("renewal_info")
            self.run_for(DAY, MINUTE)
            self.assertIn(self.authority.asked.count("renewal_info") - before, (times - 1, times))
            self.run_for(DAY)

    def test_authority_that_does_not_answer_changes_nothing(self) -> None:
        self.start()
        moment = self.current().renew_at
        self.authority.fail("renewal_info", *[SILENT] * 10)
        self.run_for(DAY)
        self.assertEqual((self.current().renew_at, self.task().status.tag), (moment, "Pending"))

    def test_revoked_certificate_is_renewed_with_another_key(self) -> None:
        self.settle(self.settings.change(AcmeProvider, {"reuseKey": True}, self.account))
        self.start()
        former, key = self.current(), self.key()
        now = self.clock.seconds()
        patch = {"revokedAt": "2027-01-15T08:00:00Z"}
        self.successResultOf(
            self.store.write(lambda tx: registry.update(tx, Certificate, former.id, patch, now=now, by_server=True))
        )
        self.run_for(LOOK + MINUTE, MINUTE)
        self.assertEqual(len(self.authority.issued), 2)
        self.assertNotEqual(self.key(), key)
        self.assertNotIn(former.id, [one.id for one in self.certificates()])


def _nothing(case: RenewalsCase) -> tuple[Any, ...]:
    """Parts of authorities without accounts."""

    class Empty:
        def all(self, declaration: Any) -> list[Any]:
            return []

    return case.store, Empty(), case.vault, case.clock, None
