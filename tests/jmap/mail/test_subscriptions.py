"""Subscriptions to mailboxes, the owner's and those of members of a group."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.mail.subscriptions import is_subscribed, with_subscription
from stalwart.mail.messages.folders import mailbox_data

GROUP, JANE, JOHN = 1, 2, 3


class SubscriptionTests(SynchronousTestCase):
    def test_nobody_is_subscribed_to_what_has_no_data(self) -> None:
        for data in (None, {}, mailbox_data(subscribed=False)):
            self.assertFalse(is_subscribed(data, JANE, JANE))
            self.assertFalse(is_subscribed(data, GROUP, JANE))

    def test_the_owner(self) -> None:
        data = with_subscription(None, JANE, JANE, subscribed=True)
        self.assertEqual(data, mailbox_data(subscribed=True))
        self.assertTrue(is_subscribed(data, JANE, JANE))
        self.assertFalse(is_subscribed(with_subscription(data, JANE, JANE, subscribed=False), JANE, JANE))

    def test_a_member_speaks_for_nobody_else(self) -> None:
        made = mailbox_data(subscribed=True)
        data = with_subscription(made, GROUP, JANE, subscribed=False)
        self.assertFalse(is_subscribed(data, GROUP, JANE))
        self.assertTrue(is_subscribed(data, GROUP, JOHN))
        self.assertTrue(is_subscribed(data, GROUP, GROUP))
        both = with_subscription(data, GROUP, JOHN, subscribed=False)
        self.assertFalse(is_subscribed(both, GROUP, JOHN))
        self.assertEqual(made, {"isSubscribed": True})

    def test_other_members_of_the_data_stay(self) -> None:
        self.assertEqual(with_subscription({"x": 1}, JANE, JANE, subscribed=True)["x"], 1)
