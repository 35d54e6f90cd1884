"""Whether somebody looks after a domain and its lists."""

from __future__ import annotations

from stalwart.codec.ids import decode_id
from stalwart.mail import postmasters as module
from stalwart.mail.postmasters import Postmasters, advice, list_advice, tell_of_postmasters
from tests.mail.post_office import PostOffice

ADMIN = {"@type": "Admin"}


class PostmasterTests(PostOffice):
    def setUp(self) -> None:
        super().setUp()
        self.postmasters = Postmasters(self.settings, self.recipients)

    def lacking(self, *ids: int) -> list[tuple[int, str]]:
        return self.settle(self.postmasters.lacking(ids or None))

    def test_a_server_without_an_administrator(self) -> None:
        other = decode_id(self.domain("other.test"))
        self.domain("off.test", isEnabled=False)
        mine = (self.domain_id, "example.test")
        self.assertEqual(self.lacking(), [mine, (other, "other.test")])
        self.assertEqual(self.lacking(other, 999), [(other, "other.test")])
        self.person("postmaster")
        self.assertEqual(self.lacking(), [(other, "other.test")])
        self.person("chief", roles=ADMIN)
        self.assertEqual(self.lacking(), [])

    def test_a_list_with_somebody_elsewhere_will_do(self) -> None:
        self.mailing_list("postmaster", "me@far.test")
        self.assertEqual(self.lacking(), [])

    def test_owners_of_lists(self) -> None:
        def is_lacking(domain_id: int) -> bool:
            return self.settle(self.postmasters.is_list_without_owner("news", domain_id))

        self.mailing_list("news", "alice@example.test")
        self.assertTrue(is_lacking(self.domain_id))
        self.assertFalse(is_lacking(999))
        self.person("owner-news")
        self.assertFalse(is_lacking(self.domain_id))

    def test_it_is_told_at_a_start(self) -> None:
        events: list[tuple[str, object]] = []
        self.telemetry.observe(lambda event, keys: events.append((event.id, keys["domain"])))
        self.settle(tell_of_postmasters(self.postmasters, self.telemetry))
        self.assertEqual(events, [("smtp.no-postmaster", "example.test")])
        self.person("chief", roles=ADMIN)
        self.settle(tell_of_postmasters(self.postmasters, self.telemetry))
        self.assertEqual(len(events), 1)

    def test_very_many_domains_are_not_looked_at(self) -> None:
        self.patch(module, "MOST_LOOKED_AT", 2)
        for name in ("a.test", "b.test"):
            self.domain(name)
        self.assertEqual(len(self.lacking()), 2)

    def test_what_to_do(self) -> None:
        self.assertIn('"domainId": "b", "recipients": {"NAME@a.test": true}', advice("b", "a.test"))
        self.assertIn("owner-news@", list_advice("news"))
