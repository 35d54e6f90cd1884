"""Who may do what with what is shared, by which protocol: a test for each right of each type, given to a guest himself
and to a group of his.

A deed is tried by somebody with just one right on something of alice's; the tables say which deeds work then. Strangers
and owners are tried with all deeds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stalwart.codec.ids import encode_id
from stalwart.groupware.file_tree import FileTree
from stalwart.jmap.sharing import rights
from tests.jmap.mail.test_sight import SharedMailCase

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20270101T000000Z\r\n"
    "DTSTART:20270101T000000Z\r\nSUMMARY:{1}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{0}\r\nFN:{1}\r\nEND:VCARD\r\n"
FILE = "{0}{1}"
ACL = (
    "<D:acl>{0}<D:ace><D:principal><D:href>/dav/pal/carol%40example.test/</D:href></D:principal><D:grant>"
    "<D:privilege><D:write-acl/></D:privilege></D:grant></D:ace></D:acl>"
)

SEES = {"get"}
COLLECTION: dict[str, set[str]] = {
    # right: what may be done with nothing but it; any right but free-busy shows that the collection is there
    "mayRead": SEES | {"GET", "PROPFIND"},
    "mayReadItems": SEES | {"GET", "PROPFIND"},
    "mayReadFreeBusy": set(),
    "mayWrite": SEES | {"PUT new", "PUT old", "DELETE item", "PROPPATCH"},
    "mayWriteAll": SEES | {"PUT new", "PUT old", "DELETE item", "PROPPATCH"},
    "mayWriteOwn": SEES | {"PUT new", "PUT old", "DELETE item"},  # what is there is of nobody
    "mayUpdatePrivate": SEES,
    "mayRSVP": SEES,
    "mayShare": SEES | {"share", "ACL"},
    "mayDelete": SEES | {"destroy", "DELETE item", "DELETE all"},
}
FOLDER: dict[str, set[str]] = {
    "mayRead": SEES | {"PROPFIND"},
    "mayAddChildren": {"PUT new"},
    "mayRename": set(),
    "mayDelete": {"DELETE all"},
    "mayModifyContent": {"PROPPATCH"},
    "mayShare": {"ACL"},
}
MAILBOX: dict[str, set[str]] = {
    "mayReadItems": SEES | {"read"},
    "mayAddItems": SEES | {"add"},
    "mayRemoveItems": SEES,
    "maySetSeen": SEES,
    "maySetKeywords": SEES,
    "mayCreateChild": SEES | {"nest"},
    "mayRename": SEES | {"rename"},
    "mayDelete": SEES | {"destroy"},
    "maySubmit": SEES,
    "mayShare": SEES | {"share"},
}
READING: dict[str, set[str]] = {
    # what it adds to mayReadItems
    "mayRemoveItems": {"remove"},
    "maySetSeen": {"see"},
    "maySetKeywords": {"mark"},
}


class MatrixCase(SharedMailCase):
    """``deeds`` are tried one after the other on ``self.target``; each says whether it worked."""

    TYPE = ""

    def more_services(self) -> dict[str, Any]:
        tools = self.tools
        tree = FileTree(self.settings, tools.homes, tools.files, tools.placing, tools.bin)
        return {**super().more_services(), "file_tree": tree}

    def setUp(self) -> None:
        super().setUp()
        self.patch_account(self.carol, {"memberGroupIds": {}})
        self.target = self.furnish()

    def furnish(self) -> str:
        """Make what is shared; its id."""
        raise NotImplementedError

    def deeds(self) -> dict[str, Callable[[str], bool]]:
        """What is tried, by name; with the user who tries it."""
        raise NotImplementedError

    def give(self, grantee: str, *given: str) -> None:
        patch = {f"shareWith/{encode_id(self.number(grantee))}": dict.fromkeys(given, True) or None}
        self.changed(self.TYPE, self.target, patch)

    def tried(self, user: str) -> set[str]:
        """The names of the deeds that work."""
        return {name for name, deed in self.deeds().items() if deed(user)}

    def set(self, user: str, type: str | None = None, **arguments: Any) -> bool:
        """Whether a ``/set`` does all that it is asked."""
        name = f"{type or self.TYPE}/set"
        body = {"accountId": encode_id(self.alice), **arguments}
        ((answered, answer, _), *_) = self.responses(name, body, user)["methodResponses"]
        refused = (answer.get(each) for each in ("notCreated", "notUpdated", "notDestroyed"))
        return answered == name and not any(refused)

    def gets(self, user: str, type: str, id: str) -> bool:
        body = {"accountId": encode_id(self.alice), "ids": [id]}
        ((answered, answer, _),) = self.responses(f"{type}/get", body, user)["methodResponses"]
        return answered == f"{type}/get" and bool(answer["list"])

    def shares(self, user: str) -> bool:
        return self.set(user, update={self.target: {f"shareWith/{encode_id(self.carol)}/mayShare": True}})

    def dav(self, method: str, path: str, user: str, body: Any = b"", **fields: str) -> bool:
        return self.ask(method, path, body, user=user, **fields).status < 300


class _CollectionCase(MatrixCase):
    SERVICE = ""
    ITEM = ""
    SUFFIX = ""
    TYPE_OF_ITEMS = ""

    def furnish(self) -> str:
        id = self.made(self.TYPE, name="Mine")
        home = f"/dav/{self.SERVICE}/alice%40example.test/"
        found = self.properties(home, "D:displayname", depth="1")
        (self.path,) = [
            href for href, each in found.items() if "D:displayname" in each and each["D:displayname"].text == "Mine"
        ]
        self.put("there", "alice")
        self.put("gone", "alice")
        return id

    def put(self, name: str, user: str, text: str = "x") -> bool:
        body = self.ITEM.format(name, text).encode()
        return self.dav("PUT", f"{self.path}{name}{self.SUFFIX}", user, body, content_type=self.TYPE_OF_ITEMS)

    def deeds(self) -> dict[str, Callable[[str], bool]]:
        title = "<D:propertyupdate><D:set><D:prop><D:displayname>y</D:displayname></D:prop></D:set></D:propertyupdate>"
        removing = {"onDestroyRemoveEvents": True, "onDestroyRemoveContents": True}
        return {
            "get": lambda user: self.gets(user, self.TYPE, self.target),
            "GET": lambda user: self.dav("GET", f"{self.path}there{self.SUFFIX}", user),
            "PROPFIND": lambda user: f"there{self.SUFFIX}".encode() in self.listing(user),
            "PUT new": lambda user: self.put("new", user),
            "PUT old": lambda user: self.put("there", user, "y"),
            "DELETE item": lambda user: self.dav("DELETE", f"{self.path}gone{self.SUFFIX}", user),
            "PROPPATCH": lambda user: self.dav("PROPPATCH", self.path, user, title),
            "share": self.shares,
            "ACL": lambda user: self.dav("ACL", self.path, user, ACL.format(self.own_ace(user))),
            "destroy": lambda user: self.set(user, destroy=[self.target], **removing) and self.again(),
            "DELETE all": lambda user: self.dav("DELETE", self.path, user),
        }

    def listing(self, user: str) -> bytes:
        answer = self.ask("PROPFIND", self.path, b"", user=user, depth="1")
        return answer.body if answer.status == 207 else b""

    def own_ace(self, user: str) -> str:
        """What the guest has, so that he does not take it from himself."""
        if user == "alice":
            return ""
        held = ("D:read", "D:write", "D:write-acl") if len(self.given) > 1 else ("D:write-acl",)
        privileges = "".join(f"<D:privilege><{each}/></D:privilege>" for each in held)
        return (
            f"<D:ace><D:principal><D:href>/dav/pal/{self.grantee}%40example.test/</D:href></D:principal>"
            f"<D:grant>{privileges}</D:grant></D:ace>"
        )

    grantee = "bob"

    def again(self) -> bool:
        """Make anew what was destroyed, shared as before."""
        self.target = self.furnish()
        if self.given:
            self.give(self.grantee, *self.given)
        return True

    given: tuple[str, ...] = ()

    def try_right(self, grantee: str, right: str, allowed: set[str]) -> None:
        self.grantee, self.given = grantee, (right,)
        self.give(grantee, right)
        self.assertEqual(self.tried("bob"), allowed)


class Everybody:
    """What is so for each type. A mixin of cases with ``VOCABULARY``."""

    VOCABULARY: rights.Vocabulary

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Whatever the case has."""

    def test_strangers_may_nothing(self) -> None:
        self.give("bob", *self.VOCABULARY.rights)
        self.assertEqual(self.tried("carol"), set())

    def test_owners_may_everything(self) -> None:
        self.assertEqual(self.tried("alice"), set(self.deeds()))

    def test_all_rights_together_are_enough(self) -> None:
        self.given = tuple(self.VOCABULARY.rights)
        self.give("bob", *self.given)
        self.assertEqual(self.tried("bob"), set(self.deeds()))

    def test_what_is_taken_back_is_gone_at_once(self) -> None:
        self.give("bob", *self.VOCABULARY.rights)
        self.assertTrue(self.gets("bob", self.TYPE, self.target))
        self.give("bob")
        self.assertEqual(self.tried("bob"), set())


