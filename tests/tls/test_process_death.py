"""A process that orders certificates may be killed at any step; the next one finishes what it has begun.

Everything here is as it is in a server, tasks and their runner included; only the authority is in memory.
"""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.config.domains.domain import Domain
from stalwart.errors import Unavailable
from stalwart.net.acme import AcmeProblem, AcmeUnreachable
from stalwart.tasks.scheduling import schedule
from stalwart.tls.due import DAY, HOUR
from stalwart.tls.renewals import TASK
from tests.directory.world import NOW
from tests.tls.processes import OrderingWorld
from tests.tls.world import chain_pem, key_pem

NAMES = ("a.example.test", "b.example.test")


class DeathTests(OrderingWorld):
    """One test for each step is made below; ``STEPS`` is how many there are at least."""

    def force(self) -> None:
        """A renewal that somebody wants now."""
        members = {"domainId": encode_id(self.domain_id), "force": True}
        now = self.clock.seconds()
        self.successResultOf(self.store.write(lambda tx: schedule(tx, TASK, members, now, now)))

    def run_to(self, step: int) -> bool:
        """Whether the process has died at a step, and another one has gone on from there."""
        self.steps.die_at = self.steps.count + step
        self.process.runner.wake()
        died = self.steps.is_dead
        self.restart()
        self.pass_time(2 * HOUR)
        return died

    def first(self, step: int) -> None:
        """The first certificate of a domain."""
        self.settle(self.process.renewals.ensure_tasks())
        self.steps.die_at = self.steps.count + step
        self.process.runner.start()
        self.assertTrue(self.steps.is_dead, "there are not so many steps")
        self.restart()
        self.pass_time(2 * HOUR)
        self.assertEqual(self.authority.issued, [NAMES])
        (found,) = self.managed()
        self.assertEqual(found.names, set(NAMES))
        self.assertEqual(self.reasons(), [])

    def forced(self, step: int) -> None:
        """A renewal by force, which nothing makes due again."""
        self.serve()
        self.force()
        self.assertTrue(self.run_to(step), "there are not so many steps")
        self.assertEqual(self.authority.issued, [NAMES] * 2)
        self.assertEqual([task.get("force", False) for task in self.tasks()], [False])

    def renewed(self, step: int) -> None:
        """A certificate that is due."""
        self.serve()
        self.process.runner._looking._stop_timer()
        self.clock.advance(61 * DAY)
        self.assertTrue(self.run_to(step), "there are not so many steps")
        self.assertEqual(self.authority.issued, [NAMES] * 2)
        newest, former = self.managed()
        self.assertEqual((newest.renew_at is None, former.renew_at), (False, None))


def _add(kind: str, step: int) -> None:
    def test(self: DeathTests) -> None:
        getattr(self, kind)(step)

    setattr(DeathTests, f"test_{kind}_killed_at_step_{step:02}", test)


