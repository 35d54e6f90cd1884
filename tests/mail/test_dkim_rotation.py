"""Keys follow each other: what is made, and which steps are taken."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.domains.domain import AutomaticKeys
from stalwart.mail.dkim_rotation import (
    MOST_HELD,
    SHORTEST_USE,
    Held,
    Step,
    awaited,
    end_of,
    first_stage,
    is_full,
    lacking,
    leaving,
    next_due,
    steps,
)

ED, RSA = "Dkim1Ed25519Sha256", "Dkim1RsaSha256"
NOW = 1_800_000_000.0
DAY = 86_400


def rules(**members: Any) -> AutomaticKeys:
    """Of a domain, for RSA only unless said otherwise."""
    made: Any = AutomaticKeys.from_wire({"@type": "Automatic", "algorithms": {RSA: True}, **members})
    return made  # type: ignore[no-any-return]


class LackingTests(SynchronousTestCase):
    def test_every_kind_of_a_new_domain(self) -> None:
        self.assertEqual(lacking(rules(algorithms={ED: True, RSA: True}), [], NOW), [ED, RSA])
        self.assertEqual(first_stage([]), "active")

    def test_nothing_while_a_key_is_in_its_time(self) -> None:
        self.assertEqual(lacking(rules(), [Held(1, RSA, "active", NOW + 1)], NOW), [])

    def test_successor_when_the_time_is_over(self) -> None:
        held = [Held(1, RSA, "active", NOW)]
        self.assertEqual((lacking(rules(), held, NOW), first_stage(held)), ([RSA], "pending"))

    def test_one_successor_at_a_time(self) -> None:
        held = [Held(1, RSA, "active", NOW - 1), Held(2, RSA, "pending", NOW)]
        self.assertEqual(lacking(rules(), held, NOW), [])

    def test_key_without_a_date_is_not_followed(self) -> None:
        self.assertEqual(lacking(rules(), [Held(1, RSA, "active")], NOW), [])

    def test_unplanned_pending_key_does_not_stand_in_the_way(self) -> None:
        held = [Held(1, RSA, "active", NOW), Held(2, RSA, "pending")]
        self.assertEqual(lacking(rules(), held, NOW), [RSA])

    def test_kinds_at_the_same_moment(self) -> None:
        held = [Held(1, RSA, "active", NOW), Held(2, ED, "active", NOW)]
        self.assertEqual(lacking(rules(algorithms={ED: True, RSA: True}), held, NOW), [ED, RSA])

    def test_kind_that_is_added_later_waits_for_its_record(self) -> None:
        held = [Held(1, RSA, "active", NOW + 1)]
        self.assertEqual(lacking(rules(algorithms={ED: True, RSA: True}), held, NOW), [ED])
        self.assertEqual(first_stage(held), "pending")

    def test_too_many(self) -> None:
        held = [Held(id, RSA, "retired", NOW + 1) for id in range(MOST_HELD)]
        self.assertEqual((is_full(held), is_full(held[1:])), (True, False))


class StepTests(SynchronousTestCase):
    def taken(self, *held: Held, seen: Any = (), withdrawn: Any = (), **members: Any) -> list[tuple[int, str | None]]:
        """Ids with their new stages."""
        return [(each.id, each.stage) for each in steps(rules(**members), held, set(seen), set(withdrawn), NOW)]

    def test_pending_key_waits_for_its_record(self) -> None:
        held = Held(1, RSA, "active", NOW - DAY), Held(2, RSA, "pending", NOW - DAY)
        self.assertEqual(self.taken(*held), [])
        self.assertEqual(self.taken(*held, seen={2}), [(1, "retiring"), (2, "active")])

    def test_steps_are_counted_from_now(self) -> None:
        held = Held(1, RSA, "active", NOW - 999 * DAY), Held(2, RSA, "pending", NOW - 999 * DAY)
        found = steps(rules(), held, {2}, set(), NOW)
        self.assertEqual(found, [Step(1, "retiring", NOW + 7 * DAY), Step(2, "active", NOW + 90 * DAY)])
        found = steps(rules(), [Held(1, RSA, "retiring", NOW - 999 * DAY)], set(), {1}, NOW)
        self.assertEqual(found, [Step(1, "retired", NOW + 30 * DAY)])

    def test_stage_lasts_its_time(self) -> None:
        self.assertEqual(self.taken(Held(1, RSA, "retiring", NOW + 1), Held(2, RSA, "retired", NOW + 1)), [])
        self.assertEqual(self.taken(Held(1, RSA, "retiring", NOW)), [(1, "retired")])

    def test_retired_key_goes_when_its_record_is_gone(self) -> None:
        self.assertEqual(self.taken(Held(1, RSA, "retired", NOW)), [])
        self.assertEqual(self.taken(Held(1, RSA, "retired", NOW), withdrawn={1}), [(1, None)])
        self.assertEqual(self.taken(Held(1, RSA, "retired", NOW + 1), withdrawn={1}), [])

    def test_keys_without_a_date_are_never_touched(self) -> None:
        stages = ("active", "pending", "retiring", "retired")
        held = [Held(id, RSA, stage) for id, stage in enumerate(stages)]
        self.assertEqual(self.taken(*held, Held(9, RSA, "pending", NOW), seen={1, 9}, withdrawn={3}), [(9, "active")])

    def test_kinds_do_not_follow_each_other(self) -> None:
        held = Held(1, ED, "active", NOW), Held(2, RSA, "active", NOW), Held(3, RSA, "pending", NOW)
        taken = self.taken(*held, seen={3}, algorithms={ED: True, RSA: True})
        self.assertEqual(taken, [(2, "retiring"), (3, "active")])

    def test_kind_that_is_not_wanted_goes_when_another_signs(self) -> None:
        old = Held(1, ED, "active", NOW)
        self.assertEqual(self.taken(old), [])
        self.assertEqual(self.taken(old, Held(2, RSA, "pending", NOW)), [])
        self.assertEqual(self.taken(old, Held(2, RSA, "pending", NOW), seen={2}), [(1, "retiring"), (2, "active")])
        self.assertEqual(self.taken(Held(1, ED, "active", NOW + 1), Held(2, RSA, "active", NOW + 9)), [])
        self.assertEqual(self.taken(Held(1, ED, "pending", NOW), seen={1}), [(1, "retired")])

    def test_two_keys_of_which_one_is_in_its_time(self) -> None:
        held = Held(1, RSA, "active", NOW), Held(2, RSA, "active", NOW + 1)
        self.assertEqual((lacking(rules(), held, NOW), self.taken(*held)), ([], [(1, "retiring")]))

    def test_no_stage_ends_after_the_dates_that_can_be_read(self) -> None:
        self.assertLess(end_of("active", rules(rotateAfter=2**52), NOW), 32_503_680_001)
        self.assertEqual(end_of("active", rules(rotateAfter=1), NOW), NOW + SHORTEST_USE)

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([ED, RSA]),
                st.sampled_from(["active", "pending", "retiring", "retired"]),
                st.none() | st.integers(-5, 5),
                st.booleans(),
            ),
            max_size=8,
        ),
        st.sampled_from([{RSA: True}, {ED: True, RSA: True}, {}]),
    )
    def test_a_domain_that_signs_goes_on_signing(self, keys: Any, algorithms: Any) -> None:
        held = [Held(id, type, stage, None if d is None else NOW + d) for id, (type, stage, d, _) in enumerate(keys)]
        seen = {id for id, key in enumerate(keys) if key[3]}
        taken = {each.id: each.stage for each in steps(rules(algorithms=algorithms), held, seen, seen, NOW)}
        for type in (ED, RSA):
            before = [each for each in held if each.stage == "active" and each.type == type]
            after = [each for each in held if taken.get(each.id, each.stage) == "active" and each.type == type]
            if before and type in algorithms:
                self.assertTrue(after)
        if any(each.stage == "active" for each in held):
            self.assertIn("active", [taken.get(each.id, each.stage) for each in held])
        self.assertTrue(all(held[id].due is not None for id in taken))


class TimeTests(SynchronousTestCase):
    def test_what_waits(self) -> None:
        held = [
            Held(1, RSA, "active", NOW + 3),
            Held(2, RSA, "pending", NOW - 9),
            Held(3, RSA, "retired", NOW),
            Held(4, RSA, "retiring", NOW + 2),
            Held(5, RSA, "pending"),
        ]
        self.assertEqual([each.id for each in awaited(held)], [2])
        self.assertEqual([each.id for each in leaving(held, NOW)], [3])
        self.assertEqual((next_due(held), next_due([])), (NOW, None))

    def test_what_is_stored(self) -> None:
        data = {"@type": RSA, "stage": "retiring", "nextTransitionAt": "2027-01-15T08:00:00Z"}
        self.assertEqual(Held.of(7, data), Held(7, RSA, "retiring", NOW))
        self.assertEqual(Held.of(7, {"@type": RSA}), Held(7, RSA, "active"))
