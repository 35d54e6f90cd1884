"""How much of messages one request gets."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import TooLarge
from stalwart.jmap import allowance
from stalwart.jmap.allowance import Allowance


class AllowanceTests(SynchronousTestCase):
    """The first message is given in proportion to its size, the next ones as far as the bound of the request goes."""

    def setUp(self) -> None:
        self.patch(allowance, "MOST_READ", 100)
        self.patch(allowance, "MOST_SHOWN", 100)
        self.patch(allowance, "SPARE", 10)

    def test_one_message_may_be_of_any_size(self) -> None:
        spent = Allowance()
        spent.begin(1000)
        spent.read(2010)
        spent.show(1990)
        spent.written(2000)

    def test_but_it_is_not_made_to_many_times_its_size(self) -> None:
        for size, read, shown in ((5, 20, 50), (30, 70, 100), (60, 130, 120)):
            for spend, most in ((Allowance.read, read), (Allowance.show, shown), (Allowance.written, shown)):
                spent = Allowance()
                spent.begin(size)
                spend(spent, most)
                self.assertRaises(TooLarge, spend, spent, most + 1)

    def test_the_next_one_may_not(self) -> None:
        for spend in (Allowance.read, Allowance.show, Allowance.written):
            spent = Allowance()
            spent.begin(60)
            spend(spent, 60)
            spent.begin(60)
            spend(spent, 40)
            self.assertRaises(TooLarge, spend, spent, 41)

    def test_pieces_are_counted_once(self) -> None:
        spent = Allowance()
        for _ in range(10):
            spent.begin(1)
            spent.show(8)
            spent.written(10)
            spent.written(3)
        spent.begin(1)
        self.assertRaises(TooLarge, spent.show, 1)

    def test_lists_are_counted_from_the_first_one_on(self) -> None:
        spent = Allowance()
        spent.list(100)
        self.assertRaises(TooLarge, spent.list, 1)

    def test_before_any_message_there_is_a_little(self) -> None:
        spent = Allowance()
        spent.show(10)
        self.assertRaises(TooLarge, spent.show, 1)
