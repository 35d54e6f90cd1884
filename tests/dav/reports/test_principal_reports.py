"""Reports about principals: who asks, who is found, who stands in a list."""

from __future__ import annotations

from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.sharing import Sharing
from stalwart.dav.reports import principal_reports
from stalwart.groupware.kinds import CALENDARS
from stalwart.store import Transaction
from tests.dav.world import ALICE, BOB, CAROL, STAFF, DavWorld, conditions, found

DENIED = {"davPrincipalSearch": True, "davPrincipalMatch": True}
MATCH = "<D:principal-match><D:self/><D:prop><D:displayname/></D:prop></D:principal-match>"


def search(*matches: str, prop: str = "D:displayname", test: str = "allof") -> str:
    """A principal-property-search."""
    each = "".join(
        f"<D:property-search><D:prop><{prop}/></D:prop><D:match>{match}</D:match></D:property-search>"
        for match in matches
    )
    asked = f"{each}<D:prop><D:principal-URL/></D:prop>"
    return f'<D:principal-property-search test="{test}">{asked}</D:principal-property-search>'


class PrincipalReportTests(DavWorld):
    """alice, bob, carol and the group of bob."""

    def answered(self, path: str, body: str, **given: str) -> list[str]:
        """The paths of the responses."""
        return list(found(self.expect(207, "REPORT", path, body, **given)))

    def found_by(
        self, *matches: str, user: str = "alice", prop: str = "D:displayname", test: str = "allof"
    ) -> list[str]:
        """The principals that a search finds."""
        return self.answered("/dav/pal", search(*matches, prop=prop, test=test), user=user)

    def test_who_is_found(self) -> None:
        self.assertEqual(principal_reports.principal_match.asked.__name__, "PrincipalMatch")
        self.patch_account(self.bob, {"description": "Robert Ötzi"})
        self.assertEqual(self.found_by("OBERT"), [f"/dav/pal/{BOB}/"])
        self.assertEqual(self.found_by("ötzi"), [f"/dav/pal/{BOB}/"])
        self.assertEqual(self.found_by("ca"), [f"/dav/pal/{CAROL}/"])
        self.assertEqual(set(self.found_by("")), {f"/dav/pal/{each}/" for each in (ALICE, BOB, CAROL, STAFF)})
        self.assertEqual(self.found_by("bob", "carol"), [])
        self.assertEqual(self.found_by("bob", "carol", test="anyof"), [f"/dav/pal/{BOB}/", f"/dav/pal/{CAROL}/"])
        address = "A:calendar-user-address-set"
        self.assertEqual(self.found_by("mailto:carol@example.test", prop=address), [f"/dav/pal/{CAROL}/"])
        self.assertEqual(self.found_by("x", prop="D:getetag"), [])

    def test_nobody_of_another_domain_unless_all_may_be_looked_up(self) -> None:
        other = self.domain("other.test")
        self.settle(self.accounts.create_user("dora", other, "dora-pass-12345"))
        self.assertEqual(self.found_by("dora"), [])
        self.settle(self.settings.change(Sharing, {"allowDirectoryQueries": True}))
        self.assertEqual(self.found_by("dora"), ["/dav/pal/dora%40other.test/"])
        self.assertIn("/dav/pal/dora%40other.test/", self.listed_principals())

    def listed_principals(self) -> list[str]:
        """What PROPFIND finds in the collection of principals."""
        return list(self.properties("/dav/pal", "D:displayname", depth="1"))

    def test_principals_are_listed(self) -> None:
        self.assertEqual(self.listed_principals(), ["/dav/pal/", f"/dav/pal/{ALICE}/"])
        self.settle(self.settings.change(Sharing, {"allowDirectoryQueries": True}))
        self.assertEqual(len(set(self.listed_principals())), 5)

    def test_who_may_ask(self) -> None:
        self.patch_account(self.alice, {"permissions": {"@type": "Merge", "disabledPermissions": DENIED}})
        for path, body in (("/dav/pal", search("x")), ("/dav/pal", MATCH)):
            self.assertEqual(conditions(self.expect(403, "REPORT", path, body)), ["D:need-privileges"])
        self.settle(self.settings.change(Sharing, {"allowDirectoryQueries": True}))
        self.assertEqual(self.expect(403, "REPORT", "/dav/pal", search("x")).body, b"")
        for path in ("/dav/cal", f"/dav/cal/{ALICE}"):
            self.expect(405, "REPORT", path, search("x"))
            self.expect(405, "REPORT", path, "<D:principal-search-property-set/>")

    def test_by_what_principals_are_found(self) -> None:
        answer = self.expect(200, "REPORT", "/dav/pal", "<D:principal-search-property-set/>")
        self.assertIn(b"<D:prop><D:displayname/></D:prop>", answer.body)
        self.assertIn(b"Account or Group name", answer.body)

    def test_what_is_mine(self) -> None:
        self.assertEqual(self.answered("/dav/pal", MATCH, user="bob"), [f"/dav/pal/{BOB}/", f"/dav/pal/{STAFF}/"])
        self.assertEqual(self.answered("/dav/cal", MATCH), [f"/dav/cal/{ALICE}/"])
        self.expect(201, "MKCOL", f"/dav/file/{ALICE}/a")
        self.expect(201, "PUT", f"/dav/file/{ALICE}/a/b", b"x")
        home = f"/dav/file/{ALICE}/"
        self.assertEqual(self.answered(home, MATCH), [home, f"{home}a/", f"{home}a/b"])
        self.expect(405, "REPORT", f"/dav/pal/{ALICE}", MATCH)

    def test_who_stands_in_a_list(self) -> None:
        body = "<D:acl-principal-prop-set><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>"
        path = f"/dav/cal/{ALICE}/default"
        self.assertEqual(self.answered(path, body), [])

        def share(tx: Transaction) -> None:
            member = tx.collections.member(self.alice, CALENDARS.home, "default")
            assert member is not None
            tx.shares.replace(self.alice, member.item_id, {self.bob: int(Rights.READ | Rights.READ_ITEMS)})

        self.successResultOf(self.store.write(share))
        self.assertEqual(self.answered(path, body), [f"/dav/pal/{BOB}/"])
        self.expect(403, "REPORT", path, body, user="bob")
        self.expect(403, "REPORT", f"/dav/cal/{ALICE}", body)
        self.expect(404, "REPORT", f"{path}/none", body)
