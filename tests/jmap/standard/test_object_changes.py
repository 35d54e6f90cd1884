"""Changes since a state: folding, intermediate states, states that cannot be calculated from (RFC 8620 5.2)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stalwart.jmap.standard.object_changes import cannot_calculate
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction
from tests.jmap.standard.notes import NOTE, NOW, NUMBER, OWN_ID, NotesCase, NoteSource


class ChangesTests(NotesCase):
    def test_nothing_happened(self) -> None:
        self.assertEqual(
            self.call("changes", sinceState="n"),
            {
                "accountId": OWN_ID,
                "oldState": "n",
                "newState": "n",
                "hasMoreChanges": False,
                "created": [],
                "updated": [],
                "destroyed": [],
                "updatedProperties": None,
            },
        )

    def test_each_object_is_in_one_list(self) -> None:
        one, two = self.made("one", "two")
        state = self.state()
        (three,) = self.made("three")
        self.made("four")
        self.call("set", update={one: {"title": "1"}, three: {"title": "3"}}, destroy=[two, "#made0"])
        answer = self.call("changes", sinceState=state)
        self.assertEqual((answer["created"], answer["updated"], answer["destroyed"]), ([three], [one], [two]))
        self.assertEqual((answer["oldState"], answer["newState"]), (state, self.state()))

    def test_many_changes_come_in_parts(self) -> None:
        ids = self.made("a", "b", "c", "d", "e")
        first = self.call("changes", sinceState="n", maxChanges=2)
        self.assertEqual((first["created"], first["hasMoreChanges"]), (ids[:2], True))
        second = self.call("changes", sinceState=first["newState"], maxChanges=3)
        self.assertEqual((second["created"], second["hasMoreChanges"]), (ids[2:], False))
        self.assertEqual((second["oldState"], second["newState"]), (first["newState"], self.state()))

    def test_an_object_made_since_the_beginning_is_created_though_it_changed_between_the_parts(self) -> None:
        ids = self.made("a", "b", "c")
        first = self.call("changes", sinceState="n", maxChanges=1)
        self.call("set", update={ids[2]: {"title": "z"}})
        rest = self.call("changes", sinceState=first["newState"])
        self.assertEqual((rest["created"], rest["updated"]), ([ids[1], ids[2]], []))

    def test_the_server_has_a_limit_too(self) -> None:
        self.made("a", "b", "c")
        self.limit(changes_max_results=2)
        for wanted in (None, 100):
            answer = self.call("changes", sinceState="n", maxChanges=wanted)
            self.assertEqual((len(answer["created"]), answer["hasMoreChanges"]), (2, True))

    def test_states_nobody_gave_out_are_invalid(self) -> None:
        for state in ("", "s", "s0", "s01", "x7", "r5", "0", "s-1", "n1", "S4", " n"):
            self.assertEqual(self.error("changes", sinceState=state), "invalidArguments", state)

    def test_states_of_elsewhere_cannot_be_calculated_from(self) -> None:
        self.made("a")
        for state in ("s99", "s9999999999999999999", "r1-2"):
            self.assertEqual(self.error("changes", sinceState=state), "cannotCalculateChanges", state)

    def test_states_older_than_the_log_cannot_be_calculated_from(self) -> None:
        (id,) = self.made("a")
        state = self.state()
        self.call("set", destroy=[id])
        self.successResultOf(self.store.write(lambda tx: tx.objects.purge(1, NUMBER, NOW + 1)))
        self.assertEqual(self.error("changes", sinceState=state), "cannotCalculateChanges")

    def test_no_changes_wanted_is_an_invalid_argument(self) -> None:
        self.assertEqual(self.error("changes", sinceState="n", maxChanges=0), "invalidArguments")

    def test_the_state_must_be_given(self) -> None:
        self.assertEqual(self.error("changes"), "invalidArguments")

    def test_counters_alone_are_named(self) -> None:
        self.patch(NoteSource, "changes", lambda *_: Changes((), (1,), (), 1, 2, False, True, 1))
        answer = self.call("changes", sinceState="s1")
        self.assertEqual(answer["updatedProperties"], list(NOTE.declared.counts))

    def test_the_error_says_what_to_do(self) -> None:
        self.assertIn("anew", cannot_calculate().description or "")


Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(st.sampled_from(("create", "update", "destroy")), st.integers(0, 5), st.integers(0, 9)), max_size=9
)


class ReplayTests(NotesCase):
    """A client that applies changes to what it had ends with what there is."""

    @given(steps, steps, st.integers(1, 4), st.data())
    def test_any_old_copy_becomes_the_present_one(
        self, before: list[Step], after: list[Step], part: int, data: st.DataObject
    ) -> None:
        self.move()
        self.walk(before)
        copy, state = self.everything(), self.state()
        origin = state
        self.walk(after)
        while True:
            answer = self.call("changes", sinceState=state, maxChanges=part)
            named = [*answer["created"], *answer["updated"], *answer["destroyed"]]
            self.assertEqual(len(named), len(set(named)))
            self.assertLessEqual(len(named), part)
            if origin == state:
                self.assertFalse(copy.keys() & set(answer["created"]), "created though the client has it")
            for note in self.call("get", ids=[*answer["created"], *answer["updated"]])["list"]:
                copy[note["id"]] = note
            for id in answer["destroyed"]:
                copy.pop(id, None)
            state = answer["newState"]
            if not answer["hasMoreChanges"]:
                break
            self.walk(data.draw(steps)[:1])
        self.assertEqual(copy, self.everything())
        self.assertEqual(state, self.state())

    def walk(self, steps: list[Step]) -> None:
        for kind, which, number in steps:
            ids = sorted(self.everything())
            if kind == "create":
                self.made(*[f"note {number}"] * (1 + which % 2))
            elif ids:
                id = ids[which % len(ids)]
                self.call(
                    "set", **({"update": {id: {"title": f"{number}"}}} if kind == "update" else {"destroy": [id]})
                )

    def everything(self) -> dict[str, Any]:
        return {note["id"]: note for note in self.call("get")["list"]}


class RuleFreeTransactionTests(NotesCase):
    def test_another_type_has_a_log_of_its_own(self) -> None:
        def work(tx: Transaction) -> None:
            tx.objects.insert(1, 7, now=0, data={})

        self.successResultOf(self.store.write(work))
        self.assertEqual(self.call("changes", sinceState="n")["created"], [])
