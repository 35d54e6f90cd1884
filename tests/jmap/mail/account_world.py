"""One account, its mail worked out naively beside the server, and a client that only follows /changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
from attrs import Factory, define
from twisted.internet.task import Clock

from stalwart.codec.ids import decode_id, encode_id
from stalwart.directory.access import Access
from stalwart.groupware.granting import Granting
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.call import Request
from stalwart.jmap.email import changes, get, importing, query
from stalwart.jmap.email import set as setting
from stalwart.jmap.engine import Engine
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.mail.mailbox import COUNTS, MAILBOX
from stalwart.jmap.mail.thread import THREAD
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.quota import Quotas
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from tests.jmap.email.mail_shelf import FakeTextSearch
from tests.jmap.mail.mailbox_case import PERMISSIONS, OwnSettings

NOW = 1_800_000_000
OWN = 1
TYPES = ("Mailbox", "Thread", "Email")
KEYWORDS = ("$seen", "$draft", "$flagged", "$answered", "work")
_EMAIL = ["threadId", "mailboxIds", "keywords", "receivedAt", "messageId"]
_ALL = {"Mailbox": None, "Thread": None, "Email": _EMAIL}
_MOST_BOXES = 14
_VERBS = ("Get", "Create", "Update", "Destroy", "Import", "Changes", "Query", "QueryChanges")

Wire = dict[str, Any]


@define
class Mail:
    """One message: ``token`` is its message id, ``id`` what the server calls it."""

    token: str
    id: str
    thread: str
    at: int
    subject: str
    references: frozenset[str]
    boxes: set[str]
    keywords: set[str]

    @property
    def is_unread(self) -> bool:
        return not self.keywords & {"$seen", "$draft"}


@define
class Box:
    """One mailbox; the counters follow from the mail."""

    name: str
    parent: str | None = None
    role: str | None = None
    order: int = 0
    subscribed: bool = True


@define
class Account:
    """What the account should be like."""

    boxes: dict[str, Box] = Factory(dict)
    mail: dict[str, Mail] = Factory(dict)

    def with_role(self, role: str) -> str | None:
        return next((id for id, box in self.boxes.items() if box.role == role), None)

    def children(self, parent: str | None) -> list[str]:
        return [id for id, box in self.boxes.items() if box.parent == parent]

    def clashes(self, name: str, parent: str | None, but: str | None = None) -> bool:
        return any(self.boxes[id].name.casefold() == name.casefold() for id in self.children(parent) if id != but)

    def above(self, id: str | None) -> Iterator[str]:
        """A mailbox and all that it is in."""
        while id is not None:
            yield id
            id = self.boxes[id].parent

    def height(self, id: str) -> int:
        """How many levels there are from a mailbox down."""
        return 1 + max(map(self.height, self.children(id)), default=0)

    def counters(self, id: str) -> tuple[int, ...]:
        """RFC 8621 2, literally."""
        trash = self.with_role("trash")
        here = [mail for mail in self.mail.values() if id in mail.boxes]
        threads = {mail.thread for mail in here}
        considered = [m for m in self.mail.values() if (id in m.boxes if id == trash else m.boxes != {trash})]
        unread = {mail.thread for mail in considered if mail.is_unread}
        return len(here), sum(mail.is_unread for mail in here), len(threads), len(threads & unread)

    def wire(self) -> dict[str, dict[str, Wire]]:
        """What a client should know in the end, by type and id."""
        boxes = {
            id: {
                "name": box.name,
                "parentId": box.parent,
                "role": box.role,
                "sortOrder": box.order,
                "isSubscribed": box.subscribed,
                **dict(zip(COUNTS, self.counters(id), strict=True)),
            }
            for id, box in self.boxes.items()
        }
        threads: dict[str, Wire] = {}
        for mail in sorted(self.mail.values(), key=lambda mail: (mail.at, decode_id(mail.id))):
            threads.setdefault(mail.thread, {"emailIds": []})["emailIds"].append(mail.id)
        emails = {
            mail.id: {
                "threadId": mail.thread,
                "mailboxIds": dict.fromkeys(mail.boxes, True),
                "keywords": dict.fromkeys(mail.keywords, True),
                "receivedAt": utc(mail.at),
                "messageId": [mail.token],
            }
            for mail in self.mail.values()
        }
        return {"Mailbox": boxes, "Thread": threads, "Email": emails}


def utc(seconds: int) -> str:
    """As JMAP writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class World:
    """The server over ``store``, and what it should say."""

    def __init__(self, store: Any, clock: Any, random: Random) -> None:
        self.store, self.random = store, random
        self.account = Account()
        self.numbers = itertools.count()
        settings: Any = OwnSettings()
        quotas = Quotas(settings, clock)
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        services = {
            "store": store,
            "clock": clock,
            "settings": settings,
            "folders": Folders(store, settings, clock),
            "granting": Granting(settings),
            "quotas": quotas,
            "messages": Messages(store, settings, quotas, clock, telemetry),
            "recent_answers": RecentAnswers(store),
            "text_search": FakeTextSearch(store),
        }
        methods = [*MAILBOX.methods(), *THREAD.methods(), *changes.EMAIL_CHANGES.methods()]
        methods += [setting.set_emails, importing.import_emails, get.get, query.query]
        self.engine = Engine(methods, services, telemetry=telemetry, clock=clock)
        permissions = PERMISSIONS | {f"jmapEmail{verb}" for verb in _VERBS}
        self.request = Request(Access(OWN, "jane", None, permissions), using=frozenset((MAIL,)))

    async def call(self, name: str, **arguments: Any) -> Any:
        """The answer to a call that works, as clients get it."""
        answered, answer = await self.ask(name, **arguments)
        assert answered == name, (name, arguments, answer)
        return answer

    async def ask(self, name: str, **arguments: Any) -> tuple[str, Any]:
        """Name and arguments of the response."""
        given = {"accountId": encode_id(OWN), **arguments}
        ((answered, answer, _),) = await self.engine.responses(self.request, [(name, given, "0")], 1_000_000)
        return answered, msgspec.json.decode(msgspec.json.encode(answer))

    async def begin(self) -> None:
        """Make the account."""
        await self.store.write(lambda tx: tx.accounts.create(OWN, "jane", "user"))
        for each in (await self.call("Mailbox/get"))["list"]:
            self.account.boxes[each["id"]] = Box(each["name"], None, each["role"])

    async def set_mailboxes(self, key: str, refusal: str | None, **arguments: Any) -> Any:
        """The answer; ``key`` must be refused with ``refusal``, or not at all."""
        answer = await self.call("Mailbox/set", **arguments)
        refused = (answer["notCreated"] or {}) | (answer["notUpdated"] or {}) | (answer["notDestroyed"] or {})
        found = refused.get(key, {"type": None})["type"]
        assert found == refusal, (arguments, refused, refusal)
        return answer

    async def create_mailbox(self) -> None:
        if len(self.account.boxes) > _MOST_BOXES:
            return
        name = f"box {self.random.randrange(12)}"
        parent = self.random.choice([None, None, *self.account.boxes])
        deep = parent is not None and len(list(self.account.above(parent))) >= 10
        refusal = "invalidProperties" if deep else "alreadyExists" if self.account.clashes(name, parent) else None
        given: Wire = {"name": name, "parentId": parent, "sortOrder": self.random.randrange(3)}
        answer = await self.set_mailboxes("k", refusal, create={"k": given})
        if refusal is None:
            self.account.boxes[answer["created"]["k"]["id"]] = Box(name, parent, None, given["sortOrder"])

    async def update_mailbox(self) -> None:
        id = self.random.choice(list(self.account.boxes))
        box = self.account.boxes[id]
        patch: Wire = self.random.choice(
            [
                {"sortOrder": self.random.randrange(3)},
                {"isSubscribed": self.random.random() < 0.5},
                {"name": f"Box {self.random.randrange(12)}"},
            ]
        )
        refusal = None
        if "name" in patch and patch["name"] != box.name:
            clashes = self.account.clashes(patch["name"], box.parent, id)
            refusal = "forbidden" if box.role == "inbox" else "alreadyExists" if clashes else None
        await self.set_mailboxes(id, refusal, update={id: patch})
        if refusal is None:
            box.name, box.order = patch.get("name", box.name), patch.get("sortOrder", box.order)
            box.subscribed = patch.get("isSubscribed", box.subscribed)

    async def move_mailbox(self) -> None:
        id = self.random.choice(list(self.account.boxes))
        box, parent = self.account.boxes[id], self.random.choice([None, *self.account.boxes])
        refusal = None
        if parent != box.parent:
            if box.role == "inbox":
                refusal = "forbidden"
            elif id in (above := list(self.account.above(parent))) or len(above) + self.account.height(id) > 10:
                refusal = "invalidProperties"
            elif self.account.clashes(box.name, parent, id):
                refusal = "alreadyExists"
        await self.set_mailboxes(id, refusal, update={id: {"parentId": parent}})
        box.parent = box.parent if refusal else parent

    async def choose_trash(self) -> None:
        """The role goes from one mailbox to another in one call, or to nobody."""
        old = self.account.with_role("trash")
        new = self.random.choice([id for id, box in self.account.boxes.items() if box.role in (None, "trash")] or [old])
        wanted = {old: None, new: "trash"} if self.random.random() < 0.8 else {old: None}
        update = {id: {"role": role} for id, role in wanted.items() if id is not None}
        await self.set_mailboxes("", None, update=update)
        for id, patch in update.items():
            self.account.boxes[id].role = patch["role"]

    async def destroy_mailbox(self) -> None:
        id = self.random.choice(list(self.account.boxes))
        remove = self.random.random() < 0.7
        box, here = self.account.boxes[id], [mail for mail in self.account.mail.values() if id in mail.boxes]
        refusal = "mailboxHasEmail" if here and not remove else None
        refusal = "mailboxHasChild" if self.account.children(id) else refusal
        refusal = "forbidden" if box.role == "inbox" else refusal
        await self.set_mailboxes(id, refusal, destroy=[id], onDestroyRemoveEmails=remove)
        if refusal is None:
            del self.account.boxes[id]
            for mail in here:
                mail.boxes.discard(id)
                if not mail.boxes:
                    del self.account.mail[mail.token]

    def some_boxes(self) -> set[str]:
        return {*self.random.choices(list(self.account.boxes), k=self.random.choice((1, 1, 1, 2, 3)))}

    def some_keywords(self) -> set[str]:
        return {*self.random.choices(KEYWORDS, k=self.random.randrange(3))}

    async def add(self) -> None:
        """A message, whose thread is that of any mail with the same subject that has a message id in common."""
        known = [mail.token for mail in self.account.mail.values()]
        token = f"m{next(self.numbers)}@x"
        cited = self.random.sample(known, min(len(known), self.random.choice((0, 0, 1, 1, 2, 3))))
        cited += [f"lost{self.random.randrange(6)}@x"] if self.random.random() < 0.3 else []
        subject = self.random.choice(("one", "one", "two", "three"))
        head = f"Message-ID: <{token}>\r\nSubject: {self.random.choice(('', 'Re: '))}{subject}\r\nFrom: a@x.test\r\n"
        head += f"References: {' '.join(f'<{each}>' for each in cited)}\r\n" if cited else ""
        at, boxes, keywords = NOW + self.random.randrange(50), self.some_boxes(), self.some_keywords()
        blob = await self.store.write(lambda tx: _upload(tx, f"{head}\r\ntext\r\n".encode()))
        given = {"blobId": blob, "mailboxIds": dict.fromkeys(boxes, True), "receivedAt": utc(at)}
        answer = await self.call("Email/import", emails={"k": given | {"keywords": dict.fromkeys(keywords, True)}})
        made = answer["created"]["k"]
        references = frozenset((token, *cited))
        self.account.mail[token] = Mail(
            token, made["id"], made["threadId"], at, subject, references, {*boxes}, {*keywords}
        )
        await self.check_thread(self.account.mail[token])

    async def check_thread(self, new: Mail) -> None:
        """Threads that become one are those of the oldest; what joins it has new ids."""
        alike = [m for m in self.account.mail.values() if m.subject == new.subject and m is not new]
        joined = {mail.thread for mail in alike if mail.references & new.references}
        if not joined:
            assert new.thread not in {mail.thread for mail in self.account.mail.values() if mail is not new}
            return
        assert new.thread == min(joined, key=decode_id), (new, joined)
        moving = {mail.token: mail for mail in alike if mail.thread in joined - {new.thread}}
        if not moving:
            return
        (thread,) = (await self.call("Thread/get", ids=[new.thread]))["list"]
        there = (await self.call("Email/get", ids=thread["emailIds"], properties=["messageId"]))["list"]
        ids = {each["messageId"][0]: each["id"] for each in there}
        for token, mail in moving.items():
            assert ids[token] != mail.id, "an id has changed its thread"
            mail.id, mail.thread = ids[token], new.thread

    async def update(self) -> None:
        """Some mail moves, or gets other keywords, by patches or whole."""
        chosen = self.random.sample(list(self.account.mail.values()), min(len(self.account.mail), 3))
        update: dict[str, Wire] = {}
        for mail in chosen:
            patch: Wire = {}
            if self.random.random() < 0.5:
                boxes = self.some_boxes()
                patch["mailboxIds"] = dict.fromkeys(boxes, True)
                mail.boxes = boxes
            keyword = self.random.choice(KEYWORDS)
            patch[f"keywords/{keyword}"] = True if self.random.random() < 0.5 else None
            (mail.keywords.add if patch[f"keywords/{keyword}"] else mail.keywords.discard)(keyword)
            update[mail.id] = patch
        answer = await self.call("Email/set", update=update)
        assert answer["notUpdated"] is None, answer

    async def destroy(self) -> None:
        chosen = self.random.sample(list(self.account.mail.values()), min(len(self.account.mail), 2))
        answer = await self.call("Email/set", destroy=[*(mail.id for mail in chosen), "zzzz"])
        assert {*(answer["destroyed"] or ())} == {mail.id for mail in chosen}
        assert answer["notDestroyed"] == {"zzzz": {"type": "notFound"}}
        for mail in chosen:
            del self.account.mail[mail.token]

    async def step(self) -> None:
        """Something happens."""
        many = len(self.account.mail) > 60
        acts = (self.add, self.update, self.destroy, self.create_mailbox, self.update_mailbox, self.move_mailbox)
        weights = (3 if many else 12, 10, 6 if many else 3, 2, 2, 2, 1, 1)
        await self.random.choices((*acts, self.choose_trash, self.destroy_mailbox), weights)[0]()


