"""What is remembered of accounts, and for how long."""

from __future__ import annotations

from typing import Any

from stalwart.mail.sieve import switched_on
from stalwart.mail.sieve.switched_on import SwitchedOn
from tests.mail.sieve.case import SieveCase


class SwitchedOnTests(SieveCase):
    """Reads are counted."""

    def setUp(self) -> None:
        super().setUp()
        self.on = SwitchedOn(self.store)
        self.reads = 0
        read = self.store.read

        def counted(work: Any) -> Any:
            self.reads += 1
            return read(work)

        self.patch(self.store, "read", counted)

    def known(self, *names: str) -> set[str]:
        found = self.settle(self.on.of(self.ids[name] for name in names))
        return {name for name in names if self.ids[name] in found}

    def test_nothing_is_read_twice(self) -> None:
        self.script("alice", "keep;")
        for _ in range(3):
            self.assertEqual(self.known("alice", "bob"), {"alice"})
        self.assertEqual(self.reads, 1)

    def test_a_change_is_known_at_once(self) -> None:
        self.assertEqual(self.known("alice"), set())
        self.script("alice", "keep;")
        self.assertEqual(self.known("alice"), {"alice"})
        self.vacation("bob")
        self.assertEqual(self.known("alice", "bob"), {"alice", "bob"})
        self.assertEqual(self.reads, 3)

    def test_what_other_processes_change_is_known(self) -> None:
        self.known("alice")
        self.store.states.forget()
        self.known("alice")
        self.assertEqual(self.reads, 2)

    def test_the_oldest_are_forgotten(self) -> None:
        self.patch(switched_on, "MOST", 1)
        self.script("alice", "keep;")
        for _ in range(2):
            self.assertEqual(self.known("alice", "bob"), {"alice"})
        self.assertEqual(self.reads, 2)
