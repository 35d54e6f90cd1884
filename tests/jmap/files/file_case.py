"""Files of an account by JMAP and by WebDAV at once, over one store: ``call`` is JMAP, ``ask`` is WebDAV."""

from __future__ import annotations

from typing import Any

import msgspec
from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.groupware.file_tree import FileTree
from stalwart.jmap import accounts
from stalwart.jmap.blobs import download, upload
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.blobs.lookup import lookup
from stalwart.jmap.call import Request, RequestLimits
from stalwart.jmap.capabilities import BLOB, CORE
from stalwart.jmap.engine import Engine
from stalwart.jmap.files.capability import FILENODE
from stalwart.jmap.files.file_node import FILE_NODE
from stalwart.jmap.registry import asked
from stalwart.mail.search.turns import Turns
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from tests.dav.world import DavWorld
from tests.directory.world import NOW

_BOUND = (upload, download, asked)
"""What takes ``accounts.may_use`` when it is imported: before a test has put something in its place."""
HOME = "/dav/file/alice%40example.test"


class FileCase(DavWorld):
    """Calls are alice's, in her own account, unless it is said otherwise; ``using`` as a client of files has it."""

    def setUp(self) -> None:
        super().setUp()
        tools = self.tools
        self.tree = tree = FileTree(self.settings, tools.homes, tools.files, tools.placing, tools.bin)
        services = {"store": self.store, "clock": self.clock, "settings": self.settings, "file_tree": tree}
        services["search_turns"] = Turns(self.clock)
        services["granting"] = tools.granting
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.engine = Engine([*FILE_NODE.methods(), lookup], services, telemetry=telemetry, clock=self.clock)
        self.patch(accounts, "may_use", lambda *given: True)  # sharing has tests of its own
        self.account = encode_id(self.alice)
        self.limits = RequestLimits()
        self._requests: dict[str, Request] = {}

    def request(self, user: str) -> Request:
        """What calls of a user are made in; creation ids stay known."""
        if user not in self._requests:
            access = self.sign_in(f"{user}@example.test")
            self._requests[user] = Request(access, using=frozenset((CORE, BLOB, FILENODE)), limits=self.limits)
        return self._requests[user]

    def limit(self, **limits: int) -> None:
        """Smaller limits for the calls that follow."""
        self.limits = RequestLimits(**limits)
        self._requests.clear()

    def permit(self, user: str, *, without: str) -> None:
        """Go on as somebody who lacks a permission."""
        request = self.request(user)
        request.access = evolve(request.access, permissions=request.access.permissions - {without})

    def responses(self, name: str, arguments: dict[str, Any], user: str = "alice") -> list[Any]:
        """What the engine answers, as clients see it."""
        given = {"accountId": self.account, **arguments}
        work = self.engine.responses(self.request(user), [(name, given, "0")], 1_000_000)
        return list(msgspec.json.decode(msgspec.json.encode(self.successResultOf(Deferred.fromCoroutine(work)))))

    def call(self, name: str, user: str = "alice", **arguments: Any) -> Any:
        """The answer to a call that works."""
        answered, answer, _ = self.responses(f"FileNode/{name}", arguments, user)[0]
        self.assertEqual(answered, f"FileNode/{name}", answer)
        return answer

    def error(self, name: str, user: str = "alice", **arguments: Any) -> str:
        """The type of the method error of a call that does not."""
        ((answered, problem, _),) = self.responses(f"FileNode/{name}", arguments, user)
        self.assertEqual(answered, "error", problem)
        return str(problem["type"])

    def upload(self, content: bytes, user: str = "alice", account_id: int | None = None) -> str:
        """The id of a blob that somebody has uploaded."""
        by = uploader(self.request(user).access.account_id)
        account_id = self.alice if account_id is None else account_id

        def work(tx: Any) -> str:
            blob = tx.blobs.put(content, NOW)
            tx.blobs.link(blob.hash, account_id, by, expires_at=NOW + 3600)
            return str(BlobId(blob.hash))

        return str(self.successResultOf(self.store.write(work)))

    def made(self, user: str = "alice", /, **members: Any) -> str:
        """The id of a new node."""
        answer = self.call("set", user, create={"k": members})
        self.assertIsNone(answer["notCreated"])
        return str(answer["created"]["k"]["id"])

    def folder(self, name: str, parent: str | None = None, **members: Any) -> str:
        """The id of a new folder."""
        return self.made(name=name, parentId=parent, **members)

    def file(self, name: str, content: bytes = b"content", parent: str | None = None, **members: Any) -> str:
        """The id of a new file."""
        return self.made(name=name, parentId=parent, blobId=self.upload(content), **members)

    def node(self, id: str, user: str = "alice", **arguments: Any) -> dict[str, Any]:
        """One node as it is."""
        (found,) = self.call("get", user, ids=[id], **arguments)["list"]
        return dict(found)

    def update(self, id: str, user: str = "alice", /, **patch: Any) -> Any:
        """What the client is told of an update that works."""
        answer = self.call("set", user, update={id: patch})
        self.assertIsNone(answer["notUpdated"])
        return answer["updated"][id]

    def refused(self, id: str | None = None, user: str = "alice", /, **members: Any) -> dict[str, Any]:
        """The SetError for a creation, or for an update of ``id``."""
        if id is None:
            answer = self.call("set", user, create={"k": members})
            self.assertIsNone(answer["created"])
            return dict(answer["notCreated"]["k"])
        answer = self.call("set", user, update={id: members})
        self.assertIsNone(answer["updated"])
        return dict(answer["notUpdated"][id])

    def undestroyed(self, id: str, user: str = "alice", /, **arguments: Any) -> str:
        """The type of the SetError of a destruction."""
        answer = self.call("set", user, destroy=[id], **arguments)
        self.assertIsNone(answer["destroyed"])
        return str(answer["notDestroyed"][id]["type"])

    def query(self, *sort: str, user: str = "alice", **filter: Any) -> list[str]:
        """The names of what is found; a sort with ``-`` in front goes down."""
        comparators = [{"property": each.lstrip("-"), "isAscending": not each.startswith("-")} for each in sort]
        ids = self.call("query", user, filter=filter or None, sort=comparators)["ids"]
        known = {each["id"]: each["name"] for each in self.call("get", user, ids=ids)["list"]}
        return [known[id] for id in ids]

    def state(self, user: str = "alice") -> str:
        """The state of the files."""
        return str(self.call("get", user, ids=[])["state"])
