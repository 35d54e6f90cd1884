"""What settings objects are found by: rows, terms, and an index that follows the declarations (settings A.6)."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.config import index, registry
from stalwart.config.catalogue import declarations
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.identity.roles import Role
from stalwart.config.index import NotIndexed, filterable, index_rows, sortable, term, words
from stalwart.config.network.security import AllowedIp
from stalwart.errors import Invalid
from stalwart.schema import Declaration
from stalwart.store import Term, Transaction
from tests.config.stored import RegistryTestCase
from tests.schema.wire_values import wire_object

ALICE: dict[str, Any] = {
    "@type": "User",
    "name": "alice.b",
    "domainId": "c",
    "description": "Alice Liddell, Ümläut",
    "aliases": {"0": {"name": "sales", "domainId": "c", "description": "hidden"}},
    "memberGroupIds": {"d": True, "e": True},
}


def rows(declaration: Declaration, data: dict[str, Any]) -> set[tuple[str, str]]:
    found = index_rows(declaration, data)
    assert len(found) == len(set(found)), "a row came twice"
    return set(found)


class RowTests(SynchronousTestCase):
    def test_account_has_its_values_and_words(self) -> None:
        wanted = {("@type", "User"), ("name", "alice.b"), ("domainId", "c"), ("memberTenantId", "")}
        wanted |= {("memberGroupIds", "d"), ("memberGroupIds", "e")}
        wanted |= {("text", word) for word in ("alice", "liddell", "ümläut", "sales")}
        self.assertEqual(rows(Account, ALICE), wanted)

    def test_variant_without_a_set_has_no_row_for_it(self) -> None:
        found = rows(Account, {"@type": "Group", "name": "team", "domainId": "c", "description": None})
        self.assertEqual({name for name, _ in found}, {"@type", "name", "domainId", "memberTenantId", "text"})

    def test_domain_has_its_aliases(self) -> None:
        found = rows(Domain, {"name": "example.org", "aliases": {"other.net": True}, "memberTenantId": "x"})
        self.assertLessEqual({("aliases", "other.net"), ("text", "net"), ("memberTenantId", "x")}, found)

    def test_address_is_not_taken_apart(self) -> None:
        self.assertEqual(rows(AllowedIp, {"address": "10.0.0.0/8", "reason": "x y"}), {("address", "10.0.0.0/8")})

    def test_object_of_an_unknown_type_has_none(self) -> None:
        self.assertEqual(index_rows(Account, {"@type": "Robot", "name": "x"}), [])

    def test_long_texts_stay_different(self) -> None:
        (_, one), *_ = index_rows(AllowedIp, {"address": "x" * 5000 + "1"})
        (_, other), *_ = index_rows(AllowedIp, {"address": "x" * 5000 + "2"})
        self.assertEqual((len(one), len(other), one == other), (500, 500, False))

    def test_words_of_one_object_have_a_limit(self) -> None:
        text = " ".join(f"word{number}" for number in range(5000))
        found = [value for name, value in index_rows(Role, {"description": text}) if name == "text"]
        self.assertEqual((len(found), found[0]), (1000, "word0"))


class WordTests(SynchronousTestCase):
    def test_words_are_lower_case_alphanumeric_and_longer_than_one_character(self) -> None:
        self.assertEqual(list(words("Big-Top a  x1 foo_bar O'Neil 7")), ["big", "top", "x1", "foo", "bar", "neil"])

    def test_composed_and_decomposed_letters_are_the_same(self) -> None:
        self.assertEqual(list(words("Mu\u0308ller")), list(words("M\u00fcller")))

    def test_one_long_word_is_cut(self) -> None:
        self.assertEqual(list(words("x" * 100_000)), ["x" * 64])


class TermTests(SynchronousTestCase):
    def test_text_is_a_term_for_each_word(self) -> None:
        self.assertEqual(term(Account, "text", "=", "Bob bob X Ltd"), [Term("text", "=", w) for w in ("bob", "ltd")])

    def test_value_is_cleaned_as_the_property_is(self) -> None:
        self.assertEqual(term(Domain, "name", "=", "Example.ORG."), [Term("name", "=", "example.org")])
        self.assertEqual(term(AllowedIp, "address", "=", "192.0.2.1/32"), [Term("address", "=", "192.0.2.1")])

    def test_member_of_a_set_is_looked_for(self) -> None:
        self.assertEqual(term(Account, "memberGroupIds", "=", "d"), [Term("memberGroupIds", "=", "d")])

    def test_null_is_looked_for(self) -> None:
        self.assertEqual(term(Account, "memberTenantId", "=", None), [Term("memberTenantId", "=", "")])

    def test_string_that_no_object_can_have_finds_none(self) -> None:
        self.assertEqual(term(Account, "name", "=", "a b@"), [Term("name", "=", "a b@")])

    def test_type_is_looked_for(self) -> None:
        self.assertEqual(term(Account, "@type", "=", "Group"), [Term("@type", "=", "Group")])

    def test_value_of_another_kind_is_refused(self) -> None:
        for declaration, name, value in ((Account, "domainId", "!"), (Account, "name", 5), (Role, "text", ["x"])):
            error = self.assertRaises(Invalid, term, declaration, name, "=", value)
            self.assertEqual((error.properties, isinstance(error, NotIndexed)), ((name,), False))

    def test_other_properties_and_comparisons_of_words_are_not_indexed(self) -> None:
        self.assertRaises(NotIndexed, term, Account, "locale", "=", "de_DE")
        self.assertRaises(NotIndexed, term, Account, "description", "=", "x")
        self.assertRaises(NotIndexed, term, Account, "text", ">", "x")


class NameTests(SynchronousTestCase):
    def test_account(self) -> None:
        by_value = {"@type", "domainId", "memberTenantId", "name"}
        self.assertEqual(filterable(Account), by_value | {"text", "memberGroupIds"})
        self.assertEqual(sortable(Account), by_value | {"id"})

    def test_source_of_all_words_can_be_named_itself(self) -> None:
        self.assertEqual(filterable(Role), {"text", "description", "memberTenantId"})
        self.assertEqual(term(Role, "description", "=", "Users"), [Term("text", "=", "users")])

    def test_singleton_has_nothing_to_find(self) -> None:
        singletons = [made for made in declarations().values() if made.is_singleton]
        self.assertEqual([made.type_name for made in singletons if filterable(made) - {"@type"}], [])


class EveryDeclarationTests(SynchronousTestCase):
    """One method a declaration: whatever it stores has rows, each once."""


def _has_rows(name: str) -> Callable[[EveryDeclarationTests], None]:
    declared: Any = declarations()[name]

    @settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
    @given(wire_object(declared))
    def test(self: EveryDeclarationTests, data: dict[str, Any]) -> None:
        indexed = filterable(declared)
        self.assertLessEqual({property for property, _ in rows(declared, data)}, indexed)
        for property in sortable(declared) - {"id"}:
            self.assertEqual(len([row for row in index_rows(declared, data) if row[0] == property]), 1)

    return test


for _name in declarations():
    setattr(EveryDeclarationTests, f"test_{_name}", _has_rows(_name))


class FoundTests(RegistryTestCase):
    """The index follows what the registry writes."""

    def setUp(self) -> None:
        super().setUp()
        self.domains = [self.create(Domain, name=name) for name in ("a.test", "b.test")]

    def found(self, **wanted: Any) -> list[int]:
        terms = [found for name, value in wanted.items() for found in term(Account, name, "=", value)]
        return self.successResultOf(self.store.read(lambda tx: tx.registry.search("Account", terms)))

    def test_accounts_are_found_by_all_words_and_domain(self) -> None:
        one = self.user("alice", self.domains[0], description="Alice of Support").id
        other = self.user("bob", self.domains[1], description="Support, alice's").id
        self.assertEqual(self.found(text="support ALICE"), [other, one])
        self.assertEqual(self.found(text="alice", domainId=encode_id(self.domains[0].id)), [one])
        self.assertEqual(self.found(text="ali"), [])
        self.assertEqual(self.found(memberTenantId=None), [other, one])

    def test_update_moves_the_object_in_the_index(self) -> None:
        made = self.user("alice", self.domains[0], description="Alice").id
        self.update(Account, made, {"description": "Liddell", "name": "al"})
        self.assertEqual((self.found(text="liddell"), self.found(name="al")), ([made], [made]))
        self.assertEqual((self.found(text="alice"), self.found(name="alice")), ([], []))

    def test_destroyed_object_is_not_found(self) -> None:
        made = self.user("alice", self.domains[0]).id
        self.write(lambda tx: registry.destroy(tx, Account, made))
        self.assertEqual(self.found(name="alice"), [])

    def test_domain_is_found_by_its_alias(self) -> None:
        made = self.create(Domain, name="c.test", aliases={"old.test": True}).id
        terms = term(Domain, "aliases", "=", "Old.Test")
        self.assertEqual(self.write(lambda tx: tx.registry.search("Domain", terms)), [made])


class EnsureTests(RegistryTestCase):
    def ensure(self) -> list[str]:
        return self.write(index.ensure)

    def names(self, name: str) -> list[int]:
        return self.write(lambda tx: tx.registry.search("AllowedIp", [Term("address", "=", name)]))

    def test_second_time_there_is_nothing_to_do(self) -> None:
        self.assertLessEqual({"Account", "Domain", "AllowedIp"}, set(self.ensure()))
        self.assertEqual(self.ensure(), [])

    def test_type_without_an_index_is_left_alone(self) -> None:
        self.assertNotIn("Http", self.ensure())

    def test_objects_of_an_older_version_are_indexed(self) -> None:
        self.ensure()
        made = self.create(AllowedIp, address="192.0.2.1").id
        self.write(lambda tx: tx.registry.reindex("AllowedIp", "older", [(made, "adress", "192.0.2.1")]))
        self.assertEqual(self.names("192.0.2.1"), [])
        self.assertEqual(self.ensure(), ["AllowedIp"])
        self.assertEqual(self.names("192.0.2.1"), [made])
        gone = [Term("adress", "=", "192.0.2.1")]
        self.assertEqual(self.write(lambda tx: tx.registry.search("AllowedIp", gone)), [])

    def test_many_objects_are_indexed(self) -> None:
        def insert(tx: Transaction) -> None:
            for id in range(1201):
                tx.registry.insert("AllowedIp", {"address": f"10.0.0.{id}"}, id=id)

        self.write(insert)
        self.ensure()
        self.assertEqual((self.names("10.0.0.0"), self.names("10.0.0.1200")), ([0], [1200]))

    def test_object_that_cannot_be_read_does_not_stop_the_others(self) -> None:
        self.write(lambda tx: tx.registry.insert("AllowedIp", {"address": 7}, id=1))
        self.write(lambda tx: tx.registry.insert("AllowedIp", {"address": "::1"}, id=2))
        self.ensure()
        self.assertEqual(self.names("::1"), [2])
