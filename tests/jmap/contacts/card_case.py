"""Cards of accounts by JMAP and by CardDAV at once, over one store: ``call`` is JMAP, ``put`` is CardDAV."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from stalwart.codec.ids import decode_id, encode_id
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from tests.directory.world import NOW
from tests.jmap.sharing.both_faces import USING, BothFacesCase

BOOK = "/dav/card/alice%40example.test/default/"
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256))


class CardCase(BothFacesCase):
    """Calls are alice's, in her own account, unless it is said otherwise; ``book`` is her first address book."""

    def setUp(self) -> None:
        super().setUp()
        (self.book,) = self.jmap("AddressBook/query")["ids"]

    def more_services(self) -> dict[str, Any]:
        return {"contacts": self.tools.contacts, "placing": self.tools.placing}

    def call(self, name: str, user: str = "alice", account: int | None = None, **given: Any) -> Any:
        """The answer to a call that works."""
        return self.jmap(f"ContactCard/{name}", user, account, **given)

    def responses_of(self, *calls: list[Any]) -> list[Any]:
        """The answers to several calls in one request, in alice's account."""
        account = {"accountId": encode_id(self.alice)}
        asked = [[name, account | given, call] for name, given, call in calls]
        body = json.dumps({"using": USING, "methodCalls": asked}).encode()
        answer = self.ask("POST", "/jmap", body, content_type="application/json")
        return list(json.loads(answer.body)["methodResponses"])

    def card(self, user: str = "alice", account: int | None = None, /, **members: Any) -> str:
        """The id of a new card, which is in the first address book unless it is said otherwise."""
        return self.made("ContactCard", user, account, **{"addressBookIds": {self.book: True}, **members})

    def person(self, full: str, given: str = "", surname: str = "", **members: Any) -> str:
        """The id of a new card of somebody."""
        parts = [{"kind": kind, "value": value} for kind, value in (("given", given), ("surname", surname)) if value]
        return self.card(name={"full": full, **({"components": parts} if parts else {})}, **members)

    def shown(self, id: str, user: str = "alice", account: int | None = None, **given: Any) -> dict[str, Any]:
        """One card as it is."""
        (found,) = self.call("get", user, account, ids=[id], **given)["list"]
        return dict(found)

    def update(self, id: str, patch: dict[str, Any], user: str = "alice", account: int | None = None) -> Any:
        """What is told of an update that works."""
        return self.changed("ContactCard", id, patch, user, account)

    def problem(
        self, members: dict[str, Any], id: str | None = None, user: str = "alice", account: int | None = None
    ) -> dict[str, Any]:
        """The SetError of a creation, or of an update of ``id``."""
        if id is not None:
            return self.unchanged("ContactCard", id, members, user, account)
        answer = self.call("set", user, account, create={"k": {"addressBookIds": {self.book: True}, **members}})
        self.assertIsNone(answer["created"], answer)
        return dict(answer["notCreated"]["k"])

    def found(self, filter: Any = None, sort: Any = None, user: str = "alice", **given: Any) -> list[str]:
        """The ids that a query finds."""
        return list(self.call("query", user, filter=filter, sort=sort, **given)["ids"])

    def put(self, name: str, *lines: str, version: str = "4.0", status: int = 201, user: str = "alice") -> None:
        """A card by CardDAV."""
        text = "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])
        self.expect(status, "PUT", f"{BOOK}{name}", text.encode(), content_type="text/vcard", user=user)

    def lines(self, id: str) -> list[str]:
        """The lines of the vCard that is kept."""
        number = self.number_of(id)
        octets = self.successResultOf(self.store.read(lambda tx: tx.collections.octets(self.alice, number)))
        return list(octets.decode().split("\r\n"))[1:-2]

    def number_of(self, id: str) -> int:
        """The number of an object."""
        return decode_id(id)

    def upload(self, content: bytes, user: str = "alice", account_id: int | None = None) -> str:
        """The id of a blob that somebody has uploaded."""
        account_id = self.alice if account_id is None else account_id
        by = uploader(self.number(user))

        def work(tx: Any) -> str:
            blob = tx.blobs.put(content, NOW)
            tx.blobs.link(blob.hash, account_id, by, expires_at=NOW + 3600)
            return str(BlobId(blob.hash))

        return str(self.successResultOf(self.store.write(work)))

    def download(self, blob_id: str, user: str = "alice", account: int | None = None) -> bytes | None:
        """The octets of a blob, None if there is none for somebody."""
        found = self.jmap("Blob/get", user, account, ids=[blob_id], properties=["data:asBase64"])
        if found["notFound"]:
            return None
        return b64decode(found["list"][0]["data:asBase64"])

    def share(self, rights: dict[str, bool], book: str | None = None, name: str = "bob") -> None:
        """Share one of alice's address books."""
        self.changed("AddressBook", book or self.book, {f"shareWith/{encode_id(self.number(name))}": rights})
