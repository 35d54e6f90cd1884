"""Which certificate answers to which name."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.tls.pairs import Pair
from stalwart.tls.selection import LONGEST_NAME, Certificates

NOW = 1_800_000_000
DAY = 86_400
NOT_FOUND, NONE = "tls.certificate-not-found", "tls.no-certificates-available"
SEVERAL, UNUSABLE = "tls.multiple-certificates-available", "tls.certificate-unusable"


def pair(*names: str, begins: int = -1, ends: int = 90) -> Pair:
    """One for ``names``; the dates are in days from now. Nothing here looks at its bytes."""
    return Pair((b"certificate",), b"key", frozenset(names), NOW + begins * DAY, NOW + ends * DAY)


class SelectionCase(SynchronousTestCase):
    """Nothing to choose from yet."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.telemetry = Telemetry()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, values: self.events.append((event.id, values)))
        self.own_names: tuple[str, ...] = ("mail.example.test",)
        self.certificates = Certificates(self.clock, self.telemetry, lambda: self.own_names)

    def serve(self, *pairs: Pair, default: int | None = None) -> None:
        self.certificates.replace(dict(enumerate(pairs)), default)

    def ids(self) -> list[str]:
        return [id for id, _ in self.events]


class NameTests(SelectionCase):
    """Names, stars, and what is above and below them."""

    def test_the_name_itself_comes_before_the_star(self) -> None:
        exact, star = pair("www.a.test"), pair("*.a.test")
        for pairs in ((exact, star), (star, exact)):
            self.serve(*pairs)
            self.assertIs(self.certificates.find("www.a.test"), exact)
            self.assertIs(self.certificates.find("mail.a.test"), star)

    def test_upper_case_and_a_last_dot_mean_the_same(self) -> None:
        exact, other = pair("www.a.test"), pair("b.test")
        self.serve(other, exact, default=0)
        for name in ("WWW.A.TEST", "www.a.test.", "Www.A.test."):
            self.assertIs(self.certificates.find(name), exact)
        self.assertIs(self.certificates.find("www.a.test.."), other)
        self.assertEqual(self.ids(), [NOT_FOUND])

    def test_a_star_stands_for_one_label(self) -> None:
        star, other = pair("*.a.test"), pair("b.test")
        self.serve(other, star, default=0)
        self.assertIs(self.certificates.find("x.a.test"), star)
        self.assertIs(self.certificates.find("x.y.a.test"), other)

    def test_chain_is_for_who_accepts_it_and_nothing_is_told(self) -> None:
        star, other = pair("*.a.test"), pair("b.test")
        self.serve(other, star, default=0)
        chains = [self.certificates.chain_for(name) for name in ("x.a.test", "b.test")]
        self.assertEqual(chains, [star.chain, other.chain])
        for name in ("a.test", "x.b.test", "x.y.a.test", "test", ""):
            self.assertEqual(self.certificates.chain_for(name), ())
        self.assertEqual(self.ids(), [])

    def test_last_resorts_are_the_name_above_and_the_star_below(self) -> None:
        star, apex, other = pair("*.a.test"), pair("b.test"), pair("c.test")
        self.serve(other, star, apex, default=0)
        self.assertIs(self.certificates.find("a.test"), star)
        self.assertIs(self.certificates.find("x.b.test"), apex)
        self.assertIs(self.certificates.find("x.y.b.test"), other)
        self.assertIs(self.certificates.find("test"), other)

    def test_the_name_above_does_not_come_before_a_star(self) -> None:
        star, apex = pair("*.a.test", ends=5), pair("a.test", ends=90)
        self.serve(apex, star)
        self.assertIs(self.certificates.find("x.a.test"), star)
        self.assertIs(self.certificates.find("a.test"), apex)

    def test_a_certificate_answers_to_each_of_its_names(self) -> None:
        both, other = pair("a.test", "*.a.test", "b.test"), pair("c.test")
        self.serve(other, both, default=0)
        for name in ("a.test", "x.a.test", "b.test"):
            self.assertIs(self.certificates.find(name), both)

    def test_hostile_names_get_the_default_and_one_event_of_bounded_size(self) -> None:
        other = pair("b.test")
        self.serve(pair("a.test"), other, default=1)
        for name in ("x" * 10_000, "a.test\0.evil.test", "a\ufffd.test", "..", ".", "-", " ", "*", "\n", "a.test " * 9):
            self.events.clear()
            self.assertIs(self.certificates.find(name), other)
            [(id, values)] = self.events
            self.assertEqual(id, NOT_FOUND)
            self.assertLessEqual(len(values["hostname"]), LONGEST_NAME)

    def test_a_name_of_full_length_is_found(self) -> None:
        name = ".".join(["a" * 61] * 4) + ".test"
        self.assertEqual(len(name), 252)
        long = pair(name + "x")
        self.serve(pair("b.test"), long, default=0)
        self.assertIs(self.certificates.find(name + "x."), long)

    @given(st.text(max_size=300))
    def test_any_name_gets_some_certificate(self, name: str) -> None:
        certificates = Certificates(self.clock, Telemetry(), lambda: ())
        certificates.replace({1: pair("a.test"), 2: pair("*.b.test")}, None)
        self.assertIn(certificates.find(name), certificates.pairs.values())


