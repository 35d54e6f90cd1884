"""Cloudflare's API in memory, on HTTP of loopback: zones, records, pages, and its ways to say no."""

from __future__ import annotations

import itertools
import json
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from tests.net.certificates import Issued
from tests.net.smtp_peers import ServerOptions

TOKEN = "a-token-of-the-tests"


class FakeCloudflare(Resource):
    """``zones`` by id; ``records`` by id: what was posted, with ``zone_id``. Quotes of TXT are kept as they came.

    With ``issued`` it speaks TLS. Switches: ``per_page`` (least), ``refuse`` (status and body for everything),
    ``silent``. ``asked`` lists requests.
    """

    isLeaf = True

    def __init__(self, reactor: Any, zones: dict[str, str], issued: Issued | None = None) -> None:
        super().__init__()
        self.zones = zones
        self.records: dict[str, dict[str, Any]] = {}
        self.per_page = 1000
        self.refuse: tuple[int, bytes] | None = None
        self.silent = False
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.heads: list[dict[str, str]] = []
        self._numbers = itertools.count(1)
        site: Any = Site(self)
        site.noisy = False
        if issued is not None:
            options: Any = ServerOptions(issued)
            site = TLSMemoryBIOFactory(options, False, site)
            site.noisy = False
        self._port = reactor.listenTCP(0, site, interface="127.0.0.1")
        self.url = f"http{'' if issued is None else 's'}://127.0.0.1:{self._port.getHost().port}/client/v4"

    def stop(self) -> Deferred[Any]:
        """Close the port."""
        return maybeDeferred(self._port.stopListening)

    def texts(self, name: str) -> list[str]:
        """Contents of the records at a name."""
        return sorted(each["content"] for each in self.records.values() if each["name"] == name)

    def put(self, zone_id: str, **record: Any) -> str:
        """A record that is there already."""
        id = f"r{next(self._numbers)}"
        self.records[id] = {"ttl": 120, **record, "id": id, "zone_id": zone_id}
        return id

    def render(self, request: Any) -> Any:
        """Any request."""
        path = request.path.decode().removeprefix("/client/v4")
        query = {name.decode(): values[0].decode() for name, values in request.args.items()}
        self.asked.append((request.method.decode(), path))
        self.heads.append({k.decode().lower(): v[0].decode() for k, v in request.requestHeaders.getAllRawHeaders()})
        if self.silent:
            return NOT_DONE_YET
        request.setHeader("content-type", "application/json")
        for name, value in self.headers.items():
            request.setHeader(name, value)
        status, body = self.refuse or self._answer(request, path.strip("/").split("/"), query)
        request.setResponseCode(status)
        return body

    def _answer(self, request: Any, parts: list[str], query: dict[str, str]) -> tuple[int, bytes]:
        head = self.heads[-1]
        if head.get("authorization") != f"Bearer {TOKEN}" and head.get("x-auth-key") != TOKEN:
            return _no(403, 9109, "Invalid access token")
        if parts == ["zones"]:
            found = [{"id": id, "name": name} for id, name in self.zones.items() if name == query["name"]]
            return self._page(found, query)
        if parts[0] != "zones" or parts[1] not in self.zones:
            return _no(404, 7003, "Could not route to it")
        if request.method == b"GET":
            wanted = [each for each in self.records.values() if each["zone_id"] == parts[1]]
            fits = [each for each in wanted if (each["type"], each["name"]) == (query["type"], query["name"])]
            return self._page(fits, query)
        if request.method == b"POST":
            return self._create(parts[1], json.loads(request.content.read()))
        if request.method == b"DELETE" and self.records.pop(parts[3], None) is not None:
            return _yes({"id": parts[3]})
        return _no(404, 81044, "Record does not exist.")

    def _create(self, zone_id: str, record: dict[str, Any]) -> tuple[int, bytes]:
        if not record["name"].endswith(self.zones[zone_id]):
            return _no(400, 9005, "Content for record is invalid.", "the name is\nnot in the zone")
        kept = {name: value for name, value in record.items() if name != "ttl"}
        for each in self.records.values():
            if {name: each.get(name) for name in kept} == kept:
                return _no(400, 81058, "An identical record already exists.")
            if "CNAME" in (each["type"], record["type"]) and each["name"] == record["name"]:
                return _no(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
        shown = dict(record)
        if "data" in record:
            shown["content"] = " ".join(map(str, record["data"].values()))
        return _yes({"id": self.put(zone_id, **shown)})

    def _page(self, found: list[dict[str, Any]], query: dict[str, str]) -> tuple[int, bytes]:
        size, page = min(self.per_page, int(query["per_page"])), int(query["page"])
        pages = -(-len(found) // size)
        told = {"page": page, "per_page": size, "total_pages": pages, "total_count": len(found)}
        return _yes(found[(page - 1) * size : page * size], told)


def _yes(result: Any, told: Any = None) -> tuple[int, bytes]:
    return 200, json.dumps({"success": True, "errors": [], "result": result, "result_info": told}).encode()


def _no(status: int, code: int, message: str, chained: str | None = None) -> tuple[int, bytes]:
    error: dict[str, Any] = {"code": code, "message": message}
    if chained:
        error["error_chain"] = [{"code": 1, "message": chained}]
    return status, json.dumps({"success": False, "errors": [error], "result": None}).encode()
