"""stalwart.store.neighbours: words packed into messages."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.neighbours import Outbox, words_of


class OutboxTests(SynchronousTestCase):
    """What one sender tells others."""

    def setUp(self) -> None:
        """Two senders."""
        self.ours, self.theirs = Outbox(), Outbox()

    def test_words_come_in_the_order_in_which_they_were_said_each_once(self) -> None:
        """One that waits already is not said twice."""
        for word in ([1, 7], ["größer"], [1, 7], [2]):
            self.ours.add(word)
        (message,) = self.ours.messages(1000)
        self.assertEqual(self.theirs.heard(message), [[1, 7], ["größer"], [2]])
        self.assertEqual(self.theirs.heard(message.encode()), words_of(message))

    def test_what_has_left_waits_no_more_and_can_be_said_again(self) -> None:
        """The next message holds only what was said since."""
        self.ours.add([1])
        self.assertEqual(len(list(self.ours.messages(1000))), 1)
        self.assertEqual(list(self.ours.messages(1000)), [])
        self.ours.add([1])
        self.assertEqual([words_of(message) for message in self.ours.messages(1000)], [[[1]]])

    def test_nobody_listens_to_themselves(self) -> None:
        """A channel gives all that is said to all who listen."""
        self.ours.add([1])
        (message,) = self.ours.messages(1000)
        self.assertEqual(self.ours.heard(message), [])

    def test_messages_are_no_longer_than_they_may_be_unless_a_word_is(self) -> None:
        """Many words make several messages, a long one has its own."""
        words = [[number, "x" * 20] for number in range(50)] + [["y" * 500]]
        for word in words:
            self.ours.add(word)
        messages = list(self.ours.messages(200))
        self.assertGreater(len(messages), 5)
        self.assertTrue(all(len(message) < 200 + 50 for message in messages[:-1]))
        self.assertEqual([word for message in messages for word in words_of(message)], words)