class DateTests(SelectionCase):
    """Several for one name, and those whose time is over or has not come."""

    def test_of_several_the_one_that_is_valid_longest_wins(self) -> None:
        short, long, middle = pair("a.test", ends=5), pair("a.test", ends=90), pair("a.test", ends=30)
        self.serve(short, long, middle)
        self.assertIs(self.certificates.find("a.test"), long)

    def test_one_that_has_not_begun_waits(self) -> None:
        now, later = pair("a.test", ends=5), pair("a.test", begins=2, ends=90)
        self.serve(now, later)
        self.assertIs(self.certificates.find("a.test"), now)
        self.clock.advance(2 * DAY)
        self.assertIs(self.certificates.find("a.test"), later)

    def test_an_expired_one_gives_way_to_any_that_covers_the_name(self) -> None:
        expired, star = pair("a.b.test", begins=-90, ends=1), pair("*.b.test")
        self.serve(expired, star)
        self.assertIs(self.certificates.find("a.b.test"), expired)
        self.clock.advance(DAY + 1)
        self.assertIs(self.certificates.find("a.b.test"), star)

    def test_an_expired_one_is_better_than_a_foreign_one(self) -> None:
        expired, other = pair("a.test", begins=-90, ends=-1), pair("b.test")
        self.serve(other, expired, default=0)
        self.assertIs(self.certificates.find("a.test"), expired)

    def test_of_expired_ones_the_last_is_shown_and_one_that_has_not_begun_only_alone(self) -> None:
        older, newer = pair("a.test", begins=-90, ends=-30), pair("a.test", begins=-90, ends=-2)
        later = pair("a.test", begins=2)
        self.serve(later, older, newer)
        self.assertIs(self.certificates.find("a.test"), newer)
        self.serve(later)
        self.assertIs(self.certificates.find("a.test"), later)

    def test_last_resorts_are_valid_ones_only(self) -> None:
        other = pair("b.test")
        self.serve(other, pair("a.test", begins=-90, ends=-1), default=0)
        self.assertIs(self.certificates.find("x.a.test"), other)

    def test_a_clock_that_jumps_does_no_lasting_harm(self) -> None:
        old, new = pair("a.test", begins=-90, ends=1), pair("a.test", ends=80)
        self.serve(old, new)
        self.assertIs(self.certificates.find("a.test"), new)
        self.clock.rightNow = 0.0
        self.assertIn(self.certificates.find("a.test"), (old, new))
        self.clock.rightNow = float(NOW)
        self.assertIs(self.certificates.find("a.test"), new)


