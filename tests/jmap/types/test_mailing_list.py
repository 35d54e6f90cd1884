"""x:MailingList over JMAP."""

from __future__ import annotations

from stalwart.jmap.types.mailing_list import MailingListHandler
from tests.jmap.registry.world import RegistryWorld


class MailingListTests(RegistryWorld):
    def test_address_follows_the_name_of_the_domain(self) -> None:
        id = self.create("MailingList", name="news", domainId="b", recipients={"a@x.test": True})
        found = self.get("MailingList", id)
        self.assertEqual((found["emailAddress"], list(found)[-2:]), ("news@example.test", ["emailAddress", "id"]))
        self.update("Domain", "b", name="new.test")
        self.assertEqual(self.get("MailingList", id)["emailAddress"], "news@new.test")
        self.assertEqual(self.get("MailingList", id, properties=["name"]), {"name": "news", "id": id})
        self.assertEqual(MailingListHandler.handled, ("MailingList",))

    def test_a_new_list_without_an_owner_is_told_of(self) -> None:
        def notices(name: str) -> list[str]:
            new = {"name": name, "domainId": "b", "recipients": {"a@x.test": True}}
            found: list[str] = self.ask("x:MailingList/set", {"create": {"l": new}}).get("notices", [])
            return found

        (notice,) = notices("one")
        self.assertIn("owner-one@", notice)
        self.account("chief", roles={"@type": "Admin"})
        self.assertEqual(notices("two"), [])