class AddressBookMatrix(Everybody, _CollectionCase):
    TYPE, SERVICE, VOCABULARY = "AddressBook", "card", rights.ADDRESS_BOOK
    ITEM, SUFFIX, TYPE_OF_ITEMS = CARD, ".vcf", "text/vcard"


class CalendarMatrix(Everybody, _CollectionCase):
    TYPE, SERVICE, VOCABULARY = "Calendar", "cal", rights.CALENDAR
    ITEM, SUFFIX, TYPE_OF_ITEMS = EVENT, ".ics", "text/calendar"


class FolderMatrix(Everybody, _CollectionCase):
    """Folders and what is in them have rights of their own: files have those that their folder had when they came."""

    TYPE, SERVICE, VOCABULARY = "FileNode", "file", rights.FILE_NODE
    ITEM, SUFFIX, TYPE_OF_ITEMS = FILE, ".txt", "text/plain"

    def furnish(self) -> str:
        self.path = "/dav/file/alice%40example.test/Mine/"
        self.expect(201, "MKCOL", self.path)
        self.put("there", "alice")
        self.put("gone", "alice")
        found = self.jmap("FileNode/query", filter={"name": "Mine"})["ids"]
        return str(found[0])

    def deeds(self) -> dict[str, Callable[[str], bool]]:
        some = ("get", "PROPFIND", "PUT new", "PROPPATCH", "ACL", "DELETE all")
        return {name: deed for name, deed in super().deeds().items() if name in some}

    def listing(self, user: str) -> bytes:
        answer = self.ask("PROPFIND", self.path, b"", user=user, depth="0")
        return b"there.txt" if answer.status == 207 and b"200 OK" in answer.body else b""


