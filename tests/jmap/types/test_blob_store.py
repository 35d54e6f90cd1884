"""``x:BlobStore``: tried before it is chosen; the places of before are remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import blob_places
from stalwart.config.blob_places import former_places
from stalwart.config.storage.blob_store import BlobStore
from stalwart.jmap.call import Request
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.registry.handler import Asking, Change
from stalwart.jmap.registry.trial import LONGEST
from stalwart.jmap.types.blob_store import STAYS, BlobStoreHandler
from tests.jmap.desk import Desk, access

SET = "x:BlobStore/set"


class FakeSettings:
    """Has nothing to read again."""

    def of(self, declaration: Any) -> Any:
        return declaration.default()

    async def reload(self, types: Any) -> bool:
        return False


class BlobStoreTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.root = Path(self.mktemp()).absolute()
        below = Desk()
        store, clock = below.store, below.clock
        services = {"settings": FakeSettings(), "store": store, "clock": clock}
        who = access(permissions=frozenset(("authenticate", "sysBlobStoreGet", "sysBlobStoreUpdate")))
        self.desk = Desk(*type_methods(BlobStore, BlobStoreHandler), services=services, who=who)
        self.store, self.clock = store, clock

    def call(self, members: dict[str, Any], **arguments: Any) -> Any:
        ((_, found, _),) = self.desk.responses([SET, {"update": {"singleton": members}, **arguments}, "0"])
        return found

    def folder(self, name: str, **members: Any) -> dict[str, Any]:
        return {"@type": "FileSystem", "path": str(self.root / name), "depth": 2, **members}

    def remembered(self) -> list[tuple[str, str]]:
        found = self.successResultOf(self.store.read(former_places))
        return [(each.tag, Path(getattr(each, "path", "")).name) for each in found]

    def test_a_place_of_before_is_remembered_until_it_is_chosen_again(self) -> None:
        answer = self.call(self.folder("a"))
        self.assertEqual(answer["updated"], {"singleton": None})
        self.assertIn(STAYS, answer["notices"])
        self.assertEqual([path for path in self.root.rglob("*") if path.is_file()], [], "the trial leaves nothing")
        self.assertEqual(self.remembered(), [], "what lies beside the data store is always looked for there")
        self.call(self.folder("b"))
        self.call({"@type": "Default"})
        self.assertEqual(self.remembered(), [("FileSystem", "b"), ("FileSystem", "a")])
        self.call(self.folder("a"))
        self.assertEqual(self.remembered(), [("FileSystem", "b")])
        self.assertNotIn(STAYS, self.call(self.folder("a"))["notices"])
        self.call(self.folder("a", depth=1))
        self.assertEqual(self.remembered(), [("FileSystem", "a"), ("FileSystem", "b")], "another depth, other files")

    def test_there_is_a_limit(self) -> None:
        self.patch(blob_places, "MOST", 1)
        for name in ("a", "b"):
            self.call(self.folder(name))
        self.assertIn("store copy", self.call(self.folder("c"))["notUpdated"]["singleton"]["description"])

    def test_what_takes_nothing_is_refused_unless_it_is_confirmed(self) -> None:
        self.root.mkdir()
        (self.root / "file").write_text("")
        region = {"@type": "Custom", "customEndpoint": "http://127.0.0.1:9", "customRegion": "r"}
        keys = {"accessKey": {"@type": "Value", "value": "a"}, "secretKey": {"@type": "Value", "secret": "b"}}
        bucket = {"@type": "S3", "bucket": "mail", "region": region, "maxRetries": 1, **keys}
        refused = (
            ({"@type": "FileSystem", "path": "relative"}, "path", "absolute"),
            (self.folder("file"), "path", "Not a directory"),
            (bucket, "bucket", "cannot be reached"),
            ({**bucket, "secretKey": {"@type": "None"}}, "secretKey", "needs both"),
        )
        for members, property, reason in refused:
            found = self.call(members)["notUpdated"]["singleton"]
            self.assertEqual((found["type"], found["properties"]), ("invalidProperties", [property]))
            self.assertIn(reason, found["description"])
            self.assertIs(found["canConfirm"], True)
        self.assertEqual(self.call(bucket, confirm=True)["updated"], {"singleton": None})

    def test_a_place_that_says_nothing_is_refused(self) -> None:
        self.patch(self.store, "blob_work", lambda *_, **__: Deferred())
        settings: Any = FakeSettings()
        handler = BlobStoreHandler(BlobStore, settings=settings, store=self.store, clock=self.clock)
        change = Change("update", "singleton", data=self.folder("a"))
        asking = Asking(access(), 7, 0, "", Request(access()))
        preparing = Deferred.fromCoroutine(handler.prepare(asking, [change]))
        self.assertNoResult(preparing)
        self.clock.advance(LONGEST)
        self.successResultOf(preparing)
        self.assertIn("did not answer", str(change.refused))
