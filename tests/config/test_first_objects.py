"""What a first start inserts for sending mail, and leaves alone afterwards."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.mail.first_objects import QUEUES, insert_for_sending
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

    def test_routes_have_the_names_of_the_rules(self) -> None:
        routes = self.successResultOf(self.store.read(lambda tx: registry.listed(tx, MtaRoute)))
        self.assertEqual([(each.value.tag, each.value.name) for each in routes], [("Mx", "mx"), ("Local", "local")])
