"""Who asks; the refusals are tested with ``set``."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.jmap.errors import MethodError
from stalwart.jmap.registry.asked import asking_of
from tests.jmap.desk import access, call


class AskingTests(SynchronousTestCase):
    def test_own_account_is_the_default(self) -> None:
        asking = asking_of(call({}, client_ip="192.0.2.1"), Clock())
        self.assertEqual((asking.account_id, asking.client_ip, asking.confirmed), (7, "192.0.2.1", False))

    def test_only_true_confirms(self) -> None:
        self.assertEqual(
            [asking_of(call({"confirm": given}), Clock()).confirmed for given in (True, 1, "true")],
            [True, False, False],
        )

    def test_creation_reference_can_name_the_account(self) -> None:
        who = access(permissions=frozenset(("impersonate",)))
        made = call({"accountId": "#a"}, access=who, created_ids={"a": "c"})
        self.assertEqual(asking_of(made, Clock()).account_id, 2)

    def test_nobody_owns_an_account_that_the_store_cannot_hold(self) -> None:
        who = access(permissions=frozenset(("impersonate",)))
        beyond = call({"accountId": encode_id(1 << 63)}, access=who)
        self.assertEqual(self.assertRaises(MethodError, asking_of, beyond, Clock()).type, "forbidden")