class TroubleTests(OrderingWorld):
    """What a process that lives on makes of trouble."""

    def test_forced_renewal_that_failed_is_done_with_by_the_next_certificate(self) -> None:
        self.serve()
        self.steps.fail("new_order", AcmeProblem("serverInternal", "no", 500))
        members = {"domainId": encode_id(self.domain_id), "force": True}
        self.successResultOf(self.store.write(lambda tx: schedule(tx, TASK, members, NOW, NOW)))
        self.process.runner.wake()
        self.assertEqual(self.reasons(), ["no"])
        self.settle(self.process.renewals.save(self.domain_id, *self.bought()))
        self.pass_time(DAY)
        self.assertEqual((len(self.authority.issued), len(self.tasks())), (1, 1))

    def bought(self) -> tuple[str, str]:
        """A certificate and its key."""
        key = key_pem()
        return chain_pem(NAMES, key, NOW), key

    def test_disk_that_is_full_for_hours_costs_no_second_certificate(self) -> None:
        self.serve_until("certificate")
        self.steps.fail("write", Unavailable("No space is left on the disk."), times=8)
        self.process.runner.start()
        self.pass_time(12 * HOUR, 60)
        self.assertEqual((self.authority.issued, len(self.managed())), ([NAMES], 1))
        self.assertEqual(self.reasons(), [])

    def serve_until(self, step: str) -> None:
        """Everything is done up to a step of the authority, whose answer is lost."""
        self.settle(self.process.renewals.ensure_tasks())
        self.steps.fail(step, AcmeUnreachable("no answer"))
        self.process.runner.start()
        self.process.runner._looking._stop_timer()
        self.clock.advance(120)

    def test_fault_in_the_server_is_tried_again_without_end(self) -> None:
        self.steps.fail("new_order", RuntimeError("a fault"), times=12)
        self.serve()
        self.pass_time(4 * DAY)
        self.assertEqual((len(self.managed()), self.reasons(), len(self.tasks())), (1, [], 1))

    def test_domain_that_is_disabled_while_it_is_ordered_leaves_nothing(self) -> None:
        self.steps.fail("new_order", AcmeUnreachable("no answer"))
        self.serve()
        self.settle(self.settings.change(Domain, {"isEnabled": False}, self.domain_id))
        self.pass_time(HOUR)
        self.assertEqual((self.authority.issued, self.tasks()), ([], []))

    def test_other_host_names_do_not_waste_a_certificate_that_was_issued(self) -> None:
        self.follow("autoconfig.example.test")
        self.steps.fail("certificate", AcmeUnreachable("no answer"))
        self.serve()
        self.resolver.absent.clear()
        self.pass_time(HOUR)
        self.assertEqual((len(self.authority.issued), len(self.managed())), (1, 1))

    def follow(self, *absent: str) -> None:
        """Names follow from what the server announces."""
        self.resolver.absent.update(absent)
        management = {"@type": "Automatic", "acmeProviderId": encode_id(self.account)}
        self.settle(self.settings.change(Domain, {"certificateManagement": management}, self.domain_id))

    def test_certificates_that_cannot_be_used_are_ordered_once_a_day(self) -> None:
        self.authority.omits = ("b.example.test",)
        self.serve()
        self.pass_time(7 * DAY)
        self.assertLess(len(self.authority.issued), 9)

    def test_authority_that_always_wants_another_gets_one_order_a_day(self) -> None:
        self.authority.has_renewal_info = True
        self.authority.window = (NOW - DAY, NOW - HOUR)
        self.serve()
        self.pass_time(7 * DAY)
        self.assertLess(len(self.authority.issued), 9)

    def test_short_certificates_are_renewed_at_two_thirds(self) -> None:
        for lifetime, most in ((600, 90), (6 * DAY, 1)):
            self.authority.lifetime = lifetime
            self.authority.issued.clear()
            self.serve()
            self.pass_time(lifetime * 60 if lifetime == 600 else 5 * DAY, 30 if lifetime == 600 else 600)
            self.assertTrue(most * 0.9 <= len(self.authority.issued) <= most + 2, len(self.authority.issued))

    def test_hundred_domains_at_once(self) -> None:
        for number in range(100):
            id = self.domain(f"d{number}.test")
            management = {
                "@type": "Automatic",
                "acmeProviderId": encode_id(self.account),
                "subjectAlternativeNames": {f"d{number}.test": True},
            }
            self.settle(self.settings.change(Domain, {"certificateManagement": management}, id))
        self.serve()
        self.assertEqual(len(self.authority.issued), 101)
        self.assertEqual((self.authority.clients, self.reasons()), (1, []))
        self.restart()
        self.pass_time(DAY)
        self.assertEqual(len(self.authority.issued), 101)


for _step in range(1, 33):
    _add("first", _step)
for _step in range(1, 31):
    _add("forced", _step)
    _add("renewed", _step)
