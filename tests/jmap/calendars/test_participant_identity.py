"""ParticipantIdentity, in step with the addresses of an account (draft-ietf-jmap-calendars 3)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.calendar import Calendar
from stalwart.jmap.calendars.participant_identity import PARTICIPANT_IDENTITY
from stalwart.jmap.calendars.participant_keeping import default_participant
from tests.jmap.sharing.both_faces import BothFacesCase

OWN = "mailto:alice@example.test"
ALIAS = "mailto:al@example.test"


class ParticipantTests(BothFacesCase):
    def identities(self) -> dict[str, Any]:
        found = self.jmap("ParticipantIdentity/get")["list"]
        return {each["calendarAddress"]: each for each in found}

    def alias(self, *names: str) -> None:
        domain = encode_id(self.domain_id)
        self.patch_account(
            self.alice, {"aliases": {str(n): {"name": x, "domainId": domain} for n, x in enumerate(names)}}
        )

    def test_each_address_has_one(self) -> None:
        self.patch_account(self.alice, {"description": "Alice"})
        (own,) = self.identities().values()
        self.assertEqual(own, {"id": own["id"], "name": "Alice", "calendarAddress": OWN, "isDefault": True})
        state = self.jmap("ParticipantIdentity/get", ids=[])["state"]
        self.alias("al")
        self.assertEqual(list(self.identities()), [OWN, ALIAS])
        changes = self.jmap("ParticipantIdentity/changes", sinceState=state)
        self.assertEqual(changes["created"], [self.identities()[ALIAS]["id"]])
        self.alias()
        self.assertEqual(list(self.identities()), [OWN])

    def test_one_that_was_destroyed_does_not_come_back(self) -> None:
        self.alias("al")
        id = self.identities()[ALIAS]["id"]
        self.assertEqual(self.jmap("ParticipantIdentity/set", destroy=[id])["destroyed"], [id])
        self.assertEqual(list(self.identities()), [OWN])
        made = self.made("ParticipantIdentity", calendarAddress="MAILTO:Al@Example.test", name="Al")
        self.assertEqual(self.identities()[ALIAS]["id"], made)

    def test_what_cannot_be(self) -> None:
        self.identities()
        for address in ("mailto:bob@example.test", OWN, "alice@example.test", "mailto:", "http://x/"):
            answer = self.jmap("ParticipantIdentity/set", create={"k": {"calendarAddress": address}})
            self.assertEqual(answer["notCreated"]["k"]["properties"], ["calendarAddress"], address)
        id = self.identities()[OWN]["id"]
        self.assertEqual(
            self.unchanged("ParticipantIdentity", id, {"calendarAddress": ALIAS})["type"], "invalidProperties"
        )
        self.changed("ParticipantIdentity", id, {"name": "Ally"})
        self.assertEqual(self.identities()[OWN]["name"], "Ally")

    def test_there_is_a_limit(self) -> None:
        self.settle(self.settings.change(Calendar, {"maxParticipantIdentities": 1}))
        self.alias("al")
        self.assertEqual(list(self.identities()), [OWN])
        answer = self.jmap("ParticipantIdentity/set", create={"k": {"calendarAddress": ALIAS}})
        self.assertEqual(answer["notCreated"]["k"]["type"], "overQuota")

    def test_another_default(self) -> None:
        self.alias("al")
        own, alias = (self.identities()[each]["id"] for each in (OWN, ALIAS))
        answer = self.jmap("ParticipantIdentity/set", onSuccessSetIsDefault=alias)
        self.assertEqual(answer["updated"], {own: {"isDefault": False}, alias: {"isDefault": True}})
        changes = self.jmap("ParticipantIdentity/changes", sinceState=answer["oldState"])
        self.assertEqual(sorted(changes["updated"]), sorted([own, alias]))
        self.assertTrue(self.identities()[ALIAS]["isDefault"])
        self.jmap("ParticipantIdentity/set", destroy=[alias])
        self.assertTrue(self.identities()[OWN]["isDefault"])
        answer = self.jmap("ParticipantIdentity/set", onSuccessSetIsDefault="zzz")
        self.assertIsNone(answer["updated"])

    def test_accounts_of_others_have_none_to_show(self) -> None:
        calendar = self.made("Calendar", name="Work")
        self.changed("Calendar", calendar, {f"shareWith/{encode_id(self.bob)}": {"mayReadItems": True}})
        problem = self.refused("ParticipantIdentity/get", "bob", self.alice)
        self.assertEqual(problem, "accountNotSupportedByMethod")
        self.assertEqual(PARTICIPANT_IDENTITY.declared.shared, None)

    def test_who_has_none_has_no_default(self) -> None:
        found = self.successResultOf(self.store.read(lambda tx: default_participant(tx, self.carol)))
        self.assertIsNone(found)
