"""Messages in an inbox are called by their numbers."""

from __future__ import annotations

from stalwart.groupware.scheduling.inbox import EVENT, INBOX_HOME, METHOD, SENDER, add_notice
from tests.directory.world import World


class InboxTests(World):
    def test_a_message_is_kept_with_what_it_is_about(self) -> None:
        alice = self.user("alice")
        made = self.successResultOf(
            self.store.write(
                lambda tx: [
                    add_notice(tx, alice, b"x", method="REQUEST", sender="a@b.test", event=event, now=7)
                    for event in (5, None)
                ]
            )
        )
        kept = self.successResultOf(
            self.store.read(lambda tx: tx.collections.members(alice, INBOX_HOME, limit=9, with_data=True))
        )
        self.assertEqual({each.segment for each in made}, {f"{each.item_id}.ics" for each in kept})
        by_id = {each.item_id: each for each in kept}
        self.assertEqual(by_id[made[0].item_id].data, {METHOD: "REQUEST", SENDER: "a@b.test", EVENT: 5})
        self.assertNotIn(EVENT, by_id[made[1].item_id].data or {})
        self.assertEqual(made[0].created_at, 7)
