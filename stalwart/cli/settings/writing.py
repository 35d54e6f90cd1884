"""``stalwart-cli create``, ``update`` and ``delete``: one call each, every refusal with its field and its rule."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from stalwart.cli.settings.command import add_values, command
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import REFUSED, Problem, Rule, refusal
from stalwart.cli.settings.server import Server
from stalwart.cli.settings.values import given_object

CREATE_EXAMPLES = """\
examples:
  stalwart-cli create Domain --field name=example.org
  stalwart-cli create Account/User --field name=alice --field domainId=b \\
      --field 'credentials={"0":{"@type":"Password","secret":"..."}}'
  stalwart-cli create Action/ReloadSettings --json '{}'"""

UPDATE_EXAMPLES = """\
examples:
  stalwart-cli update Http --field enableHsts=true --field responseHeaders/X-Robots-Tag=noindex
  stalwart-cli update Account b --field description='Alice Example'"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare the three commands."""
    made = command(commands, shared, "create", "make an object", create, CREATE_EXAMPLES)
    made.add_argument("type", metavar="TYPE[/VARIANT]")
    _add_change(made)
    made = command(commands, shared, "update", "change an object or a singleton", update, UPDATE_EXAMPLES)
    made.add_argument("type", metavar="TYPE")
    made.add_argument("id", nargs="?", metavar="ID", help="left out for a singleton")
    _add_change(made)
    made = command(commands, shared, "delete", "remove objects", delete)
    made.add_argument("type", metavar="TYPE")
    made.add_argument("--ids", metavar="A,B", help="the ids")
    made.add_argument("--stdin", action="store_true", help="ids from standard input, one a line")
    made.add_argument("--confirm", action="store_true", help="also if it locks out the address that asks")


def _add_change(made: argparse.ArgumentParser) -> None:
    add_values(made)
    made.add_argument("--confirm", action="store_true", help="also if it locks out the address that asks")


def create(options: argparse.Namespace, server: Server, output: Output) -> int:
    """Show the id and whatever the server has made, such as a secret that is shown once."""
    type = server.schema.find(options.type)
    members = given_object(server.schema, type, options, sys.stdin)
    if type.variant is not None:
        members.setdefault("@type", type.variant)
    answer = _set(server, type.name, {"create": {"new": members}}, options)
    made = (answer.get("created") or {}).get("new")
    if made is None:
        reason = refusal(_why(answer, "notCreated", "new"), _rule(server, type.name, members))
        raise Problem(f"{type.name} was not created: {reason}", REFUSED)
    output.text(f"created {type.name} {made.get('id', '')}".rstrip())
    _generated(made, output)
    return 0


def update(options: argparse.Namespace, server: Server, output: Output) -> int:
    """Show whatever the server has made."""
    type = server.schema.find(options.type)
    id = options.id or ("singleton" if server.schema.is_singleton(type.name) else None)
    if id is None:
        raise Problem(f"which {type.name}? Give its id")
    if type.variant is None and not options.id:
        type = _stored_variant(server, type)
    patch = given_object(server.schema, type, options, sys.stdin)
    answer = _set(server, type.name, {"update": {id: patch}}, options)
    if id not in (answer.get("updated") or {}):
        reason = refusal(_why(answer, "notUpdated", id), _rule(server, type.name, patch, type.variant))
        raise Problem(f"{type.name} {id} was not changed: {reason}", REFUSED)
    output.text(f"updated {type.name} {id}")
    _generated(answer["updated"][id] or {}, output)
    return 0


def delete(options: argparse.Namespace, server: Server, output: Output) -> int:
    """1 if any of them could not be removed; the others are gone."""
    type = server.schema.find(options.type)
    ids = [line.strip() for line in sys.stdin] if options.stdin else (options.ids or "").split(",")
    ids = [id for id in ids if id]
    if not ids:
        raise Problem("give ids by --ids a,b or --stdin")
    failed = 0
    size = server.limit("maxObjectsInSet", 500)
    for start in range(0, len(ids), size):
        answer = _set(server, type.name, {"destroy": ids[start : start + size]}, options)
        for id in answer.get("destroyed") or ():
            output.text(f"deleted {type.name} {id}")
            if output.as_json:
                output.json({"id": id})
        for id, error in (answer.get("notDestroyed") or {}).items():
            output.problem(f"{type.name} {id} was not deleted: {refusal(error)}")
            failed += 1
    return REFUSED if failed else 0


def _set(server: Server, type: str, arguments: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    if options.confirm:
        arguments = {**arguments, "confirm": True}
    answer = server.call(f"x:{type}/set", arguments)
    for notice in answer.get("notices") or ():
        print(f"note: {notice}", file=sys.stderr)
    return answer


def _stored_variant(server: Server, type: Any) -> Any:
    """The variant that a singleton union is at present, so that a field is read by its own type."""
    if not server.schema.variants(f"x:{type.name}"):
        return type
    found = list(server.objects(type.name, ["singleton"]))
    return type.__class__(type.name, found[0].get("@type")) if found else type


def _rule(server: Server, type: str, members: Mapping[str, Any], variant: str | None = None) -> Rule:
    """What the schema allows in an object of ``type``, of the variant that ``members`` names."""
    chosen = members.get("@type", variant)
    return lambda path: server.schema.rule(type, chosen if isinstance(chosen, str) else None, path)


def _why(answer: Mapping[str, Any], member: str, key: str) -> Mapping[str, Any]:
    error: Mapping[str, Any] = (answer.get(member) or {}).get(key) or {"type": "serverFail"}
    return error


def _generated(made: Mapping[str, Any], output: Output) -> None:
    if output.as_json:
        output.json(made)
    elif set(made) - {"id"}:
        output.object({name: value for name, value in made.items() if name != "id"})