class MailboxMatrix(Everybody, MatrixCase):
    TYPE, VOCABULARY = "Mailbox", rights.MAILBOX

    def furnish(self) -> str:
        self.share(box=self.work)  # what the case has given
        box = self.made("Mailbox", name="Mine")
        self.email, self.other = self.mail(box), self.mail(box)
        return box

    def deeds(self) -> dict[str, Callable[[str], bool]]:
        draft = {"mailboxIds": {self.target: True}, "subject": "x"}
        return {
            "get": lambda user: self.gets(user, "Mailbox", self.target),
            "read": lambda user: self.gets(user, "Email", self.email),
            "see": lambda user: self.set(user, "Email", update={self.email: {"keywords/$seen": True}}),
            "mark": lambda user: self.set(user, "Email", update={self.email: {"keywords/$flagged": True}}),
            "remove": lambda user: self.set(user, "Email", destroy=[self.other]),
            "add": lambda user: self.set(user, "Email", create={"k": draft}),
            "nest": lambda user: (
                self.set(user, create={"k": {"name": "in", "parentId": self.target}})
                and self.set("alice", destroy=self.nested())
            ),
            "rename": lambda user: self.set(user, update={self.target: {"name": "Other"}}),
            "share": self.shares,
            "destroy": lambda user: self.emptied() and self.set(user, destroy=[self.target]),
        }

    def nested(self) -> list[str]:
        return list(self.jmap("Mailbox/query", filter={"parentId": self.target})["ids"])

    def emptied(self) -> bool:
        """The mailbox is empty, which is for its owner."""
        ids = self.jmap("Email/query", filter={"inMailbox": self.target})["ids"]
        return self.set("alice", "Email", destroy=ids)

    def try_right(self, grantee: str, right: str, allowed: set[str]) -> None:
        self.give(grantee, right)
        self.assertEqual(self.tried("bob"), allowed)

    def try_reading(self, right: str, more: set[str]) -> None:
        self.give("bob", "mayReadItems", right)
        self.assertEqual(self.tried("bob"), MAILBOX["mayReadItems"] | more)


def _tests(case: Any, table: dict[str, set[str]], vocabulary: rights.Vocabulary) -> None:
    """A method for each right, and who is given it."""
    for right in vocabulary.rights:
        for grantee in ("bob", "staff"):
            name = f"test_{right}_of_{'a_guest' if grantee == 'bob' else 'his_group'}"
            setattr(case, name, lambda self, g=grantee, r=right: self.try_right(g, r, table[r]))


_tests(AddressBookMatrix, COLLECTION, rights.ADDRESS_BOOK)
_tests(CalendarMatrix, COLLECTION, rights.CALENDAR)
_tests(FolderMatrix, FOLDER, rights.FILE_NODE)
_tests(MailboxMatrix, MAILBOX, rights.MAILBOX)
for _right, _more in READING.items():
    setattr(MailboxMatrix, f"test_{_right}_of_a_reader", lambda self, r=_right, m=_more: self.try_reading(r, m))
