"""The transaction of Email/set leaves nothing behind of what it refuses, and may be run again."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import decode_id
from stalwart.errors import OverQuota
from stalwart.jmap.email.filing import Made
from stalwart.jmap.email.patch import EmailPatch
from stalwart.jmap.email.placement import Placement
from stalwart.jmap.email.set_work import EmailSetWork, Plan
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.arguments import SetArguments
from tests.jmap.email.writing import NOW, OWN, WritingCase, message


class EmailSetWorkTests(WritingCase):
    """Run directly, without the method."""

    def made(self, *mailboxes: str) -> Made:
        prepared = self.successResultOf(Deferred.fromCoroutine(self.messages.prepare(message())))
        return Made(Placement(frozenset(map(decode_id, mailboxes))), prepared)

    def test_a_second_run_starts_anew(self) -> None:
        id = self.email()
        plan = Plan(OWN, self.access, SetArguments(create={"k": {}}, update={id: {}}), {}, NOW, self.messages)
        plan.made["k"] = self.made(self.inbox)
        plan.patches[id] = EmailPatch(marks={"a": True})
        first, second = (self.write(lambda tx: EmailSetWork(tx, plan).run()) for _ in range(2))
        self.assertEqual(([*first.created], first.updated), (["k"], {id: None}))
        self.assertEqual((second.old_state, [*second.created]), (first.new_state, ["k"]))

    def test_what_is_refused_is_refused_with_its_error(self) -> None:
        id = self.email()
        plan = Plan(OWN, self.access, SetArguments(create={"k": {}}, update={id: {}}), {}, NOW, self.messages)
        plan.made["k"] = OverQuota()
        plan.patches[id] = SetRefused("invalidPatch")
        outcome = self.write(lambda tx: EmailSetWork(tx, plan).run())
        self.assertEqual(outcome.not_created["k"]["type"], "overQuota")
        self.assertEqual(outcome.not_updated[id]["type"], "invalidPatch")

    def test_many_are_destroyed_at_once(self) -> None:
        ids = [self.email(message(str(number))) for number in range(40)]
        plan = Plan(OWN, self.access, evolve(SetArguments(), destroy=[*ids, "zz"]), {}, NOW, self.messages)
        outcome = self.write(lambda tx: EmailSetWork(tx, plan).run())
        self.assertEqual(outcome.destroyed, ids)
        self.assertEqual(outcome.not_destroyed["zz"]["type"], "notFound")
