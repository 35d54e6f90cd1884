"""``stalwart-cli snapshot``: the configuration as a plan that ``apply`` makes again, on this server or an empty one.

Singletons become updates, objects upserts by their natural key; ids become ``#names``, so that the plan fits a server
where they are others. What only the server sets is left out, and so are secrets, which no server tells.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field, frozen

from stalwart.cli.settings.command import command
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.plan import natural_key
from stalwart.cli.settings.problems import Problem
from stalwart.cli.settings.progress import Progress
from stalwart.cli.settings.references import reference_targets, with_references
from stalwart.cli.settings.schema_view import SchemaView
from stalwart.cli.settings.server import Server

MASK = "****"
_NEVER_NEEDED = frozenset(("objectList", "set", "map"))
EXAMPLES = """\
examples:
  stalwart-cli snapshot > configuration.ndjson
  stalwart-cli snapshot Domain Account Role --output people.ndjson"""

# what happens or belongs to somebody's own session rather than being configured
NOT_CONFIGURATION = frozenset(
    (
        *(
            "Account",
            "AccountPassword",
            "AccountSettings",
            "Action",
            "ApiKey",
            "AppPassword",
            "ArchivedItem",
            "BlockedIp",
        ),
        *("Bootstrap", "ClusterNode", "DataStore", "Log", "MaskedEmail", "Metric", "Passkey", "PublicKey"),
        *("QueuedMessage", "RecoveryCodes", "Session", "SpamTrainingSample", "Task", "Trace"),
    )
)


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare the command."""
    made = command(commands, shared, "snapshot", "write the configuration as a plan", work, EXAMPLES)
    made.add_argument("types", nargs="*", metavar="TYPE", help="only these types [everything but accounts and events]")
    made.add_argument("--output", metavar="FILE", help="where to write it [standard output]")
    made.add_argument(
        "--include-secrets", action="store_true", help="keep the places of secrets, masked, to be filled in"
    )
    made.add_argument("--allow-unresolved", metavar="T,T", default="", help="types whose ids may stay as they are")
    made.add_argument("--quiet", action="store_true", help="no remarks")


def work(options: argparse.Namespace, server: Server, output: Output) -> int:
    """Write the plan; nothing is written if something in it could not be applied."""
    schema = server.schema
    chosen = [schema.find(name).name for name in options.types] or _configuration(schema)
    unresolved = {schema.find(name).name for name in options.allow_unresolved.split(",") if name}
    with Progress(len(chosen), quiet=options.quiet) as progress:
        taken = _take(server, chosen, options.include_secrets, progress)
    lines = list(plan_lines(schema, taken, unresolved))
    _write(lines, options.output)
    if not options.quiet:
        for remark in taken.remarks:
            output.note(f"note: {remark}")
    return 0


@frozen
class Taken:
    """An object of the snapshot: its type, id and the members that a client may set."""

    type: str
    id: str
    members: Mapping[str, Any]


@define
class Snapshot:
    """Everything that was read, and what the reader should know about it."""

    singletons: list[Taken] = field(factory=list)
    objects: dict[tuple[str, str], Taken] = field(factory=dict)
    remarks: list[str] = field(factory=list)


def _configuration(schema: SchemaView) -> list[str]:
    return [name for name in schema.types() if name not in NOT_CONFIGURATION]


def _take(server: Server, types: Iterable[str], with_secrets: bool, progress: Progress) -> Snapshot:
    taken = Snapshot()
    schema = server.schema
    for type in types:
        single = schema.is_singleton(type)
        ids = ["singleton"] if single else list(server.ids(type))
        for found in server.objects(type, ids):
            where = f"{type} {found['id']}"
            missing = [] if with_secrets else needed_secrets(schema, f"x:{type}", found)
            if missing:
                taken.remarks.append(f"{where} is left out: it needs {', '.join(missing)}, which no server tells")
                continue
            members = settable(schema, f"x:{type}", found, with_secrets, taken.remarks, where)
            each = Taken(type, found["id"], members)
            if single:
                taken.singletons.append(each)
            else:
                taken.objects[type, each.id] = each
        progress.advance()
    return taken