class OtherwiseTests(SelectionCase):
    """Names that nobody has, and clients that name none."""

    def test_the_default_serves_who_names_nothing(self) -> None:
        a, b = pair("a.test"), pair("b.test", ends=5)
        self.serve(a, b, default=1)
        self.assertIs(self.certificates.find(None), b)
        self.assertIs(self.certificates.find(""), b)
        self.assertEqual(self.events, [])

    def test_an_expired_default_gives_way_as_long_as_there_is_a_valid_one(self) -> None:
        expired, valid = pair("a.test", ends=-1, begins=-9), pair("b.test")
        self.serve(expired, valid, default=0)
        self.assertIs(self.certificates.find(None), valid)
        self.serve(expired, pair("c.test", ends=-2, begins=-9), default=0)
        self.assertIs(self.certificates.find(None), expired)

    def test_without_a_default_the_one_that_lasts_longest_serves_and_that_is_told_once(self) -> None:
        a, b = pair("a.test", ends=5), pair("b.test")
        self.serve(a, b)
        for _ in range(3):
            self.assertIs(self.certificates.find("c.test"), b)
        self.assertEqual((self.ids().count(SEVERAL), self.ids().count(NOT_FOUND)), (1, 3))

    def test_the_only_one_needs_no_default(self) -> None:
        only = pair("a.test")
        self.serve(only)
        self.assertIs(self.certificates.find(None), only)
        self.assertEqual(self.events, [])

    def test_a_default_that_is_not_there_is_none(self) -> None:
        only = pair("a.test")
        self.serve(only, default=77)
        self.assertIs(self.certificates.find(None), only)

    def test_when_all_have_expired_a_valid_one_is_looked_for_again(self) -> None:
        expired, later = pair("a.test", begins=-9, ends=-1), pair("b.test", begins=1)
        self.serve(expired, later)
        self.assertIs(self.certificates.find(None), expired)
        self.clock.advance(DAY + 60)
        self.assertIs(self.certificates.find(None), later)

    def test_without_any_the_server_signs_one_for_its_own_names(self) -> None:
        found = self.certificates.find("a.test")
        self.assertEqual(found.names, {"mail.example.test"})
        self.assertIs(self.certificates.find(None), found)
        self.assertEqual(self.ids().count(NONE), 1)
        self.own_names = ("other.test",)
        self.assertEqual(self.certificates.find(None).names, {"other.test"})

    def test_loss_of_all_is_told_again(self) -> None:
        self.certificates.find(None)
        self.serve(pair("a.test"))
        self.serve()
        self.certificates.find(None)
        self.assertEqual(self.ids().count(NONE), 2)


class ReplaceTests(SelectionCase):
    """Certificates come and go."""

    def test_what_is_gone_is_found_no_more(self) -> None:
        a, star, b = pair("a.test"), pair("*.a.test"), pair("b.test")
        self.certificates.replace({1: a, 2: star, 3: b}, 3)
        self.certificates.replace({2: star, 3: b}, 3)
        self.assertIs(self.certificates.find("a.test"), star)
        self.certificates.replace({3: b}, 3)
        for name in ("a.test", "x.a.test"):
            self.assertIs(self.certificates.find(name), b)
        self.assertEqual(dict(self.certificates.pairs), {3: b})

    def test_one_of_several_may_go(self) -> None:
        pairs = {n: pair("a.test", ends=n) for n in range(1, 5)}
        for gone in (4, 2, 3):
            del pairs[gone]
            self.certificates.replace(pairs, None)
            self.assertIs(self.certificates.find("a.test"), pairs[max(pairs)])

    def test_a_new_pair_under_an_old_id_takes_its_place(self) -> None:
        self.certificates.replace({1: pair("a.test", ends=90)}, None)
        newer = pair("a.test", ends=60)
        self.certificates.replace({1: newer}, None)
        self.assertIs(self.certificates.find("a.test"), newer)

    def test_refusals_are_told_once_until_others_come(self) -> None:
        bad = pair(*(f"n{n}.test" for n in range(20)))
        self.serve(bad)
        for _ in range(3):
            self.certificates.refused(bad, "wrong key")
        self.assertEqual(self.ids(), [UNUSABLE])
        self.assertEqual(self.events[0][1]["reason"], "wrong key")
        self.assertEqual(self.events[0][1]["hostname"].count(","), 7)
        self.serve(bad)
        self.certificates.refused(bad, "wrong key")
        self.assertEqual(self.ids(), [UNUSABLE] * 2)

    def test_what_is_served_cannot_be_changed_from_outside(self) -> None:
        given = {1: pair("a.test")}
        self.certificates.replace(given, None)
        given.clear()
        self.assertEqual(len(self.certificates.pairs), 1)
