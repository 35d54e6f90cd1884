"""What a first start inserts for sending mail, and leaves alone afterwards."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.mail.first_objects import QUEUES, insert_for_sending
from stalwart.config.mail.queue_quota import MtaQueueQuota
from stalwart.config.mail.route import MtaRoute
from stalwart.config.mail.schedule import MtaDeliverySchedule
from stalwart.config.mail.tls_strategy import MtaTlsStrategy
from stalwart.config.mail.virtual_queue import MtaVirtualQueue
from stalwart.mail.queue.schedules import BUILT_IN, plan_of
from stalwart.store import MemoryStore

NOW = 1_800_000_000


class FirstObjectsTests(SynchronousTestCase):
    """settings A.9."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)
        self.insert()

    def insert(self) -> None:
        self.successResultOf(self.store.write(lambda tx: insert_for_sending(tx, NOW)))

    def test_parts_of_the_queue_have_their_schedules(self) -> None:
        queues = self.successResultOf(self.store.read(lambda tx: registry.listed(tx, MtaVirtualQueue)))
        self.assertEqual({each.value.name: each.value.threads_per_node for each in queues}, QUEUES)
        names = {each.id: each.value.name for each in queues}
        schedules = self.successResultOf(self.store.read(lambda tx: registry.listed(tx, MtaDeliverySchedule)))
        plans = {each.value.name: plan_of(each.value, names[each.value.queue_id]) for each in schedules}
        self.assertEqual(
            {name: (plan.queue, plan.retry, plan.attempts) for name, plan in plans.items()},
            {name: (plan.queue, plan.retry, plan.attempts) for name, plan in BUILT_IN.items()},
        )

    def test_what_is_there_stays_as_it_is(self) -> None:
        def only_one(tx: object) -> None:
            for each in registry.listed(tx, MtaTlsStrategy)[1:]:  # type: ignore[arg-type]
                registry.destroy(tx, MtaTlsStrategy, each.id)  # type: ignore[arg-type]

        self.successResultOf(self.store.write(only_one))
        self.insert()
        count = self.successResultOf(self.store.read(lambda tx: tx.registry.count(MtaTlsStrategy.type_name)))
        self.assertEqual(count, 1)

    def quotas(self) -> list[registry.Entry]:
        return self.successResultOf(self.store.read(lambda tx: registry.listed(tx, MtaQueueQuota)))

    def test_a_limit_on_all_that_waits(self) -> None:
        limits = [(each.value.key, each.value.messages, each.value.size) for each in self.quotas()]
        self.assertEqual(limits, [(frozenset(), 1_000_000, 10 << 30), (frozenset({"sender"}), 500_000, 5 << 30)])
        self.assertEqual({(each.value.match.compiled, each.value.enable) for each in self.quotas()}, {(None, True)})

    def test_the_limit_can_be_changed(self) -> None:
        quota, _ = self.quotas()
        self.successResultOf(
            self.store.write(lambda tx: registry.update(tx, MtaQueueQuota, quota.id, {"messages": 5}, now=NOW))
        )
        self.assertEqual([each.value.messages for each in self.quotas()], [5, 500_000])

    def test_who_has_none_is_not_limited_later(self) -> None:
        for quota in self.quotas():
            self.successResultOf(self.store.write(lambda tx, id=quota.id: registry.destroy(tx, MtaQueueQuota, id)))
        self.insert()
        self.assertEqual(self.quotas(), [])

    def test_routes_have_the_names_of_the_rules(self) -> None:
        routes = self.successResultOf(self.store.read(lambda tx: registry.listed(tx, MtaRoute)))
        self.assertEqual([(each.value.tag, each.value.name) for each in routes], [("Mx", "mx"), ("Local", "local")])
