"""A data type made for tests, ``Note``, and two accounts to keep notes in: memory store, a clock, work done at once."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.errors import Forbidden
from stalwart.jmap.call import Call, Request, RequestLimits
from stalwart.jmap.errors import MethodError, SetRefused, Untimely
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.jmap.standard.containers import ListOf, Member, SetOf, Struct
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.dates import UTCDate, utc_date
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.filters import Condition
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.property import Property
from stalwart.jmap.standard.rules import Rules
from stalwart.jmap.standard.scalars import Boolean, Id, Nullable, String, UnsignedInt
from stalwart.jmap.standard.sorting import Sort
from stalwart.jmap.standard.source import Found
from stalwart.store import MemoryStore
from stalwart.store.store import Transaction

NOW = 1_800_000_000
NOTES = "urn:example:notes"
SHARING = "urn:example:notes:share"
NUMBER = 901
VERBS = ("Get", "Create", "Update", "Destroy", "Changes", "Query", "QueryChanges", "Copy")


class NoteSource(ObjectSource):
    """Notes know their length."""

    def compute(self, tx: Transaction, asking: Asking, found: Found, names: frozenset[str]) -> None:
        for id, properties in found:
            object = tx.objects.get(asking.account_id, id)
            properties["length"] = len(((object and object.data) or {}).get("title", ""))


class NoteRules(Rules):
    """Parents must exist, notes with children stay, ``stamp`` is the server's, titles are trimmed.

    A title that begins with "only " is had once.
    """

    async def prepare(self, asking: Asking, arguments: Any) -> dict[str, Forbidden]:
        named = {**arguments.create, **arguments.update, **{id: {} for id in arguments.destroy}}
        return {key: Forbidden("Not today.") for key, given in named.items() if given.get("title") == "forbidden"}

    def check(self, tx: Transaction, asking: Asking, change: Change) -> None:
        parent = change.new["parentId"]
        if parent is not None and tx.objects.get(asking.account_id, number_of(parent) or 0) is None:
            raise SetRefused("invalidProperties", "There is no such parent.", ("parentId",))
        change.new["title"] = change.new.get("title", "").strip() or "untitled"
        wanted = change.new["title"]
        if wanted.startswith("only "):
            others = (each for each in tx.objects.list(asking.account_id, NUMBER) if each.id != change.id)
            if any((each.data or {})["title"] == wanted for each in others):
                raise Untimely("alreadyExists", "Another note has this title.")
        if change.changed:
            change.new["stamp"] = f"{asking.now}"
        if change.id is None:
            change.new["createdAt"] = utc_date(asking.now)

    def updated(self, tx: Transaction, asking: Asking, change: Change) -> None:
        if change.new["title"] == "unlucky":
            raise SetRefused("forbidden", "After it was written.")

    def created(self, tx: Transaction, asking: Asking, change: Change) -> None:
        self.updated(tx, asking, change)

    def destroying(self, tx: Transaction, asking: Asking, change: Change) -> None:
        id = encode_id(change.id or 0)
        if any((each.data or {}).get("parentId") == id for each in tx.objects.list(asking.account_id, NUMBER)):
            raise Untimely("noteHasChildren")

    async def committed(self, asking: Asking, outcome: Any) -> list[tuple[str, dict[str, Any]]]:
        return [("Note/implied", {"created": sorted(outcome.created)})] if asking.rest.get("onSuccess") else []


NOTE = DataType(
    Declaration(
        name="Note",
        capability=NOTES,
        properties={
            "title": Property(String(most=40)),
            "body": Property(Nullable(String()), default=None),
            "parentId": Property(Nullable(Id()), default=None),
            "seeAlso": Property(ListOf(Id()), default=[]),
            "tags": Property(SetOf(String(least=1, most=20)), default={}),
            "place": Property(
                Nullable(Struct({"name": Member(String()), "floor": Member(UnsignedInt(), required=False, default=0)})),
                default=None,
            ),
            "pinned": Property(Boolean(), default=False),
            "kind": Property(String(choices=frozenset(("plain", "list"))), default="plain", immutable=True),
            "createdAt": Property(UTCDate(), server_set=True, immutable=True),
            "stamp": Property(String(), server_set=True, by_default=False),
            "length": Property(UnsignedInt(), server_set=True, computed=True),
            "shareWith": Property(SetOf(Id()), default={}, capability=SHARING),
        },
        conditions={
            "title": Condition(String(), lambda note, text: text.lower() in note["title"].lower(), on=("title",)),
            "pinned": Condition(Boolean(), lambda note, value: note["pinned"] is value, on=("pinned",)),
            "kind": Condition(String(), lambda note, value: note["kind"] == value, on=("kind",)),
            "parentId": Condition(Nullable(Id()), lambda note, value: note["parentId"] == value, on=("parentId",)),
            "full": Condition(Boolean(), lambda note, value: True, calculable=False),
        },
        sorts={
            "title": Sort.by("title"),
            "createdAt": Sort.by("createdAt"),
            "pinned": Sort.by("pinned"),
            "body": Sort.by("body"),
            "tagged": Sort(lambda note, members: members["tag"] in note["tags"], ("tags",), members={"tag": String()}),
            "luck": Sort(lambda note, members: 0, calculable=False),
        },
        counts=("pinned",),
        further_name=lambda name: name.startswith("x-"),
    ),
    source=NoteSource(NUMBER),
    rules=NoteRules(),
    supports=("get", "set", "changes", "query", "queryChanges", "copy"),
)

OWN, GROUP, OTHER = 1, 2, 3
OWN_ID, GROUP_ID = encode_id(OWN), encode_id(GROUP)


class NotesCase(SynchronousTestCase):
    """Somebody with an account and a group, and a request whose calls share creation ids."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        for id, name in ((OWN, "jane"), (GROUP, "staff"), (OTHER, "other")):
            self.successResultOf(self.store.write(lambda tx, id=id, name=name: tx.accounts.create(id, name, "user")))
        self.accounts = OTHER
        permissions = frozenset(f"jmapNote{verb}" for verb in VERBS)
        self.access = Access(OWN, "jane", None, permissions, group_ids=frozenset((GROUP,)))
        self.request = Request(self.access, using=frozenset((NOTES,)))
        self.methods = {method.name: method for method in NOTE.methods()}

    def limit(self, **limits: int) -> None:
        """Smaller limits for the calls that follow."""
        self.request.limits = RequestLimits(**limits)

    def without(self, *verbs: str) -> None:
        """Take permissions away."""
        lost = {f"jmapNote{verb}" for verb in verbs}
        self.request.access = evolve(self.access, permissions=self.access.permissions - lost)

    def move(self) -> None:
        """Go on as somebody with an empty account: cheaper than a new store for each example."""
        self.accounts += 1
        account_id = self.accounts
        self.successResultOf(self.store.write(lambda tx: tx.accounts.create(account_id, f"{account_id}", "user")))
        self.request.access = evolve(self.access, account_id=account_id)

    def begin(self, name: str, arguments: dict[str, Any]) -> Deferred[Any]:
        """The call ``Note/name``; the own account unless another is given."""
        call = Call(
            f"Note/{name}", {"accountId": encode_id(self.request.access.account_id), **arguments}, "c1", self.request
        )
        handler = self.methods[call.name].handler
        return Deferred.fromCoroutine(handler(call, store=self.store, clock=self.clock))

    def responses(self, name: str, **arguments: Any) -> list[tuple[str, dict[str, Any]]]:
        """All responses of a call."""
        found = self.successResultOf(self.begin(name, arguments))
        return [(f"Note/{name}", found)] if isinstance(found, dict) else found

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The first response of a call."""
        return self.responses(name, **arguments)[0][1]

    def error(self, name: str, **arguments: Any) -> str:
        """The type of the method error of a call."""
        return self.problem(name, **arguments).type

    def problem(self, name: str, **arguments: Any) -> MethodError:
        """The method error of a call."""
        problem = self.failureResultOf(self.begin(name, arguments), MethodError).value
        assert isinstance(problem, MethodError)
        return problem

    def made(self, *titles: str, **members: Any) -> list[str]:
        """The ids of new notes."""
        create = {f"made{index}": {"title": title, **members} for index, title in enumerate(titles)}
        answer = self.call("set", create=create)
        self.assertIsNone(answer["notCreated"])
        return [answer["created"][key]["id"] for key in create]

    def note(self, id: str, *properties: str) -> dict[str, Any]:
        """One note as it is now."""
        found = self.call("get", ids=[id], properties=list(properties) or None)["list"]
        self.assertEqual(len(found), 1)
        return found[0]

    def state(self) -> str:
        """The state of the notes of the own account."""
        state = self.call("get", ids=[])["state"]
        assert isinstance(state, str)
        return state
