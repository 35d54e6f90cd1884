"""Accounts that look each other up."""

from __future__ import annotations

from stalwart.groupware import principals
from stalwart.groupware.homes import Home
from stalwart.groupware.principals import Seeker, account_name, groups_of, members_of
from tests.dav.world import DavWorld


class PrincipalsTests(DavWorld):
    """alice, bob, carol and the group of bob."""

    def seeker(self, everywhere: bool = False, tenant_id: int | None = None) -> Seeker:
        """alice, or somebody of a tenant."""
        return Seeker(self.alice, "alice@example.test", tenant_id, everywhere)

    def found(self, seeker: Seeker, *matches: tuple[str, ...], every: bool = True) -> set[str]:
        """Whom he finds."""

        def look(tx: object) -> set[str]:
            ids, more, after = [], -1, 0
            while more is not None:
                page, more = seeker.page(tx, more, matches, every)  # type: ignore[arg-type]
                ids += page
                after += 1
                self.assertLess(after, 20)
            return {each.address.partition("@")[0] for each in seeker.known(tx, ids)}  # type: ignore[arg-type]

        return self.successResultOf(self.store.read(look))

    def test_names_and_groups(self) -> None:
        self.patch_account(self.bob, {"description": "Bob B."})
        work = self.store.read(
            lambda tx: (
                account_name(tx, Home(self.bob, "bob@example.test")),
                account_name(tx, Home(self.alice, "alice@example.test")),
                groups_of(tx, self.bob),
                members_of(tx, self.staff, 5),
                members_of(tx, self.bob, 5),
            )
        )
        named = ("Bob B.", "alice@example.test", [self.staff], [self.bob], [])
        self.assertEqual(self.successResultOf(work), named)

    def test_texts_are_in_names(self) -> None:
        self.patch(principals, "PAGE", 2)
        self.assertEqual(self.found(self.seeker()), {"alice", "bob", "carol", "staff"})
        self.assertEqual(self.found(self.seeker(), ("A", "x")), {"alice", "carol", "staff"})
        self.assertEqual(self.found(self.seeker(), ("a",), ("l",)), {"alice", "carol"})
        self.assertEqual(self.found(self.seeker(), ("zz",), ("bo",), every=False), {"bob"})

    def test_only_who_is_near(self) -> None:
        other = self.domain("other.test")
        self.settle(self.accounts.create_user("dora", other, "dora-pass-12345"))
        self.assertNotIn("dora", self.found(self.seeker()))
        self.assertIn("dora", self.found(self.seeker(everywhere=True)))
        self.assertEqual(self.found(self.seeker(everywhere=True, tenant_id=7)), set())
