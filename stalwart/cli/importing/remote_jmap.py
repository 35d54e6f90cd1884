"""Another JMAP server: mail, calendars, contacts and files (RFC 8620, RFC 8621, draft-ietf-jmap-filenode)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from stalwart.cli.importing.client import JmapClient
from stalwart.cli.importing.items import Item
from stalwart.cli.importing.remote_groupware import CARDS, EVENTS, objects
from stalwart.cli.settings.problems import CallFailed, Problem

MAIL: Final = "urn:ietf:params:jmap:mail"
FILENODE: Final = "urn:ietf:params:jmap:filenode"
_AT_ONCE: Final = 100
_WANTED: Final = ("blobId", "mailboxIds", "keywords", "receivedAt")
_DEEPEST: Final = 256


class JmapSource:
    """All e-mails of an account, then calendars, contacts and files, as far as the server has them."""

    def __init__(self, client: JmapClient, account: str | None, into: tuple[str, ...] | None) -> None:
        self._client = client
        self._into = into or ()
        self._mail = _account(client, account, MAIL)
        self._files = _account(client, account, FILENODE)
        found = ((what, _account(client, account, what.capability)) for what in (EVENTS, CARDS))
        self._groupware = [(what, id) for what, id in found if id is not None]
        if self._mail is None and self._files is None and not self._groupware:
            raise Problem("this login has nothing at that server that can be imported")

    @property
    def capabilities(self) -> frozenset[str]:
        """What comes from there."""
        found = {what.capability for what, _ in self._groupware}
        return frozenset(found | {MAIL for _ in (self._mail,) if _} | {FILENODE for _ in (self._files,) if _})

    def items(self) -> Iterator[Item]:
        """E-mails from the oldest on; one that is in several folders comes once for each."""
        if self._mail is not None:
            yield from self._emails(self._mail)
        for what, account in self._groupware:
            yield from objects(self._client, account, what, self._pages, self._into)
        if self._files is not None:
            yield from self._nodes(self._files)

    def count(self) -> int | None:
        """How many e-mails there are; where there is anything else, that is not counted before."""
        if self._mail is None or self._files is not None or self._groupware:
            return None
        arguments = {"accountId": self._mail, "limit": 1, "calculateTotal": True}
        return int(self._client.call([MAIL], "Email/query", **arguments).get("total", 0))

    def close(self) -> None:
        """Nothing is open but the connection."""

    def _emails(self, account: str) -> Iterator[Item]:
        listed = self._client.call([MAIL], "Mailbox/get", accountId=account, ids=None)["list"]
        boxes = {each["id"]: each for each in listed}
        for email in self._pages([MAIL], account, "Email", _WANTED, [{"property": "receivedAt"}]):
            for box in sorted(email["mailboxIds"]):
                if box not in boxes:
                    continue
                place = (*self._into, *_path(boxes, box))
                yield Item(
                    "email",
                    f"{email['id']} {box}",
                    place,
                    partial(self._client.download, account, email["blobId"]),
                    role=boxes[box].get("role"),
                    keywords=tuple(sorted(name for name, on in email["keywords"].items() if on)),
                    received_at=email["receivedAt"],
                )

    def _nodes(self, account: str) -> Iterator[Item]:
        wanted = ("parentId", "blobId", "name", "type", "modified", "nodeType")
        nodes = {each["id"]: each for each in self._pages([FILENODE], account, "FileNode", wanted, None)}
        for id in sorted(nodes, key=lambda id: _path(nodes, id)):
            node = nodes[id]
            *above, name = _path(nodes, id)
            is_folder = node.get("blobId") is None
            yield Item(
                "folder" if is_folder else "file",
                f"file {id}",
                (*self._into, *above),
                bytes if is_folder else partial(self._client.download, account, node["blobId"]),
                name=name,
                media_type=node.get("type"),
                modified=node.get("modified"),
            )

    def _pages(
        self, using: list[str], account: str, type: str, properties: tuple[str, ...] | None, sort: Any
    ) -> Iterator[dict[str, Any]]:
        """All objects of a type. The next page begins behind the last one that was seen."""
        at_once = min(_AT_ONCE, self._client.limit("maxObjectsInGet", _AT_ONCE))
        arguments: dict[str, Any] = {"accountId": account, "limit": at_once, "sort": sort}
        position = 0
        while True:
            try:
                found = self._client.call(using, f"{type}/query", **arguments)
            except CallFailed as failure:
                if failure.type != "anchorNotFound":  # it has gone meanwhile
                    raise
                arguments = {"accountId": account, "limit": at_once, "sort": sort, "position": max(0, position - 1)}
                continue
            ids = found["ids"]
            if not ids:
                return
            given = {"accountId": account, "ids": ids, "properties": None if properties is None else list(properties)}
            known = {each["id"]: each for each in self._client.call(using, f"{type}/get", **given)["list"]}
            yield from (known[id] for id in ids if id in known)
            position = int(found.get("position", position)) + len(ids)
            arguments = {"accountId": account, "limit": at_once, "sort": sort, "anchor": ids[-1], "anchorOffset": 1}


def _account(client: JmapClient, name: str | None, capability: str) -> str | None:
    try:
        return client.account(name, capability)
    except Problem:
        return None


def _path(nodes: Mapping[str, Any], id: str) -> tuple[str, ...]:
    names: list[str] = []
    at: str | None = id
    while at is not None and at in nodes and len(names) < _DEEPEST:
        names.append(nodes[at]["name"])
        at = nodes[at].get("parentId")
    return tuple(reversed(names))
