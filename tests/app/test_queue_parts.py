"""The queue is built with the house, and delivers in the process that leads."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.app import queue_parts
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.mail.queue.queue import MailQueue
from tests.app.world import HouseCase

LETTER = Letter(b"Subject: x\r\n\r\n", "a@b.test", (LetterRecipient("nobody@nowhere.invalid"),), "authenticated")


class QueuePartsTests(HouseCase):
    def test_what_is_put_in_is_looked_for_by_the_one_that_leads(self) -> None:
        house = self.open()
        queue = house.mail.services()["mail_queue"]
        self.assertIsInstance(queue, MailQueue)
        self.successResultOf(Deferred.fromCoroutine(queue.pause(True)))
        id = self.successResultOf(Deferred.fromCoroutine(queue.put(LETTER)))
        store: Any = house.foundations.store
        self.assertIsNotNone(self.successResultOf(store.read(lambda tx: queue.find(tx, id))))
        self.assertTrue(queue.delivery._looking.is_open)

    def test_one_of_several_processes_looks_for_letters_of_the_others(self) -> None:
        alone = self.open().mail.services()["mail_queue"].delivery._poll
        self.assertGreater(alone, queue_parts.POLL)
