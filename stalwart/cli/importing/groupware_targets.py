"""Calendars and address books that things are brought into as JMAP has them; nobody is told of events that come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stalwart.cli.importing.client import JmapClient
from stalwart.cli.importing.remote_groupware import DEFAULT, EVENTS, Groupware
from stalwart.cli.importing.targets import IMPORTED, PRESENT, Loaded, Outcome
from stalwart.cli.settings.problems import CallFailed, Problem, refusal

_UNNAMED = "Imported"
_LONGEST_NAME = 255


class GroupwareTarget:
    """Collections of an account, of one sort, with what is in them."""

    def __init__(self, client: JmapClient, account: str | None, what: Groupware) -> None:
        self._client = client
        self._what = what
        self.account_id = client.account(account, what.capability)
        listed = self._call(f"{what.collection}/get", ids=None)["list"]
        self._collections: dict[str, str] = {}
        for each in listed:
            self._collections.setdefault(each["name"].casefold(), each["id"])
            if each.get("isDefault"):
                self._collections[DEFAULT] = each["id"]

    def store(self, loaded: Sequence[Loaded]) -> list[Outcome]:
        """Make collections, each by itself, or objects, all in one call."""
        if loaded[0].item.kind == self._what.collection_kind:
            return [self._store_collection(each) for each in loaded]
        outcomes: dict[int, Outcome] = {}
        create: dict[str, Any] = {}
        for number, each in enumerate(loaded):
            try:
                create[str(number)] = self._described(each)
            except (Problem, CallFailed) as problem:
                outcomes[number] = Outcome("failed", str(problem))
        if create:
            answer = self._call(f"{self._what.item}/set", create=create)
            outcomes |= {int(key): _outcome(answer, key) for key in create}
        return [outcomes[number] for number in range(len(loaded))]

    def _described(self, loaded: Loaded) -> dict[str, Any]:
        """The object with blobs and collections of this account. Raises Problem, CallFailed."""
        made: dict[str, Any] = json.loads(loaded.octets)
        made[self._what.places] = {self._collection(place): True for place in loaded.item.place}
        held = made.get(self._what.holds_blobs)
        for each in held.values() if isinstance(held, dict) else ():
            if isinstance(each, dict) and isinstance(each.get("blobId"), str) and loaded.item.fetch is not None:
                content = loaded.item.fetch(each["blobId"])
                media_type = each.get("mediaType") or each.get("contentType") or "application/octet-stream"
                each["blobId"] = self._client.upload(self.account_id, content, media_type)
                each.pop("href", None)
                each.pop("size", None)
        return made

    def _collection(self, called: str) -> str:
        """The id of a collection by its name, made if it is not there. Raises Problem."""
        known = self._collections.get(called if called == DEFAULT else called.casefold())
        if known is None:
            known = self._made({"name": _UNNAMED if called == DEFAULT else called}, called)
        return known

    def _store_collection(self, loaded: Loaded) -> Outcome:
        called = loaded.item.name
        if called.casefold() in self._collections:
            return PRESENT
        try:
            self._made(json.loads(loaded.octets), called)
        except (Problem, CallFailed) as problem:
            return Outcome("failed", str(problem))
        return IMPORTED

    def _made(self, traits: dict[str, Any], called: str) -> str:
        traits["name"] = (traits.get("name") or _UNNAMED)[:_LONGEST_NAME]
        answer = self._call(f"{self._what.collection}/set", create={"k": traits})
        if not answer.get("created"):
            raise Problem(f"{called}: {refusal((answer.get('notCreated') or {}).get('k') or {})}", 1)
        id = str(answer["created"]["k"]["id"])
        self._collections[called if called == DEFAULT else called.casefold()] = id
        return id

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        return self._client.call([self._what.capability], name, accountId=self.account_id, **arguments)


def has_event(client: JmapClient, account: str | None, uid: str) -> bool:
    """Whether an event of the account has a uid, which only one can have. Raises Problem, CallFailed."""
    account_id = client.account(account, EVENTS.capability)
    asked = {"accountId": account_id, "filter": {"uid": uid}, "limit": 1}
    return bool(client.call([EVENTS.capability], "CalendarEvent/query", **asked)["ids"])


def _outcome(answer: Mapping[str, Any], key: str) -> Outcome:
    """An object whose uid something has is there already: an earlier run may have made it."""
    if key in (answer.get("created") or {}):
        return IMPORTED
    error = (answer.get("notCreated") or {}).get(key) or {"type": "serverFail"}
    is_there = error.get("type") == "alreadyExists" or error.get("properties") == ["uid"]
    return PRESENT if is_there else Outcome("failed", refusal(error))
