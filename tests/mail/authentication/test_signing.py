"""Messages are signed with the keys of a domain."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.dkim.fields import LONGEST_HEAD, divided
from stalwart.codec.dkim.signature import tags_of
from stalwart.codec.dkim.verifying import KeyRecords
from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import Domain
from stalwart.config.vault import Vault, VaultKey
from stalwart.errors import NotFound
from stalwart.mail.authentication.signing import REREAD_AFTER, Signing
from stalwart.mail.dkim_keys import DKIM_KEY
from stalwart.store.blob_files import Stored
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS, Event
from tests.codec.dkim.signed_mail import MESSAGE, key_record, results, verify
from tests.codec.pem import key, pem
from tests.directory.world import NOW, World

TYPES = {"ed25519": "Dkim1Ed25519Sha256", "rsa1024": "Dkim1RsaSha256"}


class SigningTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.vault = Vault(VaultKey("v" * 40))
        self.signing = Signing(self.store, self.vault, self.clock, self.telemetry)
        self.problems: list[Any] = []
        self.telemetry.observe(self.note)

    def note(self, event: Event, values: dict[str, Any]) -> None:
        """Keep what was told."""
        if event is RESOURCE_BAD_PARAMETERS:
            self.problems.append(values)

    def add(self, kind: str = "ed25519", selector: str | None = None, **members: Any) -> int:
        """A signature whose selector is the kind of its key."""
        place = {"@type": "Text", "secret": self.vault.seal(DKIM_KEY, pem(key(kind)))}
        data = {
            "@type": TYPES[kind],
            "domainId": encode_id(self.domain_id),
            "selector": selector or kind,
            "privateKey": place,
            **members,
        }
        entry = self.successResultOf(
            self.store.write(lambda tx: registry.create(tx, DkimSignature, data, now=NOW, by_server=True))
        )
        return int(entry.id)

    def change(self, id: int, **patch: Any) -> None:
        """Write to a signature."""
        self.successResultOf(self.store.write(lambda tx: registry.update(tx, DkimSignature, id, patch, now=NOW)))

    def signed(self, message: bytes = MESSAGE, domain: str = "example.test") -> bytes:
        """The fields."""
        return self.settle(self.signing.signed(message, domain))

    def tags(self) -> list[dict[str, str]]:
        """What the fields say."""
        return [tags_of(field) for field in divided([self.signed() + b"\r\n"])[0]]

    def test_each_active_key_signs(self) -> None:
        self.add("rsa1024")
        self.add("ed25519")
        self.add("ed25519", "next", stage="pending")
        self.add("ed25519", "old", stage="retiring")
        fields = self.signed()
        self.assertEqual(results(verify(fields + MESSAGE)), ["pass", "pass"])
        self.assertEqual([each["s"] for each in self.tags()], ["rsa1024", "ed25519"])

    def test_domain_without_keys(self) -> None:
        self.assertEqual(self.signed(), b"")
        self.assertEqual(self.signed(domain="elsewhere.test"), b"")
        self.assertEqual(self.signed(domain=""), b"")

    def test_domain_is_found_however_it_is_written(self) -> None:
        self.add()
        self.assertEqual(results(verify(self.signed(domain="Example.TEST.") + MESSAGE)), ["pass"])

    def test_alias_signs_as_the_domain(self) -> None:
        self.add()
        self.settle(self.settings.change(Domain, {"aliases": {"alias.test": True}}, self.domain_id))
        (field,) = divided([self.signed(domain="alias.test") + b"\r\n"])[0]
        self.assertEqual(tags_of(field)["d"], "example.test")

    def test_what_the_object_asks_for(self) -> None:
        self.add(
            canonicalization="simple/relaxed",
            headers={"From": True, "Cc": True},
            expire=3_600_000,
            auid="team",
            report=False,
        )
        (tags,) = self.tags()
        self.assertEqual(tags["h"].split(), ["from:", "from"])
        wanted = {"c": "simple/relaxed", "i": "team@example.test", "x": str(NOW + 3600)}
        self.assertEqual({name: tags[name] for name in wanted}, wanted)
        self.assertNotIn("r", tags)

    def test_identity_of_somebody_else_is_left_out(self) -> None:
        for auid in ("a@other.test", "a; b=c@example.test", "a@notexample.test"):
            id = self.add(auid=auid)
            self.assertNotIn("i", self.tags()[0], auid)
            self.successResultOf(self.store.write(lambda tx, id=id: registry.destroy(tx, DkimSignature, id)))

    def test_changes_are_seen_at_once(self) -> None:
        id = self.add()
        self.assertEqual(len(self.tags()), 1)
        self.change(id, selector="other")
        self.assertEqual(self.tags()[0]["s"], "other")
        self.change(id, stage="retired")
        self.assertEqual(self.signed(), b"")

    def test_keys_are_read_once(self) -> None:
        self.add()
        self.signed()
        self.patch(self.vault, "open", None)
        self.assertEqual(results(verify(self.signed() + MESSAGE)), ["pass"])

    def test_key_in_a_file_is_read_again(self) -> None:
        path = Path(tempfile.mkdtemp()) / "key.pem"
        self.addCleanup(path.parent.rmdir)
        self.addCleanup(path.unlink)
        path.write_text(pem(key("ed25519")))
        self.add(privateKey={"@type": "File", "filePath": str(path)})
        self.assertEqual(results(verify(self.signed() + MESSAGE)), ["pass"])
        path.write_text(pem(key("ed25519", 1)))
        self.assertEqual(results(verify(self.signed() + MESSAGE)), ["pass"])
        self.clock.advance(REREAD_AFTER + 1)
        self.assertEqual(results(verify(self.signed() + MESSAGE)), ["fail"])

    def test_key_that_cannot_be_used_is_told_and_others_sign(self) -> None:
        self.add("rsa1024", privateKey={"@type": "File", "filePath": "/nowhere/key.pem"})
        self.add("ed25519")
        for _ in range(3):
            self.assertEqual(results(verify(self.signed() + MESSAGE)), ["pass"])
        self.assertEqual(len(self.problems), 1)
        self.assertNotIn("PRIVATE", str(self.problems))

    def test_large_message_in_a_file(self) -> None:
        self.add()
        message = MESSAGE + b"x" * 70 + b"\r\n"
        message *= 1 + (200_000 // len(message))

        def store(files: Any) -> Stored:
            with files.begin() as writer:
                writer.write(message)
                stored: Stored = writer.commit()
                return stored

        stored = self.successResultOf(self.store.blob_work(store, writes=True))
        fields = self.settle(self.signing.signed(stored, "example.test"))
        self.assertEqual(results(verify(fields + message)), ["pass"])
        gone = Deferred.fromCoroutine(self.signing.signed(Stored(b"?" * 32, 5), "example.test"))
        self.failureResultOf(gone, NotFound)

    def test_endless_head_stays_unsigned(self) -> None:
        self.add()
        self.assertEqual(self.signed(b"a: b\r\n" * (LONGEST_HEAD // 5)), b"")
        self.assertEqual(len(self.problems), 1)

    def test_key_is_the_one_that_is_published(self) -> None:
        self.add("rsa1024")
        records = {"rsa1024._domainkey.example.test": KeyRecords((key_record("rsa1024"),))}
        self.assertEqual(results(verify(self.signed() + MESSAGE, records)), ["pass"])