def _upload(tx: Any, content: bytes) -> str:
    blob = tx.blobs.put(content, NOW)
    tx.blobs.link(blob.hash, OWN, uploader(OWN), expires_at=NOW + 3600)
    return str(BlobId(blob.hash))


class Follower:
    """A client that knows what /changes and /queryChanges have told it."""

    queries: tuple[tuple[str, Wire], ...] = (
        ("Mailbox", {"sort": [{"property": "sortOrder"}, {"property": "name"}], "sortAsTree": True}),
        ("Mailbox", {"sort": [{"property": "name"}], "filter": {"name": "1"}, "filterAsTree": True}),
        ("Mailbox", {"filter": {"isSubscribed": True, "hasAnyRole": False}}),
        ("Mailbox", {}),
        ("Email", {"filter": {"inMailbox": "b"}, "sort": [{"property": "receivedAt", "isAscending": False}]}),
        ("Email", {"filter": {"inMailbox": "b"}, "sort": [{"property": "receivedAt"}]}),
        ("Email", {"filter": {"inMailbox": "b", "hasKeyword": "$seen"}, "collapseThreads": True}),
    )

    def __init__(self, world: World) -> None:
        self.world = world
        self.known: dict[str, dict[str, Wire]] = {type: {} for type in TYPES}
        self.states = dict.fromkeys(TYPES, "n")
        self.lists: dict[int, tuple[str, list[str]]] = {}

    async def follow(self, pages: int | None = None, between: int = 0) -> None:
        """Learn what has changed, at most ``pages`` objects at a time; so much more happens ``between`` the pages."""
        for type in TYPES:
            while await self._page(type, pages):
                if between:
                    between -= 1
                    await self.world.step()
        for number, (type, arguments) in enumerate(self.queries):
            await self._list(number, type, arguments)

    async def _page(self, type: str, most: int | None) -> bool:
        known, since = self.known[type], self.states[type]
        told = await self.world.call(f"{type}/changes", sinceState=since, maxChanges=most)
        assert told["oldState"] == since
        created, updated, destroyed = told["created"], told["updated"], told["destroyed"]
        ids = [*created, *updated, *destroyed]
        assert len({*ids}) == len(ids) <= (most or len(ids))
        assert {*updated} <= known.keys(), "updated before it was created"
        if most is None and not since.startswith("r"):
            assert not {*created} & known.keys() and {*destroyed} <= known.keys()
        for id in destroyed:
            known.pop(id, None)
        only = told.get("updatedProperties") or _ALL[type]
        await self._read(type, created, _ALL[type])
        await self._read(type, updated, only)
        self.states[type] = told["newState"]
        assert told["hasMoreChanges"] is told["newState"].startswith("r")
        return bool(told["hasMoreChanges"])

    async def _read(self, type: str, ids: Iterable[str], properties: list[str] | None) -> None:
        wanted = [*ids]
        for start in range(0, len(wanted), 500):
            found = await self.world.call(f"{type}/get", ids=wanted[start : start + 500], properties=properties)
            for each in found["list"]:
                each.pop("myRights", None)
                self.known[type].setdefault(each.pop("id"), {}).update(each)
            for id in found["notFound"]:
                self.known[type].pop(id, None)

    async def _list(self, number: int, type: str, arguments: Wire) -> None:
        fresh = await self.world.call(f"{type}/query", **arguments)
        if number in self.lists:
            state, ids = self.lists[number]
            name, since = f"{type}/queryChanges", {"sinceQueryState": state, "calculateTotal": True}
            answered, told = await self.world.ask(name, **since, **arguments)
            if not fresh["canCalculateChanges"]:
                assert told["type"] == "cannotCalculateChanges", (arguments, told)
                return
            assert answered == name, (arguments, told)
            ids = [id for id in ids if id not in {*told["removed"]}]
            assert [each["index"] for each in told["added"]] == sorted(each["index"] for each in told["added"])
            for each in told["added"]:
                ids.insert(each["index"], each["id"])
            assert (ids, told["total"]) == (fresh["ids"], len(ids)), (arguments, ids, fresh["ids"], told)
        self.lists[number] = fresh["queryState"], fresh["ids"]

    def check(self) -> None:
        """What was told is what should be."""
        expected = self.world.account.wire()
        for type in TYPES:
            known = self.known[type]
            assert known.keys() == expected[type].keys(), (type, known.keys() ^ expected[type].keys())
            for id, object in expected[type].items():
                assert known[id] == object, (type, id, known[id], object)


async def live(store: Any, seed: int, steps: int) -> None:
    """So many things happen to an account, looked at after every few."""
    random, clock = Random(seed), Clock()
    clock.advance(NOW)
    world = World(store, clock, random)
    await world.begin()
    clients = [Follower(world), Follower(world)]
    for number in range(steps):
        await world.step()
        if random.random() < 0.1:
            await clients[0].follow()
            clients[0].check()
        if random.random() < 0.03:
            await clients[1].follow(pages=random.randrange(1, 9), between=5)
        if number % 100 == 99:
            await clients[1].follow(pages=7)
            clients[1].check()
    newcomer = Follower(world)
    for client in (*clients, newcomer):
        await client.follow(pages=random.choice((None, 3)))
        client.check()
