"""A server as the commands see it: its limits, its schema, and ``x:`` methods in batches that it accepts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stalwart.cli.settings.connection import Connection
from stalwart.cli.settings.problems import CallFailed, Problem
from stalwart.cli.settings.schema_view import SchemaView

USING = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]
_CORE = "urn:ietf:params:jmap:core"


class Server:
    """JMAP over ``connection``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._limits: Mapping[str, int] | None = None
        self._schema: SchemaView | None = None

    @property
    def schema(self) -> SchemaView:
        """The schema document, from the cache of this computer if it is the one that the server has now."""
        if self._schema is None:
            self._schema = SchemaView(self._schema_text())
        return self._schema

    def limit(self, name: str, default: int) -> int:
        """A limit of the core capability, such as ``maxObjectsInSet``."""
        if self._limits is None:
            session = self._connection.get("/jmap/session").json()
            self._limits = session.get("capabilities", {}).get(_CORE, {})
        return int(self._limits.get(name, default))

    def calls(
        self, calls: Sequence[tuple[str, Mapping[str, Any]]], created_ids: Mapping[str, str] | None = None
    ) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The answers to ``calls`` in one request, and its ``createdIds``. Raises ``CallFailed``."""
        request: dict[str, Any] = {
            "using": USING,
            "methodCalls": [[name, dict(arguments), str(number)] for number, (name, arguments) in enumerate(calls)],
        }
        if created_ids is not None:
            request["createdIds"] = dict(created_ids)
        answer = self._connection.post("/jmap/", request)
        answers = []
        for (asked, _), (name, arguments, _) in zip(calls, answer["methodResponses"], strict=False):
            if name == "error":
                raise CallFailed(asked, arguments)
            answers.append(arguments)
        return answers, dict(answer.get("createdIds") or {})

    def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call."""
        return self.calls([(name, arguments)])[0][0]

    def ids(self, type: str, filter: Mapping[str, Any] | None = None) -> Iterator[str]:
        """The ids of all objects of ``type`` that match, oldest first, page by page."""
        arguments: dict[str, Any] = {"sort": [{"property": "id", "isAscending": True}]}
        if filter:
            arguments["filter"] = dict(filter)
        while True:
            found = self.call(f"x:{type}/query", arguments)
            yield from found["ids"]
            if not found["ids"] or "limit" not in found:
                return
            arguments |= {"anchor": found["ids"][-1], "anchorOffset": 1}

    def objects(
        self, type: str, ids: Sequence[str], properties: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """The objects with these ids; those that are gone meanwhile are left out."""
        size = self.limit("maxObjectsInGet", 500)
        for start in range(0, len(ids), size):
            arguments: dict[str, Any] = {"ids": list(ids[start : start + size])}
            if properties is not None:
                arguments["properties"] = list(properties)
            yield from self.call(f"x:{type}/get", arguments)["list"]

    def _schema_text(self) -> bytes:
        where = self._connection.location("/api/schema")
        if where is None:
            raise Problem("there is no schema document at /api/schema: another server, or a proxy in between")
        path = _cache_folder(self._connection.url) / f"{where.rpartition('/')[2]}.json"
        try:
            return path.read_bytes()
        except OSError:
            text = self._connection.get(where).body
            _keep(path, text)
            return text


def cached_schema(url: str) -> SchemaView | None:
    """The newest schema document of the server at ``url`` that this computer has seen; asks nobody."""
    try:
        newest = max(_cache_folder(url).glob("*.json"), key=lambda path: path.stat().st_mtime, default=None)
        return SchemaView(newest.read_bytes()) if newest is not None else None
    except OSError:
        return None


def _cache_folder(url: str) -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    parts = urlsplit(url)
    return Path(root, "stalwart-cli", f"{parts.hostname or 'unknown'}_{parts.port or parts.scheme}")


def _keep(path: Path, text: bytes) -> None:
    """Put the document into the cache; a computer without a place for it works as well."""
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(text)
        os.replace(fresh, path)
        for old in path.parent.glob("*.json"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:
        fresh.unlink(missing_ok=True)
