"""Automatic certificates over weeks, with an authority that does what it should."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.operation.task import Task
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.tasks.scheduling import schedule
from stalwart.tls.due import DAY, HOUR, MINUTE
from stalwart.tls.renewals import LOOK, TASK, is_automatic, tasks_of
from tests.tls.renewing import OURS, RenewalsCase


class LifeTests(RenewalsCase):
    """An authority that does what it should."""

    def test_first_certificate_is_there_at_once_and_served(self) -> None:
        self.start()
        self.assertEqual(self.authority.issued, [OURS])
        self.assertEqual(self.current().names, set(OURS))
        self.assertEqual({name for pair in self.served.pairs.values() for name in pair.names}, set(OURS))
        self.assertEqual(self.told, [self.current().id])
        self.assertTrue(58 <= self.left() / DAY <= 60, self.left() / DAY)

    def test_certificate_of_90_days_is_renewed_once_in_60(self) -> None:
        self.start()
        first = self.current()
        self.run_for(59 * DAY)
        self.assertEqual(len(self.authority.issued), 1)
        self.run_for(2 * DAY)
        self.assertEqual(len(self.authority.issued), 2)
        self.assertNotEqual(self.current().id, first.id)
        self.assertIsNotNone(self.current().renew_at)
        self.assertEqual([one.renew_at for one in self.certificates()[1:]], [None])

    def test_certificate_of_6_days_is_renewed_after_4(self) -> None:
        self.authority.lifetime = 6 * DAY
        self.start()
        self.run_for(3.8 * DAY)
        self.assertEqual(len(self.authority.issued), 1)
        self.run_for(0.3 * DAY)
        self.assertEqual(len(self.authority.issued), 2)
        self.run_for(26 * DAY)
        self.assertIn(len(self.authority.issued), (7, 8, 9))
        self.assertLessEqual(len(self.certificates()), 3)  # what has ended goes

    def test_certificate_of_600_seconds_is_renewed_after_400(self) -> None:
        self.authority.lifetime, self.authority.backdated = 600, 0
        self.start()
        self.assertTrue(380 <= self.left() <= 400, self.left())
        self.run_for(375, 5)
        self.assertEqual(len(self.authority.issued), 1)
        self.run_for(30, 5)
        self.assertEqual(len(self.authority.issued), 2)
        self.run_for(HOUR - 405, 5)
        self.assertIn(len(self.authority.issued), range(8, 11))

    def test_certificate_that_is_old_when_it_comes_is_not_renewed_all_the_time(self) -> None:
        self.authority.lifetime, self.authority.backdated = 2 * HOUR, DAY
        self.start()
        self.assertTrue(30 * MINUTE <= self.left() <= HOUR, self.left())
        self.run_for(6 * HOUR, MINUTE)
        self.assertLess(len(self.authority.issued), 12)
        self.assertGreater(self.current().not_after, self.clock.seconds())

    def test_certificate_that_is_of_no_use_is_not_ordered_all_the_time(self) -> None:
        self.authority.lifetime, self.authority.backdated = 600, HOUR
        self.start()
        self.assertIn("ends within an hour", self.task().status.failure_reason)
        self.run_for(6 * HOUR, MINUTE)
        self.assertLess(len(self.authority.issued), 12)

    def test_order_of_the_task_is_the_only_schedule(self) -> None:
        self.start()
        self.assertEqual((self.task().status.tag, self.task().force), ("Pending", False))
        self.assertEqual(self.wait(), LOOK + 1)

    def test_share_of_the_account_is_followed(self) -> None:
        self.settle(self.settings.change(AcmeProvider, {"renewBefore": "R12"}, self.account))
        self.start()
        self.assertTrue(43 <= self.left() / DAY <= 45, self.left() / DAY)

    def test_new_process_does_not_order_again(self) -> None:
        self.start()
        self.process()
        self.start()
        self.run_for(DAY)
        self.assertEqual(len(self.authority.issued), 1)

    def test_former_key_is_kept_if_that_is_wished(self) -> None:
        self.settle(self.settings.change(AcmeProvider, {"reuseKey": True}, self.account))
        self.start()
        key = self.key()
        self.force()
        self.assertEqual((self.key(), len(self.authority.issued)), (key, 2))

    def test_key_is_another_one_else(self) -> None:
        self.start()
        key = self.key()
        self.force()
        self.assertNotEqual(self.key(), key)

    def test_forced_renewal_leaves_the_schedule_alone(self) -> None:
        self.start()
        self.force()
        self.assertEqual(len(self.authority.issued), 2)
        self.assertFalse(self.task().force)
        self.run_for(DAY)
        self.assertEqual(len(self.authority.issued), 2)

    def test_second_lasting_task_ends(self) -> None:
        now = self.clock.seconds()
        members = {"domainId": encode_id(self.domain_id)}
        for _ in range(2):
            self.successResultOf(self.store.write(lambda tx: schedule(tx, TASK, members, now, now)))
        self.start()
        self.assertEqual((len(self.tasks()), len(self.authority.issued)), (1, 1))


class NameTests(RenewalsCase):
    """What the certificate is for changes."""

    def test_listed_names_that_change_are_ordered_at_once(self) -> None:
        self.start()
        self.manage(subjectAlternativeNames={"a.example.test": True, "c.example.test": True})
        self.assertEqual(self.authority.issued[1:], [("a.example.test", "c.example.test")])
        self.assertEqual(len(self.tasks()), 1)

    def test_fewer_names_wait_for_the_next_renewal(self) -> None:
        self.start()
        self.manage(subjectAlternativeNames={"a.example.test": True})
        self.assertEqual(len(self.authority.issued), 1)
        self.force()
        self.assertEqual(self.authority.issued[1], ("a.example.test",))

    def test_names_that_follow_from_the_server_are_ordered_as_they_are_known(self) -> None:
        self.names.known = {"mail.example.test"}
        self.manage(subjectAlternativeNames={})
        self.start()
        self.assertEqual(self.authority.issued, [("mail.example.test",)])
        self.names.known.add("mta-sts.example.test")
        self.run_for(6.5 * DAY)
        self.assertEqual(len(self.authority.issued), 1)
        self.run_for(1 * DAY)
        self.assertEqual(self.authority.issued[1:], [("mail.example.test", "mta-sts.example.test")])

    def test_new_name_does_not_delay_a_short_certificate(self) -> None:
        self.authority.lifetime = 6 * DAY
        self.names.known = {"mail.example.test"}
        self.manage(subjectAlternativeNames={})
        self.start()
        self.names.known.add("mta-sts.example.test")
        self.run_for(4.3 * DAY)
        self.assertEqual(len(self.authority.issued), 2)

    def test_no_name_is_known_yet(self) -> None:
        self.manage(subjectAlternativeNames={})
        self.start()
        self.assertIn("None of the host names below example.test has an address yet", self.task().status.failure_reason)
        self.assertEqual(self.authority.asked, [])
        self.names.known = {"mail.example.test"}
        self.run_for(2 * MINUTE, 5)
        self.assertEqual(len(self.authority.issued), 1)


class EndTests(RenewalsCase):
    """Domains whose certificates are nobody's business any more."""

    def test_missing_task_is_made_again(self) -> None:
        self.start()
        for id in self.task_ids():
            self.successResultOf(self.store.write(lambda tx, id=id: registry.destroy(tx, Task, id)))
        self.settle(self.renewals.ensure_tasks())
        self.assertEqual(self.wait(), LOOK + 1)
        self.settle(self.renewals.ensure_tasks())
        self.assertEqual((len(self.tasks()), len(self.authority.issued)), (1, 1))

    def task_ids(self) -> list[int]:
        return self.successResultOf(self.store.read(lambda tx: tasks_of(tx, self.domain_id)))

    def test_failed_task_counts_as_missing(self) -> None:
        self.start()
        (id,) = self.task_ids()
        failed = {"@type": "Failed", "failedAt": "2027-01-01T00:00:00Z", "failedAttemptNumber": 1, "failureReason": "x"}
        patch = {"status": failed | {"createdAt": "2027-01-01T00:00:00Z"}}
        self.successResultOf(self.store.write(lambda tx: registry.update(tx, Task, id, patch, now=1, by_server=True)))
        self.settle(self.renewals.ensure_tasks())
        self.assertEqual(len(self.task_ids()), 1)
        self.assertNotEqual(self.task_ids(), [id])

    def test_disabled_domain_is_left_alone(self) -> None:
        self.start()
        self.change_domain(isEnabled=False)
        self.run_for(DAY)
        self.assertEqual(self.tasks(), [])
        self.settle(self.renewals.ensure_tasks())
        self.assertEqual(self.tasks(), [])
        self.change_domain(isEnabled=True)
        self.assertEqual(len(self.tasks()), 1)
        self.assertEqual(len(self.authority.issued), 1)

    def test_domain_that_is_kept_by_hand_from_now_on(self) -> None:
        self.start()
        self.change_domain(certificateManagement={"@type": "Manual"})
        self.run_for(90 * DAY)
        self.assertEqual((self.tasks(), len(self.authority.issued)), ([], 1))

    def test_domain_that_is_destroyed(self) -> None:
        other = self.domain("other.test")
        self.assertFalse(is_automatic(dict(self.settings.all(Domain))[other]))
        now = self.clock.seconds()
        members = {"domainId": encode_id(other)}
        self.successResultOf(self.store.write(lambda tx: schedule(tx, TASK, members, now, now)))
        self.successResultOf(self.store.write(lambda tx: registry.destroy(tx, Domain, other)))
        self.start()
        self.assertEqual(len(self.tasks()), 1)
        self.assertEqual(self.authority.issued, [OURS])

    def test_domain_that_goes_while_it_is_ordered(self) -> None:
        plan = Deferred.fromCoroutine(self.renewals.plan("gone.test"))
        self.assertTrue(self.failureResultOf(plan))
