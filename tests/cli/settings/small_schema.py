"""A schema document of five types, and a server that answers from a script: enough to try every command."""

from __future__ import annotations

import io
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.settings import output as output_module
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.schema_view import SchemaView
from stalwart.cli.settings.server import Server


def _string(**more: Any) -> dict[str, Any]:
    return {"type": "string", "format": "string", **more}


def _property(type: dict[str, Any], update: str = "mutable", text: str = "Meaning.") -> dict[str, Any]:
    return {"description": text, "type": type, "update": update}


def _id(type: str, **more: Any) -> dict[str, Any]:
    return {"type": "objectId", "objectName": f"x:{type}", **more}


DOCUMENT: dict[str, Any] = {
    "objects": {
        "x:Domain": {"type": "object", "description": "A mail domain.", "permissionPrefix": "sysDomain"},
        "x:Account": {"type": "object", "description": "A user or a group.", "permissionPrefix": "sysAccount"},
        "x:Account/User": {"type": "view", "objectName": "x:Account"},
        "x:Role": {"type": "object", "description": "A role.", "permissionPrefix": "sysRole"},
        "x:Http": {"type": "singleton", "description": "The HTTP service.", "permissionPrefix": "sysHttp"},
        "x:Trunk": {"type": "object", "description": "Without a label.", "permissionPrefix": "sysTrunk"},
    },
    "schemas": {
        "x:Domain": {"type": "single", "schemaName": "x:Domain"},
        "x:Account": {
            "type": "multiple",
            "variants": [
                {"name": "User", "label": "User", "schemaName": "x:User"},
                {"name": "Group", "label": "Group", "schemaName": "x:Group"},
            ],
        },
        "x:Role": {"type": "single", "schemaName": "x:Role"},
        "x:Http": {"type": "single", "schemaName": "x:Http"},
        "x:Rate": {"type": "single", "schemaName": "x:Rate"},
        "x:Trunk": {"type": "single", "schemaName": "x:Trunk"},
        "x:Credential": {"type": "multiple", "variants": [{"name": "Password", "schemaName": "x:Password"}]},
    },
    "fields": {
        "x:Domain": {
            "properties": {
                "name": _property(_string()),
                "aliases": _property({"type": "set", "class": _string()}),
                "createdAt": _property({"type": "utcDateTime"}, "serverSet"),
            }
        },
        "x:User": {
            "properties": {
                "name": _property(_string()),
                "domainId": _property(_id("Domain")),
                "memberGroupIds": _property({"type": "set", "class": _id("Account/Group")}),
                "quotas": _property({"type": "map", "keyClass": _string(), "valueClass": {"type": "number"}}),
                "credentials": _property({"type": "objectList", "objectName": "x:Credential"}),
            }
        },
        "x:Group": {"properties": {"name": _property(_string()), "domainId": _property(_id("Domain"))}},
        "x:Role": {
            "properties": {
                "description": _property(_string()),
                "roleIds": _property({"type": "set", "class": _id("Role")}),
            }
        },
        "x:Http": {
            "properties": {
                "enableHsts": _property({"type": "boolean"}),
                "rate": _property({"type": "object", "objectName": "x:Rate", "nullable": True}),
                "idleTimeout": _property({"type": "number", "format": "duration", "min": 1}),
                "responseHeaders": _property({"type": "map", "keyClass": _string(), "valueClass": _string()}),
                "mode": _property({"type": "enum", "enumName": "Mode"}),
                "defaultDomainId": _property(_id("Domain", nullable=True)),
            },
            "defaults": {"enableHsts": False, "idleTimeout": 60000},
        },
        "x:Rate": {"properties": {"count": _property({"type": "number", "format": "unsignedInteger"})}},
        "x:Password": {"properties": {"secret": _property({"type": "string", "format": "secret"})}},
        "x:Trunk": {"properties": {"made": _property(_string(), "serverSet")}},
    },
    "lists": {
        "x:Domain": {"labelProperty": "name", "columns": [{"name": "name", "label": "Name"}]},
        "x:Account": {"labelProperty": "name", "columns": [{"name": "name", "label": "Name"}]},
        "x:Role": {"labelProperty": "description", "columns": []},
    },
    "enums": {"Mode": [{"name": "on", "label": "On"}, {"name": "off", "label": "Off", "explanation": "Not on."}]},
    "forms": {},
    "dashboards": [],
    "layouts": [],
}

TEXT = json.dumps(DOCUMENT).encode()

Answer = Callable[[str, Mapping[str, Any]], dict[str, Any] | tuple[str, dict[str, Any]]]


class ScriptedConnection:
    """A server whose JMAP methods are ``answer(name, arguments)``; a tuple is a method error."""

    url = "http://server.test:8080"

    def __init__(self, answer: Answer, limits: Mapping[str, int] | None = None) -> None:
        self._answer = answer
        self._limits = {"maxObjectsInSet": 500, "maxObjectsInGet": 500, **(limits or {})}
        self.requests: list[dict[str, Any]] = []

    def location(self, path: str) -> str:
        return "/api/schema/0123"

    def get(self, path: str) -> Any:
        if path.startswith("/api/schema"):
            return Namespace(body=TEXT)
        return Namespace(json=lambda: {"capabilities": {"urn:ietf:params:jmap:core": self._limits}})

    def post(self, path: str, value: Any) -> Any:
        self.requests.append(value)
        responses = []
        for name, arguments, id in value["methodCalls"]:
            answer = self._answer(name, arguments)
            responses.append(["error", answer[1], id] if isinstance(answer, tuple) else [name, answer, id])
        return {"methodResponses": responses, "createdIds": value.get("createdIds", {})}

    def close(self) -> None:
        """Nothing is open."""


class CommandCase(SynchronousTestCase):
    """Runs commands against a scripted server; ``printed`` and ``told`` are what came out."""

    def setUp(self) -> None:
        self.output, self.errors = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", self.output)
        self.patch(sys, "stderr", self.errors)
        self.patch(output_module.os, "environ", {**output_module.os.environ, "XDG_CACHE_HOME": self.mktemp()})

    def server(self, answer: Answer, **limits: int) -> Server:
        """A server with the small schema."""
        self.connection = ScriptedConnection(answer, limits)
        return Server(self.connection)  # type: ignore[arg-type]

    def person(self) -> Output:
        """An output as at a terminal, without colours."""
        output = Output(no_color=True)
        output.as_json = False
        return output

    def lines(self) -> list[Any]:
        """What was printed, as JSON."""
        return [json.loads(line) for line in self.output.getvalue().splitlines()]


def view() -> SchemaView:
    """The small schema."""
    return SchemaView(TEXT)
