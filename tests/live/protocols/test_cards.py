"""Cards of all versions and kinds: made by CardDAV, by JMAP and by the import, read, changed and destroyed by both."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from tests.live.protocols.cards import ALL, PICTURE, PIXEL, Specimen
from tests.live.protocols.content_lines import STAMPS, read, said_of_card
from tests.live.protocols.cycles import MAKERS, CollectionCase, Cycle, courses, titled, unnamed

MAPS = frozenset(
    {"emails", "phones", "addresses", "organizations", "titles", "notes", "links", "preferredLanguages", "media"}
    | {"anniversaries", "onlineServices", "nicknames"}
)
KEPT = frozenset({"id", "addressBookIds", "uid", "updated", "created", "@type", "version", "prodId"})
"""What a card has beside what it says."""


def plain(card: dict[str, Any]) -> dict[str, Any]:
    """What a card says."""
    left = {name: value for name, value in card.items() if name not in KEPT}
    if "localizations" in left:
        text = json.dumps(left["localizations"])
        for id in card.get("titles", ()):
            text = text.replace(f"titles/{id}/", "titles/its/")
        left["localizations"] = json.loads(text)
    return unnamed(left, MAPS)


class CardCase(CollectionCase):
    """Somebody's first address book."""

    CONTAINER, TYPE, SERVICE, IN = "AddressBook", "ContactCard", "card", "inAddressBook"


class CardCycle(Cycle):
    """The title is FN."""

    MEMBER, KIND, SUFFIX = "addressBookIds", "vcf", ".vcf"

    def __init__(self, case: CardCase, specimen: Specimen, uid: str) -> None:
        super().__init__(case, uid, specimen.octets(uid), specimen.shown)
        self.specimen = specimen
        self.form = "fourth"
        self.ids: dict[str, set[str]] = {}

    def made_by_jmap(self) -> None:
        """With a picture that was uploaded."""
        picture = {**PICTURE, "blobId": self.somebody.upload(b64decode(PIXEL), "image/gif")}
        media = self.shown.get("media", {})
        self.shown["media"] = {id: picture if each == PICTURE else each for id, each in media.items()}
        super().made_by_jmap()
        self.shown = dict(self.specimen.shown)
        self.form = "plainer"

    def titled(self, octets: bytes, title: str) -> bytes:
        """Another FN; version 2.1 has commas as they are."""
        made = titled("FN", octets, title)
        return made.replace(rb"\,", b",") if b"VERSION:2.1" in made else made

    def patch(self, title: str) -> dict[str, Any]:
        """Another name in full."""
        return {"name/full": title}

    def title_is(self, title: str) -> None:
        """Another name in full."""
        self.shown["name"] = {**self.shown["name"], "full": title}

    def is_kept(self, wanted: bytes, found: bytes) -> None:
        """Each property and parameter, if the version was that in which JMAP writes."""
        if b"VERSION:4.0" in wanted:
            self.case.same(read(found), read(wanted))

    def is_read(self) -> None:
        """JMAP, GET, multiget, ContactCard/parse of what GET has given."""
        case = self.case
        shown = self.somebody.shown("ContactCard", self.id)
        self.ids = self.ids or self.ids_of(shown)
        case.assertEqual(self.ids_of(shown), self.ids)  # they stay, whoever writes
        case.assertEqual((shown["uid"], shown["addressBookIds"]), (self.uid, {case.collection: True}))
        self.has_its_picture(shown)
        case.same(plain(shown), plain(self.shown))
        octets = self.somebody.read(self.path)
        if self.is_to_the_octet:
            case.assertEqual(octets, self.octets)
        case.assertEqual(self.somebody.by_multiget(self.path), octets)
        if self.jmap_has_written:
            ignored = {*STAMPS, *({"FN"} if self.shown["name"] != self.specimen.shown["name"] else ())}
            wanted = self.specimen.octets(self.uid, self.form)
            case.same(said_of_card(octets, ignored), said_of_card(wanted, ignored))
        blob = self.somebody.upload(octets, "text/vcard")
        parsed = self.somebody.jmap("ContactCard/parse", blobIds=[blob])["parsed"][blob]
        self.has_its_picture(parsed)
        case.same(plain(parsed), plain(self.shown))

    def ids_of(self, card: dict[str, Any]) -> dict[str, set[str]]:
        """Those of entries."""
        return {name: set(value) for name, value in card.items() if name in MAPS}

    def has_its_picture(self, card: dict[str, Any]) -> None:
        """In a blob, or in itself if it is no card of the account; both are taken out."""
        for each in card.get("media", {}).values():
            if each["kind"] == "photo" and "blobId" in each:
                self.case.assertEqual(self.somebody.download(each.pop("blobId")), b64decode(PIXEL))
            elif each["kind"] == "photo":
                self.case.assertEqual(each.pop("uri"), f"data:image/gif;base64,{PIXEL}")
                each["mediaType"] = "image/gif"


def _test(specimen: Specimen, maker: str) -> Any:
    def test(self: CardCase) -> None:
        for number, (changer, destroyer) in enumerate(courses(maker)):
            uid = f"{specimen.name.replace(' ', '-')}-{maker}-{number}"
            CardCycle(self, specimen, uid).run(maker, changer, destroyer)

    return test


class CardTests(CardCase):
    """A test for each specimen and each who makes it."""


for _specimen in ALL:
    for _maker in MAKERS:
        setattr(CardTests, f"test_{_specimen.name.replace(' ', '_')}_made_by_{_maker}", _test(_specimen, _maker))