def settable(
    schema: SchemaView, shape: str, found: Mapping[str, Any], with_secrets: bool, remarks: list[str], where: str
) -> dict[str, Any]:
    """The members of ``found`` that a client may set; remarks name the secrets that are missing."""
    tag = found.get("@type")
    stated = schema.properties(shape, tag)
    members: dict[str, Any] = {"@type": tag} if tag is not None else {}
    for name, value in found.items():
        made = stated.get(name)
        if made is None or made["update"] == "serverSet":
            continue
        if not with_secrets and _has_secret(value):
            remarks.append(f"{where}: {name} holds a secret and is left out")
            continue
        members[name] = value
    return members


def needed_secrets(schema: SchemaView, shape: str, found: Mapping[str, Any]) -> list[str]:
    """The members of ``found`` that hold a secret and without which the object cannot be made."""
    tag = found.get("@type")
    defaults = schema.defaults(shape, tag)
    return [
        name
        for name, made in schema.properties(shape, tag).items()
        if made["update"] != "serverSet" and name not in defaults
        if not made["type"].get("nullable")
        and made["type"]["type"] not in _NEVER_NEEDED
        and _has_secret(found.get(name))
    ]


def _has_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_secret(member) for member in value.values())
    return bool(value == MASK)


def plan_lines(schema: SchemaView, taken: Snapshot, unresolved: set[str]) -> Iterator[dict[str, Any]]:
    """The lines of the plan, what is referred to first."""
    ordered = list(_ordered(schema, taken))

    def renamed(type: str, id: str) -> str:
        if (type, id) in taken.objects:
            return f"#{_name(type, id)}"
        if type in unresolved or id.startswith("#"):
            return id
        raise Problem(f"{type} {id} is referred to but not in the snapshot; add {type}, or --allow-unresolved {type}")

    group: dict[str, Any] | None = None
    for each in ordered:
        members = with_references(schema, f"x:{each.type}", None, each.members, renamed)
        if group is None or group["object"] != each.type:
            if group is not None:
                yield group
            group = {"@type": "upsert", "object": each.type, "matchOn": list(_key(schema, each.type)), "value": {}}
        group["value"][_name(each.type, each.id)] = members
    if group is not None:
        yield group
    for each in taken.singletons:
        members = with_references(schema, f"x:{each.type}", None, each.members, renamed)
        yield {"@type": "update", "object": each.type, "id": "singleton", "value": members}


def _key(schema: SchemaView, type: str) -> tuple[str, ...]:
    key = natural_key(schema, type)
    if not key:
        raise Problem(f"{type} has no natural key, so a plan cannot tell its objects apart; leave it out")
    return key


def _ordered(schema: SchemaView, taken: Snapshot) -> Iterator[Taken]:
    """Objects after those that they refer to; types stay together where that allows it."""
    done: set[tuple[str, str]] = set()
    open_: set[tuple[str, str]] = set()

    def visit(key: tuple[str, str]) -> Iterator[Taken]:
        if key in done or key not in taken.objects:
            return
        if key in open_:
            raise Problem(f"{key[0]} {key[1]} refers to itself through others; leave one of them out")
        open_.add(key)
        each = taken.objects[key]
        for target in reference_targets(schema, f"x:{each.type}", None, each.members):
            if target != key:
                yield from visit(target)
        open_.discard(key)
        done.add(key)
        yield each

    for key in list(taken.objects):
        yield from visit(key)


def _name(type: str, id: str) -> str:
    return f"{type.lower()}-{id}"


def _write(lines: Iterable[Mapping[str, Any]], path: str | None) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    if path is None:
        sys.stdout.write(text)
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as failure:
        raise Problem(f"{path} cannot be written: {failure.strerror}") from None
