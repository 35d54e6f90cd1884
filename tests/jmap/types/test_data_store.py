"""``x:DataStore``: the content of the configuration file."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.storage.data_store import DataStore
from stalwart.errors import Invalid, Unavailable
from stalwart.jmap.call import Request
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.registry.handler import Asking, Change
from stalwart.jmap.registry.trial import LONGEST
from stalwart.jmap.types.data_store import DataStoreHandler
from tests.jmap.desk import Desk, access

GET, SET = "x:DataStore/get", "x:DataStore/set"


class FakeSettings:
    """Has nothing to read again."""

    async def reload(self, types: Any) -> bool:
        return False


class FakeFile:
    """A file in memory; ``refusal`` is what writing raises."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {"@type": "Sqlite", "path": "store.sqlite3"}
        self.refusal: Exception | None = None
        self.answer: bool | Exception = True
        self.looked: list[tuple[dict[str, Any], bool]] = []

    def read(self) -> dict[str, Any]:
        return self.content

    def write(self, config: dict[str, Any]) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.content = config

    def look(self, config: dict[str, Any], makes: bool) -> bool:
        self.looked.append((config, makes))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class DataStoreTests(SynchronousTestCase):
    """Reading and rewriting."""

    def setUp(self) -> None:
        self.file = FakeFile()
        self.open(self.file)

    def open(self, file: FakeFile | None) -> None:
        """A desk whose service ``store_file`` is this."""
        desk = Desk()
        services = {"settings": FakeSettings(), "store_file": file, "store": desk.store, "clock": desk.clock}
        who = access(permissions=frozenset(("authenticate", "sysDataStoreGet", "sysDataStoreUpdate")))
        self.desk = Desk(*type_methods(DataStore, DataStoreHandler), services=services, who=who)

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The arguments of the answer."""
        ((_, found, _),) = self.desk.responses([name, arguments, "0"])
        return found

    def test_the_file_is_shown_with_defaults(self) -> None:
        (found,) = self.call(GET, {"ids": ["singleton"]})["list"]
        expected = {"path": "store.sqlite3", "poolWorkers": None, "poolMaxConnections": 10, "@type": "Sqlite"}
        self.assertEqual(found, {**expected, "id": "singleton"})

    def test_a_patch_rewrites_the_file_and_says_that_a_restart_is_needed(self) -> None:
        answer = self.call(SET, {"update": {"singleton": {"poolWorkers": 3}}})
        self.assertEqual(answer["updated"], {"singleton": None})
        self.assertIn("restarted", answer["notices"][0])
        self.assertEqual((self.file.content["poolWorkers"], self.file.content["path"]), (3, "store.sqlite3"))

    def test_create_replaces_it(self) -> None:
        answer = self.call(SET, {"create": {"n": {"@type": "Sqlite", "path": "other.sqlite3"}}})
        self.assertEqual(answer["created"], {"n": {"id": "singleton"}})
        self.assertEqual(self.file.content["path"], "other.sqlite3")

    def test_secrets_are_masked_and_kept(self) -> None:
        secret = {"@type": "Value", "secret": "s3cret"}
        self.file.content = {"@type": "PostgreSql", "host": "db.test", "authSecret": secret}
        (found,) = self.call(GET, {})["list"]
        self.assertEqual(found["authSecret"]["secret"], "****")
        self.call(SET, {"update": {"singleton": {"authSecret/secret": "****", "port": 5433}}})
        self.assertEqual((self.file.content["authSecret"], self.file.content["port"]), (secret, 5433))

    def test_what_no_store_opens_with_is_refused(self) -> None:
        self.file.refusal = Invalid("The data store PostgreSql is not supported; use Sqlite.", ("@type",))
        error = self.call(SET, {"update": {"singleton": {"poolWorkers": 3}}})["notUpdated"]["singleton"]
        self.assertEqual(error["type"], "invalidProperties")
        self.assertNotIn("poolWorkers", self.file.content)

    def test_what_cannot_be_opened_is_refused_at_its_field(self) -> None:
        before = self.file.content
        self.file.answer = Unavailable("The data store cannot be reached. (connection refused)")
        postgresql = {"@type": "PostgreSql", "host": "db.test"}
        for members, property in ((postgresql, "host"), ({"path": "other.sqlite3"}, "path")):
            for confirm in (False, True):
                arguments = {"update": {"singleton": members}, "confirm": confirm}
                refused = self.call(SET, arguments)["notUpdated"]["singleton"]
                self.assertEqual((refused["type"], refused["properties"]), ("invalidProperties", [property]))
                self.assertIn("connection refused", refused["description"])
        self.assertIs(self.file.content, before)

    def test_an_empty_one_has_to_be_confirmed(self) -> None:
        self.file.answer = False
        other = {"update": {"singleton": {"path": "other.sqlite3"}}}
        refused = self.call(SET, other)["notUpdated"]["singleton"]
        self.assertIn("stalwart-cli store copy", refused["description"])
        self.assertIs(refused["canConfirm"], True)
        self.assertEqual(self.file.content["path"], "store.sqlite3")
        self.assertEqual(self.call(SET, other | {"confirm": True})["updated"], {"singleton": None})
        self.assertEqual((self.file.content["path"], self.file.looked[-1][1]), ("other.sqlite3", True))

    def test_one_that_says_nothing_is_refused(self) -> None:
        store, clock, settings = Desk().store, Desk().clock, FakeSettings()
        made: Any = DataStoreHandler
        handler = made(DataStore, settings=settings, store_file=self.file, store=store, clock=clock)
        change = Change("create", "n", data={"@type": "PostgreSql", "host": "db.test"})
        self.patch(store, "blob_work", _silent(store.blob_work))
        preparing = Deferred.fromCoroutine(handler.prepare(Asking(access(), 7, 0, "", Request(access())), [change]))
        clock.advance(LONGEST)
        self.successResultOf(preparing)
        self.assertIn("did not answer", str(change.refused))

    def test_without_a_file_there_is_nothing(self) -> None:
        self.open(None)
        self.assertEqual(self.call(GET, {"ids": ["singleton"]})["notFound"], ["singleton"])
        self.assertEqual(self.call(SET, {"update": {"singleton": {}}})["notUpdated"]["singleton"]["type"], "notFound")


def _silent(work: Any) -> Any:
    """The first work is done, the others are never answered."""
    done: list[Any] = []

    def blob_work(wanted: Any) -> Any:
        done.append(wanted)
        return work(wanted) if len(done) == 1 else Deferred()

    return blob_work
