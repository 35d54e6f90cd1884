"""Who gets mail for an address."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.codec.masked_addresses import code
from stalwart.config import registry
from stalwart.config.identity.masked_email import MaskedEmail
from stalwart.config.identity.tenant import Tenant
from stalwart.errors import OverQuota
from stalwart.mail import administrators
from stalwart.mail.recipients import MOST_MEMBERS, Forward, Problem
from stalwart.store import Transaction
from tests.directory.world import NOW
from tests.mail.post_office import PostOffice


class PeopleTests(PostOffice):
    """Names, aliases, spellings."""

    def test_own_name_and_alias(self) -> None:
        self.assertEqual(self.reached("alice@example.test"), ["alice"])
        self.assertEqual(self.reached("al@example.test"), ["alice"])

    def test_case_does_not_matter(self) -> None:
        self.assertEqual(self.reached("ALICE@Example.TEST"), ["alice"])

    def test_quoted_local_part(self) -> None:
        self.assertEqual(self.reached('"alice"@example.test'), ["alice"])
        self.assertEqual(self.resolve('"alice "@example.test').problem, Problem.UNKNOWN)
        self.assertEqual(self.resolve('"alice@example.test"@example.test').problem, Problem.UNKNOWN)

    def test_nobody(self) -> None:
        self.assertEqual(self.resolve("carol@example.test").problem, Problem.UNKNOWN)
        self.assertEqual(self.resolve("alice%bob@example.test").problem, Problem.UNKNOWN)

    def test_other_domains_are_elsewhere(self) -> None:
        for address in ("alice@elsewhere.test", "alice@sub.example.test", "alice@[192.0.2.7]"):
            self.assertEqual(self.resolve(address).problem, Problem.ELSEWHERE, address)

    def test_address_of_this_host_in_brackets(self) -> None:
        self.assertEqual(self.reached("alice@[192.0.2.7]", own_ip="192.0.2.7"), ["alice"])
        self.assertEqual(self.reached("alice@[IPv6:2001:db8::1]", own_ip="2001:db8::1"), ["alice"])
        self.assertEqual(self.resolve("alice@[192.0.2.7]", own_ip="192.0.2.8").problem, Problem.ELSEWHERE)

    def test_alias_that_is_switched_off(self) -> None:
        self.person("carol", aliases={"0": {"name": "cc", "domainId": self.home, "enabled": False}})
        self.assertEqual(self.resolve("cc@example.test").problem, Problem.DISABLED)
        self.assertEqual(self.reached("carol@example.test"), ["carol"])

    def test_domain_with_other_names_and_in_another_script(self) -> None:
        domain = self.domain("xn--bcher-kva.test", aliases={"books.test": True})
        self.person("dan", domain=domain)
        for name in ("bücher.test", "BÜCHER.test", "xn--bcher-kva.test", "XN--BCHER-KVA.test", "books.test"):
            self.assertEqual(self.reached(f"dan@{name}"), ["dan"], name)
        self.assertEqual(self.resolve("dan@b\u00fccherei.test").problem, Problem.ELSEWHERE)

    def test_local_part_in_another_script(self) -> None:
        self.person("jürgen")
        self.assertEqual(self.reached("jürgen@example.test"), ["jürgen"])
        self.assertEqual(self.reached("JU\u0308RGEN@example.test"), ["jürgen"])

    def test_domain_that_is_switched_off(self) -> None:
        domain = self.domain("off.test", isEnabled=False)
        self.person("eve", domain=domain, aliases={"0": {"name": "eve", "domainId": self.home}})
        self.assertEqual(self.resolve("eve@off.test").problem, Problem.DISABLED)
        self.assertEqual(self.resolve("eve@example.test").problem, Problem.DISABLED)

    def test_account_that_may_not_receive(self) -> None:
        forbidden = {"@type": "Merge", "enabledPermissions": {}, "disabledPermissions": {"emailReceive": True}}
        self.person("eve", permissions=forbidden)
        self.assertEqual(self.resolve("eve@example.test").problem, Problem.DISABLED)

    def test_group_has_a_mailbox_of_its_own(self) -> None:
        group = self.person("team", "Group")
        self.person("frank", memberGroupIds={encode_id(group): True})
        self.assertEqual(self.reached("team@example.test"), ["team"])

    def test_a_new_domain_counts_at_once(self) -> None:
        self.assertEqual(self.resolve("x@new.test").problem, Problem.ELSEWHERE)
        self.domain("new.test")
        self.assertEqual(self.resolve("x@new.test").problem, Problem.UNKNOWN)


class SubAddressTests(PostOffice):
    """name+detail."""

    def test_detail(self) -> None:
        self.assertEqual(self.reached("alice+shop@example.test"), ["alice"])
        self.assertEqual(self.reached("al+a+b@example.test"), ["alice"])
        self.assertEqual(self.resolve("+alice@example.test").problem, Problem.UNKNOWN)

    def test_the_whole_name_goes_first(self) -> None:
        self.person("alice+work")
        self.assertEqual(self.reached("alice+work@example.test"), ["alice+work"])

    def test_switched_off(self) -> None:
        self.change_domain(subAddressing={"@type": "Disabled"})
        self.assertEqual(self.resolve("alice+shop@example.test").problem, Problem.UNKNOWN)

    def rule(self, text: str) -> None:
        self.change_domain(subAddressing={"@type": "Custom", "customRule": {"match": {}, "else": text}})

    def by_rule(self, address: str) -> list[str]:
        return self.reached(address, variable={"rcpt": address}.__getitem__)

    def test_rule(self) -> None:
        self.rule("split_once(rcpt, '-')[0] + '@example.test'")
        self.assertEqual(self.by_rule("alice-shop@example.test"), ["alice"])
        self.assertEqual(self.by_rule("bob@example.test"), ["bob"])

    def test_rule_that_names_a_local_part_only(self) -> None:
        self.rule("split_once(rcpt, '-')[0]")
        self.assertEqual(self.by_rule("alice-shop@example.test"), ["alice"])

    def test_rule_that_leads_to_another_domain(self) -> None:
        self.person("zoe", domain=self.domain("other.test"))
        self.rule("'zoe@other.test'")
        self.assertEqual(self.by_rule("x@example.test"), ["zoe"])
        self.rule("'zoe@elsewhere.test'")
        self.assertEqual(self.by_rule("x@example.test"), [])

    def test_rule_that_fails(self) -> None:
        self.rule("sql_query('', rcpt, [])[9]")
        self.assertEqual(self.by_rule("alice@example.test"), ["alice"])
        self.assertEqual(self.by_rule("x@example.test"), [])


class CatchAllTests(PostOffice):
    """Who gets what nobody else does."""

    def test_unknown_names(self) -> None:
        self.change_domain(catchAllAddress="bob@example.test")
        self.assertEqual(self.reached("whoever@example.test"), ["bob"])
        self.assertEqual(self.reached('"two words"@example.test'), ["bob"])
        self.assertEqual(self.reached("alice@example.test"), ["alice"])

    def test_one_that_is_nobody(self) -> None:
        self.change_domain(catchAllAddress="carol@example.test")
        self.assertEqual(self.resolve("whoever@example.test").problem, Problem.UNKNOWN)

    def test_elsewhere(self) -> None:
        self.change_domain(catchAllAddress="carol@elsewhere.test")
        self.assertEqual(self.resolve("whoever@example.test").problem, Problem.REMOTE)

    def test_domains_that_catch_for_each_other(self) -> None:
        self.domain("other.test", catchAllAddress="x@example.test")
        self.change_domain(catchAllAddress="x@other.test")
        self.assertEqual(self.resolve("whoever@example.test").problem, Problem.UNKNOWN)


class ListTests(PostOffice):
    """Addresses that lead to several."""

    def test_members(self) -> None:
        self.mailing_list("all", "bob@example.test", "al@example.test", "alice@example.test", "gone@example.test")
        found = self.resolve("all@example.test")
        self.assertEqual(found.accounts, (self.ids["alice"], self.ids["bob"]))
        self.assertTrue(found.is_shared)

    def test_alias_of_a_list(self) -> None:
        self.mailing_list("all", "bob@example.test", aliases={"0": {"name": "everybody", "domainId": self.home}})
        self.assertEqual(self.reached("everybody@example.test"), ["bob"])

    def test_lists_in_lists_in_a_circle(self) -> None:
        self.mailing_list("one", "two@example.test", "alice@example.test")
        self.mailing_list("two", "one@example.test", "bob@example.test")
        self.assertEqual(sorted(self.reached("one@example.test")), ["alice", "bob"])

    def test_members_elsewhere(self) -> None:
        self.mailing_list("some", "bob@example.test", "x@elsewhere.test")
        found = self.resolve("some@example.test")
        self.assertEqual((found.accounts, found.remote), ((self.ids["bob"],), 1))
        self.mailing_list("far", "x@elsewhere.test", "y@elsewhere.test")
        found = self.resolve("far@example.test")
        self.assertEqual((found.problem, found.remote), (Problem.REMOTE, 2))

    def test_who_hears_of_what_cannot_be_delivered(self) -> None:
        """RFC 5321 3.9: of members of a list somebody of the list, else the sender."""
        self.mailing_list("some", "x@elsewhere.test", aliases={"0": {"name": "few", "domainId": self.home}})
        self.assertEqual(
            self.resolve("few@example.test").forwards, (Forward("x@elsewhere.test", "owner-some@example.test"),)
        )
        self.change_domain(catchAllAddress="carol@elsewhere.test")
        self.assertEqual(self.resolve("whoever@example.test").forwards, (Forward("carol@elsewhere.test"),))

    def test_who_looks_after_a_list(self) -> None:
        self.mailing_list("some", "x@elsewhere.test")
        self.person("chief", roles={"@type": "Admin"})
        for address in ("owner-some@example.test", "Some-Request@example.test"):
            self.assertEqual(self.reached(address), ["chief"])
        for address in ("owner-alice@example.test", "owner-none@example.test", "owner-@example.test"):
            self.assertEqual(self.resolve(address).problem, Problem.UNKNOWN)

    def test_without_members(self) -> None:
        self.mailing_list("none")
        self.assertEqual(self.resolve("none@example.test").problem, Problem.DISABLED)

    def test_very_many_members(self) -> None:
        far = [f"m{number}@far.test" for number in range(MOST_MEMBERS + 1)]
        self.mailing_list("many", *far[1:], "zoe@example.test")
        self.mailing_list("too-many", *far)
        self.person("zoe")
        found = self.resolve("many@example.test")
        self.assertEqual((found.accounts, found.remote), ((self.ids["zoe"],), MOST_MEMBERS))
        self.assertEqual(self.resolve("too-many@example.test").problem, Problem.TOO_MANY)
        self.mailing_list("more", *(f"m{number}@example.test" for number in range(MOST_MEMBERS)), "zoe@example.test")
        self.assertEqual(self.resolve("more@example.test").problem, Problem.TOO_MANY, "nobody is left out unsaid")


class RoomTests(PostOffice):
    """Accounts that are full."""

    def room(self, *full: str) -> Any:
        def has_room(tx: Transaction, account_id: int) -> None:
            if account_id in [self.ids[name] for name in full]:
                raise OverQuota

        return has_room

    def test_one_account(self) -> None:
        self.assertEqual(self.resolve("alice@example.test", has_room=self.room("alice")).problem, Problem.FULL)
        self.assertEqual(self.reached("bob@example.test", has_room=self.room("alice")), ["bob"])

    def test_a_list_goes_to_those_who_have_room(self) -> None:
        self.mailing_list("all", "bob@example.test", "alice@example.test")
        self.assertEqual(self.reached("all@example.test", has_room=self.room("alice")), ["bob"])
        self.assertEqual(self.resolve("all@example.test", has_room=self.room("alice", "bob")).problem, Problem.FULL)


class PostmasterTests(PostOffice):
    """RFC 5321 4.5.1: somebody reads it."""

    def test_without_a_domain(self) -> None:
        self.assertEqual(self.resolve("postmaster").problem, Problem.UNKNOWN)
        self.person("chief", roles={"@type": "Admin"})
        self.assertEqual(self.reached("postmaster"), ["chief"])
        self.assertEqual(self.reached("Postmaster@Example.test"), ["chief"])
        self.assertEqual(self.reached("abuse@example.test"), ["chief"])  # RFC 2142 2

    def test_whoever_has_the_name(self) -> None:
        self.person("chief", roles={"@type": "Admin"})
        self.person("postmaster")
        self.assertEqual(self.reached("postmaster"), ["postmaster"])

    def test_in_every_domain(self) -> None:
        self.person("chief", roles={"@type": "Admin"})
        self.domain("other.test")
        self.assertEqual(self.reached("postmaster@other.test"), ["chief"])
        self.assertEqual(self.resolve("postmaster@elsewhere.test").problem, Problem.ELSEWHERE)

    def test_catch_all_goes_first(self) -> None:
        self.person("chief", roles={"@type": "Admin"})
        self.change_domain(catchAllAddress="bob@example.test")
        self.assertEqual(self.reached("postmaster@example.test"), ["bob"])

    def test_where_the_catch_all_is_nobody_or_postmaster_itself(self) -> None:
        self.person("chief", roles={"@type": "Admin"})
        self.change_domain(catchAllAddress="carol@example.test")
        self.assertEqual(self.reached("postmaster@example.test"), ["chief"])
        self.change_domain(catchAllAddress="postmaster@example.test")
        self.assertEqual(self.reached("postmaster@example.test"), ["chief"])
        self.assertEqual(self.reached("whoever@example.test"), ["chief"])

    def test_where_whoever_has_the_name_takes_no_mail(self) -> None:
        self.person("chief", roles={"@type": "Admin"})
        self.person("carol", aliases={"0": {"name": "postmaster", "domainId": self.home, "enabled": False}})
        self.assertEqual(self.reached("postmaster@example.test"), ["chief"])
        self.domain("other.test", isEnabled=False)
        self.assertEqual(self.resolve("postmaster@other.test").problem, Problem.DISABLED)

    def test_as_a_member_of_a_list(self) -> None:
        self.mailing_list("abuse", "postmaster@example.test", "alice@example.test")
        self.assertEqual(self.reached("abuse@example.test"), ["alice"])
        self.person("chief", roles={"@type": "Admin"})
        self.assertEqual(self.reached("abuse@example.test"), ["alice", "chief"])

    def test_where_a_rule_makes_another_address_of_it(self) -> None:
        self.person("chief", roles={"@type": "Admin"})
        rule = {"else": "'nobody@example.test'"}
        self.change_domain(subAddressing={"@type": "Custom", "customRule": rule})
        self.assertEqual(self.reached("postmaster@example.test"), ["chief"])

    def test_without_a_domain_where_the_default_one_is_switched_off(self) -> None:
        self.person("chief", domain=self.domain("other.test"), roles={"@type": "Admin"})
        self.change_domain(isEnabled=False)
        self.assertEqual(self.reached("postmaster"), ["chief"])
        self.assertEqual(self.resolve("postmaster@[192.0.2.7]", own_ip="192.0.2.7").problem, Problem.DISABLED)

    def test_administrators_of_tenants_are_for_their_own_domains(self) -> None:
        tenant = encode_id(self.settle(self.settings.create(Tenant, {"name": "one"})))
        self.domain("other.test", memberTenantId=tenant)
        self.person("theirs", roles={"@type": "Admin"}, memberTenantId=tenant)
        self.assertEqual(self.resolve("postmaster@example.test").problem, Problem.UNKNOWN)
        self.person("chief", roles={"@type": "Admin"})
        self.assertEqual(self.reached("postmaster@example.test"), ["chief"])
        reached = self.resolve("postmaster@other.test").accounts
        self.assertEqual(len(reached), 1)

    def test_among_very_many_accounts(self) -> None:
        self.patch(administrators, "PAGE", 2)
        for number in range(5):
            self.person(f"p{number}")
        self.person("chief", roles={"@type": "Admin"})
        self.assertEqual(self.reached("postmaster@example.test"), ["chief"])


class MaskedTests(PostOffice):
    """Addresses that were made for one correspondent."""

    def masked(self, expires: str | None = None, lifetime: int = 0, **members: Any) -> str:
        def make(tx: Transaction) -> str:
            data = {"accountId": encode_id(self.ids["alice"]), "expiresAt": expires, **members}
            entry = registry.create(tx, MaskedEmail, data, now=NOW)
            address = f"shop.{code(entry.id, lifetime)}@example.test"
            registry.update(tx, MaskedEmail, entry.id, {"email": address}, now=NOW, by_server=True)
            return address

        return self.successResultOf(self.store.write(make))

    def test_its_account_gets_it(self) -> None:
        address = self.masked()
        self.assertEqual(self.reached(address), ["alice"])
        self.assertEqual(self.reached(address.upper()), ["alice"])

    def test_another_prefix_is_none(self) -> None:
        self.assertEqual(self.resolve("x" + self.masked()).problem, Problem.UNKNOWN)

    def test_switched_off(self) -> None:
        self.assertEqual(self.resolve(self.masked(enabled=False)).problem, Problem.DISABLED)

    def test_over(self) -> None:
        address = self.masked("2027-01-15T09:00:00Z", 3600)
        self.assertEqual(self.reached(address), ["alice"])
        self.clock.advance(3600)
        self.assertEqual(self.resolve(address).problem, Problem.DISABLED)
