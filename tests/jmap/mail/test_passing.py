"""A guest who only follows changes has what he would read anew, whatever is moved in and out of his sight."""

from __future__ import annotations

from random import Random
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.mail import passing
from tests.jmap.mail.test_sight import SharedMailCase


class PassingTests(SharedMailCase):
    def follow(self, type: str, known: set[str], state: str) -> tuple[set[str], str]:
        """What he knows after the changes since a state, some at a time."""
        while True:
            more = {"maxChanges": 3} if type == "Email" else {}
            ((answered, changes, _),) = self.responses(
                f"{type}/changes", {"accountId": encode_id(self.alice), "sinceState": state, **more}, "bob"
            )["methodResponses"]
            if answered == "error":
                self.assertEqual((type, changes["type"]), ("Thread", "cannotCalculateChanges"))
                self.uncertain += 1
                return self.seen(type)
            self.assertTrue(known.isdisjoint(changes["created"]), "what he knows is not new")
            known = (known | set(changes["created"])) - set(changes["destroyed"])
            self.assertTrue(known.issuperset(changes["updated"]), "what he does not know has not changed")
            state = changes["newState"]
            if not changes["hasMoreChanges"]:
                return known, state

    def seen(self, type: str) -> tuple[set[str], str]:
        """What he reads anew, and the state."""
        answer = self.jmap(f"{type}/get", "bob", self.alice, ids=None, properties=["id"])
        return {each["id"] for each in answer["list"]}, answer["state"]

    def test_whatever_happens(self) -> None:
        random = Random(9670)
        self.uncertain = 0
        other = self.made("Mailbox", name="Other")
        self.share("mayReadItems", box=other)
        boxes = (self.work, self.private, other)
        ids = [self.mail(random.choice(boxes)) for _ in range(4)]
        known: dict[str, Any] = {type: self.seen(type) for type in ("Email", "Thread")}
        for _ in range(40):
            for _ in range(random.randint(1, 3)):
                deed, id = random.randrange(4), random.choice(ids)
                if deed == 0:
                    more = {"inReplyTo": ["a@x"], "subject": "Re: a"} if random.random() < 0.5 else {}
                    ids.append(self.mail(*random.sample(boxes, random.randint(1, 3)), **more))
                elif deed == 1 and len(ids) > 2:
                    ids.remove(id)
                    self.jmap("Email/set", destroy=[id])
                elif deed == 2:
                    self.changed("Email", id, {"mailboxIds": dict.fromkeys(random.sample(boxes, 2), True)})
                else:
                    self.changed("Email", id, {"keywords/$seen": random.random() < 0.5 or None})
            for type in known:
                known[type] = self.follow(type, *known[type])
                self.assertEqual(known[type], self.seen(type), type)
        self.assertLess(self.uncertain, 10)

    def test_too_much_is_read_anew(self) -> None:
        state = self.jmap("Email/get", "bob", self.alice, ids=[])["state"]
        thread_state = self.jmap("Thread/get", "bob", self.alice, ids=[])["state"]
        self.patch(passing, "MOST", 1)
        self.mail(self.work)
        self.assertEqual(len(self.jmap("Email/changes", "bob", self.alice, sinceState=state)["created"]), 1)
        self.mail(self.work)
        for type, since in (("Email", state), ("Thread", thread_state)):
            problem = self.refused(f"{type}/changes", "bob", self.alice, sinceState=since)
            self.assertEqual(problem, "cannotCalculateChanges")
