"""Whether the record of a key is in DNS."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.vault import Vault, VaultKey
from stalwart.mail.dkim_records import LONGEST_LOOKUP, Sight, Sought, judged, look_for, sought
from stalwart.net.dns_answers import LookupFailed
from stalwart.net.dns_cache import CachingResolver
from tests.mail.test_dkim_keys import RFC8463_KEY, RFC8463_PUBLIC
from tests.net.fake_dns import FakeResolver

NAME = "new._domainkey.example.test"
TEXT = f"v=DKIM1; k=ed25519; h=sha256; p={RFC8463_PUBLIC}"
OTHER = "A" * 43 + "="
VAULT = Vault(VaultKey("v" * 40))


def signature(**members: Any) -> Any:
    """Of an Ed25519 key."""
    place = {"@type": "Text", "secret": RFC8463_KEY}
    data = {"@type": "Dkim1Ed25519Sha256", "domainId": "b", "selector": "new", "privateKey": place, **members}
    return DkimSignature.from_wire(data)


class SoughtTests(SynchronousTestCase):
    def test_name_and_text(self) -> None:
        self.assertEqual(sought(VAULT, 7, signature(), "example.test"), Sought(7, NAME, TEXT))

    def test_selector_that_is_no_name(self) -> None:
        found = sought(VAULT, 7, signature(selector="my key"), "example.test")
        self.assertIn("the selector has to be another", str(found.problem))

    def test_file_that_cannot_be_read(self) -> None:
        place = {"@type": "File", "filePath": "/nowhere/key.pem"}
        found = sought(VAULT, 7, signature(privateKey=place), "example.test")
        self.assertIn(f"The key for {NAME} cannot be read", str(found.problem))


class LookTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()

    def look(self, texts: Any, record: Sought | None = None) -> Sight:
        """With ``texts`` at the name."""
        resolver = FakeResolver({(NAME, "TXT"): texts} if texts is not None else {})
        looking = Deferred.fromCoroutine(look_for(record or Sought(7, NAME, TEXT), resolver, self.clock))
        return self.successResultOf(looking)

    def test_record_that_is_there(self) -> None:
        spaced = TEXT.replace("; ", " ;  ")
        for texts in ([TEXT], [spaced], ["hello", TEXT], [f"{TEXT};"], [f"k=ed25519; p={RFC8463_PUBLIC}"]):
            self.assertEqual(self.look(texts), Sight("there"), texts)

    def test_record_that_is_not(self) -> None:
        for texts in (None, ["hello"]):
            sight = self.look(texts)
            self.assertEqual(sight.state, "missing", texts)
            self.assertIn(NAME, sight.reason)

    def test_other_records(self) -> None:
        table = {
            "another key": [TEXT.replace(RFC8463_PUBLIC, OTHER)],
            "revoked": [TEXT.replace(RFC8463_PUBLIC, "")],
            "2 DKIM keys": [TEXT, TEXT.replace(RFC8463_PUBLIC, OTHER)],
            "malformed": [f"p={RFC8463_PUBLIC}; p=x"],
            "No signature of ours": [f"{TEXT}; s=tlsrpt"],
            "is not the one": [f"v=DKIM2; k=ed25519; p={RFC8463_PUBLIC}"],
        }
        for words, texts in table.items():
            sight = self.look(texts)
            self.assertEqual(sight.state, "wrong", words)
            self.assertIn(words, sight.reason)

    def test_nobody_can_tell(self) -> None:
        sight = self.look(LookupFailed("servfail", "no luck"))
        self.assertEqual((sight.state, sight.reason.endswith("no luck")), ("unknown", True))
        self.assertEqual(self.look([TEXT], Sought(7, NAME, None, "why")), Sight("unknown", "why"))

    def test_silence_ends(self) -> None:
        resolver = FakeResolver({(NAME, "TXT"): Deferred()})
        looking = Deferred.fromCoroutine(look_for(Sought(7, NAME, TEXT), resolver, self.clock))
        self.assertNoResult(looking)
        self.clock.advance(LONGEST_LOOKUP)
        self.assertEqual(self.successResultOf(looking).state, "unknown")

    def test_looks_go_round_the_cache(self) -> None:
        zone: dict[tuple[str, str], Any] = {}
        source = FakeResolver(zone)
        cached = CachingResolver(source, self.clock)
        for texts, state in ((None, "missing"), ([TEXT], "there")):
            if texts is not None:
                source.zone[f"{NAME}.", "TXT"] = texts
            looking = Deferred.fromCoroutine(look_for(Sought(7, NAME, TEXT), cached, self.clock))
            self.assertEqual(self.successResultOf(looking).state, state)

    def test_retired_key_is_any_that_can_be_used(self) -> None:
        record = Sought(7, NAME)
        states = [judged(record, texts).state for texts in ([TEXT], ["v=DKIM1; p="], ["hello"], [])]
        self.assertEqual(states, ["there", "missing", "missing", "missing"])
