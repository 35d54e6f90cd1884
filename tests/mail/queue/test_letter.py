"""What senders say of a message, as the queue keeps it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.parameters import RcptParameters
from stalwart.mail.queue.letter import LetterRecipient, priority_for, queue_priority


class LetterTests(SynchronousTestCase):
    def test_the_highest_priority_goes_first(self) -> None:
        self.assertEqual(sorted((0, 9, -9, 3), key=queue_priority), [9, 3, 0, -9])
        self.assertEqual([queue_priority(queue_priority(said)) for said in (-9, 0, 3)], [-9, 0, 3])

    def test_not_everybody_may_overtake(self) -> None:
        for said, usual, privileged in ((None, 0, 0), (-3, 3, 3), (4, 0, -4), (9, 0, -9)):
            found = [priority_for(said, overtakes=overtakes) for overtakes in (False, True)]
            self.assertEqual(found, [usual, privileged], said)

    def test_what_is_to_be_reported(self) -> None:
        for said, notify in ((None, ""), ((), "NEVER"), (("SUCCESS", "DELAY"), "SUCCESS DELAY")):
            parameters = RcptParameters(None if said is None else frozenset(said))
            self.assertEqual(LetterRecipient.of("b@c.test", parameters).notify, frozenset(notify.split()), said)

    def test_the_address_first_meant(self) -> None:
        self.assertEqual(
            LetterRecipient.of("b@c.test", RcptParameters(orcpt=("rfc822", "a@c.test"))),
            LetterRecipient("b@c.test", "rfc822;a@c.test"),
        )
