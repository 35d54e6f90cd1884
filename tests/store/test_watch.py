"""Observers of a store: told as long as they want."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.watch import Changed, Watch


class WatchTests(SynchronousTestCase):
    def test_observers_are_told_until_they_leave(self) -> None:
        watch = Watch()
        first: list[Changed] = []
        second: list[Changed] = []
        leave = watch.add(first.append)
        watch.add(second.append)
        watch.tell({1: {2: 9}})
        leave()
        leave()
        watch.tell({3: {4: 0}})
        self.assertEqual((first, second), ([{1: {2: 9}}], [{1: {2: 9}}, {3: {4: 0}}]))

    def test_an_observer_may_leave_while_it_is_told(self) -> None:
        watch = Watch()
        heard: list[str] = []

        def once(changed: Changed) -> None:
            heard.append("once")
            leave()

        leave = watch.add(once)
        watch.add(lambda changed: heard.append("always"))
        watch.tell({})
        watch.tell({})
        self.assertEqual(heard, ["once", "always", "always"])

    def test_some_are_told_ahead(self) -> None:
        watch = Watch()
        heard: list[str] = []
        leave = watch.add(lambda changed: heard.append("ahead"), ahead=True)
        watch.add(lambda changed: heard.append("behind"))
        watch.tell_ahead({})
        self.assertEqual(heard, ["ahead"])
        watch.tell({})
        leave()
        watch.tell_ahead({})
        self.assertEqual(heard, ["ahead", "behind"])
