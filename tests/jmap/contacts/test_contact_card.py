"""ContactCard/get, set, changes and copy, and the same cards over CardDAV (RFC 9610 3).

Tests ``stalwart.jmap.contacts.contact_card``, ``card_source``, ``card_properties`` and ``writing``.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.address_book import AddressBook
from stalwart.jmap.contacts import card_properties, card_source, contact_card, writing
from stalwart.store.object_types import CONTACT_CARD
from tests.jmap.contacts.card_case import BOOK, PICTURE, CardCase

TESTED = card_properties, card_source, contact_card, writing
HOME = "/dav/card/alice%40example.test/"
OTHER = b"\x89PNG\r\n\x1a\nother"


class MakingTests(CardCase):
    def test_a_card_is_made_with_what_it_needs(self) -> None:
        answer = self.call("set", create={"k": {"addressBookIds": {self.book: True}, "name": {"full": "Ann"}}})
        made = answer["created"]["k"]
        self.assertTrue(made["uid"].startswith("urn:uuid:"))
        self.assertEqual((made["@type"], made["version"]), ("Card", "1.0"))
        self.assertNotIn("addressBookIds", made)
        card = self.shown(made["id"])
        self.assertEqual(
            card,
            {
                "id": made["id"],
                "addressBookIds": {self.book: True},
                "@type": "Card",
                "version": "1.0",
                "uid": made["uid"],
                "name": {"full": "Ann"},
            },
        )
        self.assertEqual(self.lines(made["id"]), ["VERSION:4.0", f"UID:{made['uid']}", "FN:Ann"])

    def test_a_card_says_all_of_a_vcard(self) -> None:
        self.put("a.vcf", "UID:x1", "FN:Ann", "X-SECRET;X-LEVEL=9:kept", "EMAIL;PROP-ID=e1:ann@example.org")
        (id,) = self.found()
        card = self.shown(id)
        self.assertEqual(card["emails"], {"e1": {"address": "ann@example.org"}})
        self.assertEqual(card["vCardProps"][0][0], "x-secret")

    def test_what_the_server_says_of_a_card_comes_from_no_vcard(self) -> None:
        lines = ('JSPROP;JSPTR=id:"evil"', 'JSPROP;JSPTR=addressBookIds:{"zz":true}', 'JSPROP;JSPTR="example.com:x":1')
        self.put("spoof.vcf", "UID:spoof", "FN:Ann", *lines)
        (id,) = self.found({"uid": "spoof"})
        for names in (None, ["id", "addressBookIds", "example.com:x"]):
            shown = self.shown(id, properties=names)
            self.assertEqual((shown["id"], shown["addressBookIds"], shown["example.com:x"]), (id, {self.book: True}, 1))

    def test_some_properties_or_none(self) -> None:
        id = self.card(name={"full": "Ann"}, **{"example.com:color": "red"})
        self.assertEqual(self.shown(id, properties=[]), {"id": id})
        self.assertEqual(self.shown(id, properties=["addressBookIds"]), {"id": id, "addressBookIds": {self.book: True}})
        self.assertEqual(
            self.shown(id, properties=["example.com:color", "phones"]), {"id": id, "example.com:color": "red"}
        )
        self.assertEqual(self.shown(id)["example.com:color"], "red")

    def test_ids_that_are_none(self) -> None:
        id = self.card()
        answer = self.call("get", ids=[id, "zzz", "NO", self.book])
        self.assertEqual(
            ([each["id"] for each in answer["list"]], answer["notFound"]), ([id], ["zzz", "NO", self.book])
        )
        self.assertEqual(len(self.call("get")["list"]), 1)

    def test_what_no_card_can_be(self) -> None:
        for members, pointers in (
            ({"addressBookIds": {}}, ["addressBookIds"]),
            ({"addressBookIds": {"zzz": True}}, ["addressBookIds/zzz"]),
            ({"addressBookIds": {self.book: False}}, ["addressBookIds"]),
            ({"emails": {"e1": {"address": 5}}}, ["emails/e1/address"]),
            ({"emails": []}, ["emails"]),
            ({"name": {"full": 5}, "kind": "alien"}, ["name/full", "kind"]),
            ({"uid": 5}, ["uid"]),
            ({"uid": ""}, ["uid"]),
            ({"members": {"a": True}}, ["kind"]),
            ({"@type": "Event"}, ["@type"]),
            ({"version": "9"}, ["version"]),
            ({"id": "x"}, ["id"]),
            ({"": 1}, [""]),
        ):
            problem = self.problem(members)
            self.assertEqual(problem["type"], "invalidProperties", members)
            self.assertEqual(set(problem["properties"]), set(pointers), members)
        answer = self.call("set", create={"k": {"name": {"full": "Ann"}}})
        self.assertEqual(answer["notCreated"]["k"]["properties"], ["addressBookIds"])

    def test_a_uid_is_there_once_in_a_book(self) -> None:
        id = self.card(uid="u1")
        problem = self.problem({"uid": "u1"})
        self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["uid"]))
        self.assertIn(f'"{id}"', problem["description"])
        other = self.made("AddressBook", name="Other")
        twin = self.card(uid="u1", addressBookIds={other: True})
        problem = self.problem({f"addressBookIds/{self.book}": True}, twin)
        self.assertEqual(problem["properties"], ["uid"])
        self.assertIn(f'"{id}"', problem["description"])

    def test_a_uid_stays(self) -> None:
        id = self.card(uid="u1")
        self.assertEqual(self.problem({"uid": "u2"}, id)["properties"], ["uid"])
        self.assertEqual(self.problem({"uid": None}, id)["properties"], ["uid"])
        self.assertIsNone(self.update(id, {"uid": "u1"}))

    def test_there_are_limits(self) -> None:
        self.settle(self.settings.change(AddressBook, {"maxVCardSize": 2000, "maxContacts": 1}))
        self.assertEqual(self.problem({"notes": {"n": {"note": "x" * 3000}}})["type"], "tooLarge")
        id = self.card()
        self.assertEqual(self.problem({"notes": {"n": {"note": "x" * 3000}}}, id)["type"], "tooLarge")
        self.assertEqual(self.problem({})["type"], "overQuota")

    def test_a_group_of_ten_thousand(self) -> None:
        members = {f"urn:uuid:{number:08}": True for number in range(10_000)}
        id = self.card(kind="group", name={"full": "All"}, members=members)
        self.assertEqual(len(self.shown(id)["members"]), 10_000)
        self.update(id, {"members/urn:uuid:00000007": None, "members/new": True})
        self.assertEqual(self.found({"hasMember": "new"}), [id])
        self.assertEqual(self.found({"hasMember": "urn:uuid:00000007"}), [])

    def test_creation_ids_are_known_after(self) -> None:
        answer = self.responses_of(
            ["AddressBook/set", {"create": {"b": {"name": "New"}}}, "0"],
            ["ContactCard/set", {"create": {"k": {"addressBookIds": {"#b": True}}}}, "1"],
            ["ContactCard/set", {"update": {"#k": {"name": {"full": "Ann"}}}}, "2"],
            ["ContactCard/get", {"ids": ["#k"], "properties": ["name"]}, "3"],
        )
        self.assertEqual(answer[3][1]["list"][0]["name"], {"full": "Ann"})

    def test_made_and_changed_in_one_call(self) -> None:
        answer = self.call(
            "set", create={"k": {"addressBookIds": {self.book: True}}}, update={"#k": {"keywords": {"x": True}}}
        )
        id = answer["created"]["k"]["id"]
        self.assertEqual(list(answer["updated"]), [id])
        self.assertEqual(self.shown(id)["keywords"], {"x": True})


class ChangingTests(CardCase):
    def setUp(self) -> None:
        super().setUp()
        self.put(
            "a.vcf",
            "UID:x1",
            "FN:Ann Other",
            "N:Other;Ann;;;",
            "item1.EMAIL;PROP-ID=e1;X-ODD=1:ann@example.org",
            "item1.X-ABLabel:Own",
            "TEL;PROP-ID=t1:+49 30 1",
            "X-SECRET:kept",
        )
        (self.ann,) = self.found()
        self.before = self.lines(self.ann)

    def changed_lines(self) -> tuple[set[str], set[str]]:
        after = self.lines(self.ann)
        return set(self.before) - set(after), set(after) - set(self.before)

    def test_only_the_line_that_is_meant_changes(self) -> None:
        self.assertIsNone(self.update(self.ann, {"phones/t1/number": "+49 30 2"}))
        self.assertEqual(self.changed_lines(), ({"TEL;PROP-ID=t1:+49 30 1"}, {"TEL;PROP-ID=t1:+49 30 2"}))
        self.assertEqual(len(self.lines(self.ann)), len(self.before))

    def test_what_is_the_same_stays_the_same(self) -> None:
        card = self.shown(self.ann)
        del card["id"]
        self.assertIsNone(self.update(self.ann, card))
        self.assertEqual(self.changed_lines(), (set(), set()))

    def test_an_old_version_stays_what_it_is_until_something_changes(self) -> None:
        self.put("b.vcf", "UID:x2", "FN:Bob", "N:;Bob;;;", version="3.0")
        (id,) = self.found({"uid": "x2"})
        self.update(id, {"name": self.shown(id)["name"]})
        self.assertEqual(self.lines(id)[0], "VERSION:3.0")
        self.update(id, {"keywords": {"x": True}})
        self.assertEqual(self.lines(id)[0], "VERSION:4.0")

    def test_entries_come_and_go(self) -> None:
        self.update(self.ann, {"emails/e2": {"address": "b@example.org"}, "phones": None})
        card = self.shown(self.ann)
        self.assertEqual(set(card["emails"]), {"e1", "e2"})
        self.assertNotIn("phones", card)
        self.update(self.ann, {"emails/e1": None})
        self.assertEqual(set(self.shown(self.ann)["emails"]), {"e2"})
        self.assertIn("X-SECRET:kept", self.lines(self.ann))

    def test_patches_into_the_void(self) -> None:
        for patch, kind in (
            ({"emails/e9/address": "x"}, "invalidPatch"),
            ({"addresses/a/full": "x"}, "invalidPatch"),
            ({"emails/e1/address/deeper": "x"}, "invalidPatch"),
            ({"name/components/0/value": "x"}, "invalidPatch"),
            ({"emails": {}, "emails/e1": None}, "invalidPatch"),
            ({"emails/e~2": None}, "invalidPatch"),
            ({"id/x": 1}, "invalidPatch"),
            ({"emails/e1/address": None}, "invalidProperties"),
            ({"emails/e1/pref": 101}, "invalidProperties"),
            ({"emails//address": "x"}, "invalidPatch"),
            ({"addressBookIds": None}, "invalidProperties"),
            ({f"addressBookIds/{self.book}": None}, "invalidProperties"),
            ({"addressBookIds/zzz": True}, "invalidProperties"),
        ):
            self.assertEqual(self.problem(patch, self.ann)["type"], kind, patch)
        self.assertEqual(self.changed_lines(), (set(), set()))

    def test_a_card_in_two_books_is_one(self) -> None:
        other = self.made("AddressBook", name="Other")
        self.update(self.ann, {f"addressBookIds/{other}": True})
        self.assertEqual(self.shown(self.ann)["addressBookIds"], {self.book: True, other: True})
        self.update(self.ann, {"keywords": {"x": True}, f"addressBookIds/{self.book}": None})
        self.assertEqual(self.shown(self.ann)["addressBookIds"], {other: True})
        self.expect(404, "GET", f"{BOOK}a.vcf", b"")
        self.assertEqual(self.found({"inAddressBook": other}), [self.ann])

    def test_one_card_moves_at_once(self) -> None:
        other = self.made("AddressBook", name="Other")
        self.update(self.ann, {"addressBookIds": {other: True}})
        self.assertEqual(self.shown(self.ann)["addressBookIds"], {other: True})

    def test_what_is_destroyed_is_in_no_book(self) -> None:
        other = self.made("AddressBook", name="Other")
        self.update(self.ann, {f"addressBookIds/{other}": True})
        answer = self.call("set", destroy=[self.ann, "zzz"])
        self.assertEqual((answer["destroyed"], answer["notDestroyed"]["zzz"]["type"]), ([self.ann], "notFound"))
        self.assertEqual(self.call("get")["list"], [])
        kept = self.successResultOf(self.store.read(lambda tx: tx.archive.kept(self.alice)))
        self.assertEqual(len(kept), 1)

    def test_the_last_book_takes_its_cards_along(self) -> None:
        other = self.made("AddressBook", name="Other")
        twin = self.card(addressBookIds={self.book: True, other: True})
        state = self.call("get", ids=[])["state"]
        self.jmap("AddressBook/set", destroy=[self.book], onDestroyRemoveContents=True)
        self.assertEqual(self.found(), [twin])
        changes = self.call("changes", sinceState=state)
        self.assertEqual((changes["updated"], changes["destroyed"]), ([twin], [self.ann]))

    def test_what_is_locked_stays(self) -> None:
        lock = "<D:lockinfo><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"
        self.expect(200, "LOCK", f"{BOOK}a.vcf", lock)
        self.assertEqual(self.problem({"keywords": {"x": True}}, self.ann)["type"], "forbidden")
        self.assertEqual(self.call("set", destroy=[self.ann])["notDestroyed"][self.ann]["type"], "forbidden")

    def test_a_state_that_is_over(self) -> None:
        state = self.call("get", ids=[])["state"]
        self.update(self.ann, {"keywords": {"x": True}})
        self.assertEqual(self.refused("ContactCard/set", ifInState=state, destroy=[self.ann]), "stateMismatch")


class BothWaysTests(CardCase):
    """What one protocol writes the other tells, with the same number."""

    def token(self) -> str:
        return str(self.text(BOOK, "D:sync-token"))

    def synced(self, token: str) -> dict[str, int]:
        body = (
            f"<D:sync-collection><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
        answer = self.expect(207, "REPORT", BOOK, body)
        return {
            each.find("{DAV:}href").text.rpartition("/")[2]: 404 if each.find("{DAV:}status") is not None else 200  # type: ignore[union-attr]
            for each in ElementTree.fromstring(answer.body).iter("{DAV:}response")
        }

    def test_what_dav_puts_is_told_by_jmap(self) -> None:
        state = self.call("get", ids=[])["state"]
        self.put("a.vcf", "UID:x1", "FN:Ann")
        changes = self.call("changes", sinceState=state)
        (id,) = changes["created"]
        self.assertEqual(changes["newState"], self.call("get", ids=[])["state"])
        self.put("a.vcf", "UID:x1", "FN:Anna", status=204)
        after = self.call("changes", sinceState=changes["newState"])
        self.assertEqual((after["updated"], self.shown(id)["name"]), ([id], {"full": "Anna"}))
        self.expect(204, "DELETE", f"{BOOK}a.vcf", b"")
        self.assertEqual(self.call("changes", sinceState=after["newState"])["destroyed"], [id])

    def test_what_jmap_sets_is_told_by_dav(self) -> None:
        token = self.token()
        answer = self.call("set", create={"k": {"addressBookIds": {self.book: True}, "name": {"full": "Ann"}}})
        id = answer["created"]["k"]["id"]
        ((name, status),) = self.synced(token).items()
        self.assertEqual(status, 200)
        self.assertIn(b"FN:Ann", self.expect(200, "GET", f"{BOOK}{name}").body)
        token = self.token()
        self.update(id, {"name": {"full": "Anna"}})
        self.assertEqual(self.synced(token), {name: 200})
        self.assertIn(b"FN:Anna", self.expect(200, "GET", f"{BOOK}{name}").body)
        token = self.token()
        self.call("set", destroy=[id])
        self.assertEqual(self.synced(token), {name: 404})

    def test_both_have_one_number(self) -> None:
        id = self.card(name={"full": "Ann"})
        for write in (
            lambda: self.update(id, {"keywords": {"x": True}}),
            lambda: self.put("b.vcf", "UID:x2", "FN:Bob"),
        ):
            write()
            state = self.call("get", ids=[])["state"]
            number = self.number_of(self.book)
            seq = self.successResultOf(self.store.read(lambda tx: tx.collections.get(self.alice, number))).seq  # noqa: B023
            self.assertEqual(state, f"s{seq}")

    def test_both_are_pushed(self) -> None:
        told: list[set[int]] = []
        stop = self.store.watch(lambda changed: told.append(set(changed[self.alice])))
        self.addCleanup(stop)
        self.put("a.vcf", "UID:x1", "FN:Ann")
        self.card()
        self.assertEqual([CONTACT_CARD in types for types in told], [True, True])


class CopyTests(CardCase):
    def setUp(self) -> None:
        super().setUp()
        self.put("a.vcf", "UID:x1", "FN:Ann", "X-SECRET:kept", "item7.TEL:1")
        (self.ann,) = self.found()
        (self.theirs,) = self.jmap("AddressBook/query", "bob", self.staff)["ids"]

    def copy(self, user: str = "bob", **members: Any) -> Any:
        return self.call(
            "copy",
            user,
            self.staff,
            fromAccountId=encode_id(self.alice),
            create={"k": {"id": self.ann, "addressBookIds": {self.theirs: True}, **members}},
        )

    def test_a_copy_is_the_same_in_its_octets(self) -> None:
        self.share({"mayRead": True})
        answer = self.copy()
        id = answer["created"]["k"]["id"]
        number, ours = self.number_of(id), self.number_of(self.ann)
        octets = self.successResultOf(
            self.store.read(
                lambda tx: (tx.collections.octets(self.staff, number), tx.collections.octets(self.alice, ours))
            )
        )
        self.assertEqual(octets[0], octets[1])
        self.assertEqual(self.shown(id, "bob", self.staff)["uid"], "x1")

    def test_a_copy_may_be_another_one(self) -> None:
        self.share({"mayRead": True})
        id = self.copy(uid="x9", keywords={"x": True})["created"]["k"]["id"]
        card = self.shown(id, "bob", self.staff)
        self.assertEqual((card["uid"], card["keywords"], card["vCardProps"][0][0]), ("x9", {"x": True}, "x-secret"))
        self.assertEqual(self.copy(uid="x9")["notCreated"]["k"]["properties"], ["uid"])

    def test_photos_are_blobs_of_the_account_that_they_come_to(self) -> None:
        photo = {"kind": "photo", "blobId": self.upload(PICTURE)}
        self.update(self.ann, {"media": {"p": photo}})
        self.share({"mayRead": True})
        theirs = self.upload(OTHER, "bob", self.staff)
        ours = self.shown(self.ann, "bob", self.alice)["media"]["p"]
        for uid, media, content in (
            ("x1", {}, PICTURE),
            ("x2", {"media": {"q": ours}}, PICTURE),
            ("x3", {"media": {"p": {"kind": "photo", "blobId": theirs}}}, OTHER),
        ):
            with self.subTest(uid):
                answer = self.copy(uid=uid, **media)
                ((_, made),) = self.shown(answer["created"]["k"]["id"], "bob", self.staff)["media"].items()
                self.assertEqual(self.download(made["blobId"], "bob", self.staff), content)

    def test_copies_name_blobs_of_other_cards_that_may_be_read(self) -> None:
        other = self.card(media={"p": {"kind": "photo", "blobId": self.upload(PICTURE)}})
        self.share({"mayRead": True})
        media = {"media": self.shown(other)["media"]}
        made = self.copy(**media)["created"]["k"]["id"]
        photo = self.shown(made, "bob", self.staff)["media"]["p"]
        self.assertEqual(self.download(photo["blobId"], "bob", self.staff), PICTURE)
        hidden = {"media": {"p": {"kind": "photo", "blobId": self.upload(OTHER)}}}  # alice's own, and nobody else's
        self.assertEqual(self.copy(uid="x4", **hidden)["notCreated"]["k"]["properties"], ["media/p/blobId"])

    def test_what_cannot_be_copied(self) -> None:
        given = {"fromAccountId": encode_id(self.alice), "create": {"k": {"id": self.ann}}}
        self.assertEqual(self.refused("ContactCard/copy", "bob", self.staff, **given), "fromAccountNotFound")
        self.share({"mayRead": True})
        self.assertEqual(self.copy(addressBookIds={})["notCreated"]["k"]["properties"], ["addressBookIds"])
        self.assertEqual(self.copy(id="zzz")["notCreated"]["k"]["type"], "notFound")


class SharedTests(CardCase):
    """Bob, with whom one of two address books is shared."""

    def setUp(self) -> None:
        super().setUp()
        self.secret = self.made("AddressBook", name="Secret")
        self.ann = self.card(name={"full": "Ann"}, uid="u1")
        self.both = self.card(name={"full": "Both"}, addressBookIds={self.book: True, self.secret: True})
        self.hidden = self.card(name={"full": "Hidden"}, addressBookIds={self.secret: True})

    def test_nothing_without_a_share(self) -> None:
        for method in ("get", "query", "set"):
            self.assertEqual(self.refused(f"ContactCard/{method}", "bob", self.alice), "accountNotFound")

    def test_he_sees_what_is_shared(self) -> None:
        self.share({"mayRead": True})
        answer = self.call("get", "bob", self.alice, ids=[self.ann, self.both, self.hidden])
        self.assertEqual([each["id"] for each in answer["list"]], [self.ann, self.both])
        self.assertEqual(answer["notFound"], [self.hidden])
        self.assertEqual(answer["list"][1]["addressBookIds"], {self.book: True})
        self.assertEqual(len(self.call("get", "bob", self.alice)["list"]), 2)
        found = self.call("query", "bob", self.alice, filter={"text": "h"}, calculateTotal=True)
        self.assertEqual((found["ids"], found["total"]), ([self.both], 1))
        self.assertEqual(self.call("query", "bob", self.alice, filter={"inAddressBook": self.secret})["ids"], [])
        self.assertEqual(
            self.call("query", "bob", self.alice, filter={"operator": "NOT", "conditions": [{"uid": "u1"}]})["ids"],
            [self.both],
        )

    def test_who_may_read_may_not_write(self) -> None:
        self.share({"mayRead": True})
        self.assertEqual(self.problem({}, None, "bob", self.alice)["type"], "forbidden")
        self.assertEqual(self.problem({"keywords": {"x": True}}, self.ann, "bob", self.alice)["type"], "forbidden")
        self.assertEqual(self.problem({"keywords": {"x": True}}, self.hidden, "bob", self.alice)["type"], "notFound")
        answer = self.call("set", "bob", self.alice, destroy=[self.ann, self.hidden])
        kinds = {id: each["type"] for id, each in answer["notDestroyed"].items()}
        self.assertEqual(kinds, {self.ann: "forbidden", self.hidden: "notFound"})

    def test_who_may_write_writes(self) -> None:
        self.share({"mayRead": True, "mayWrite": True})
        id = self.card("bob", self.alice, name={"full": "New"})
        self.update(self.ann, {"keywords": {"x": True}}, "bob", self.alice)
        self.assertEqual(self.problem({"keywords": {"x": True}}, self.both, "bob", self.alice)["type"], "forbidden")
        answer = self.call("set", "bob", self.alice, destroy=[id, self.both])
        self.assertEqual((answer["destroyed"], answer["notDestroyed"][self.both]["type"]), ([id], "forbidden"))

    def test_what_one_may_only_read_is_not_written_through_another_book(self) -> None:
        self.share({"mayRead": True})
        rights = {f"shareWith/{encode_id(self.bob)}": {"mayRead": True, "mayWrite": True}}
        other = self.made("AddressBook", name="Other")
        self.changed("AddressBook", other, rights)
        for patch in ({f"addressBookIds/{other}": True}, {f"addressBookIds/{other}": True, "kind": "org"}):
            self.assertEqual(self.problem(patch, self.ann, "bob", self.alice)["type"], "forbidden")
        self.update(self.ann, {f"addressBookIds/{other}": True})
        self.assertEqual(self.problem({"kind": "org"}, self.ann, "bob", self.alice)["type"], "forbidden")
        self.share({"mayRead": True, "mayWrite": True})
        self.update(self.ann, {"kind": "org", f"addressBookIds/{self.book}": None}, "bob", self.alice)
        self.update(self.ann, {f"addressBookIds/{self.book}": True}, "bob", self.alice)

    def test_other_books_are_none_of_his(self) -> None:
        self.share({"mayRead": True, "mayWrite": True})
        problem = self.problem({f"addressBookIds/{self.secret}": True}, self.ann, "bob", self.alice)
        self.assertEqual(problem["properties"], [f"addressBookIds/{self.secret}"])
        self.update(self.both, {"addressBookIds": {self.book: True}}, "bob", self.alice)
        self.assertEqual(self.shown(self.both)["addressBookIds"], {self.book: True, self.secret: True})

    def test_he_is_told_of_what_he_sees(self) -> None:
        self.share({"mayRead": True})
        state = self.call("get", "bob", self.alice, ids=[])["state"]
        self.update(self.hidden, {"keywords": {"x": True}})
        new = self.card(name={"full": "New"})
        self.update(self.ann, {"addressBookIds": {self.secret: True}})
        self.update(self.hidden, {f"addressBookIds/{self.book}": True})
        changes = self.call("changes", "bob", self.alice, sinceState=state)
        self.assertEqual(sorted(changes["created"]), sorted([new, self.hidden]))
        self.assertEqual((changes["updated"], changes["destroyed"]), ([], [self.ann]))
        self.assertEqual(changes["newState"], self.call("get", "bob", self.alice, ids=[])["state"])

    def test_rights_that_change_make_states_useless(self) -> None:
        self.share({"mayRead": True})
        state = self.call("get", "bob", self.alice, ids=[])["state"]
        self.share({"mayRead": True}, self.secret)
        self.assertEqual(
            self.refused("ContactCard/changes", "bob", self.alice, sinceState=state), "cannotCalculateChanges"
        )


class OddCardTests(CardCase):
    def test_a_card_that_cannot_be_shown_costs_no_other(self) -> None:
        odd, good = self.person("Odd"), self.person("Good")

        def broken(card: dict[str, Any]) -> dict[str, Any]:
            if card["name"]["full"] == "Odd":
                raise AttributeError("broken")
            return card

        self.patch(card_source, "shown", broken)
        answer = self.call("get", ids=[odd, good])
        self.assertEqual(([each["id"] for each in answer["list"]], answer["notFound"]), ([good], [odd]))
