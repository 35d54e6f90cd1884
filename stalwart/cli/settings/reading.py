"""``stalwart-cli get`` and ``query``: objects of a type, one or many."""

from __future__ import annotations

import argparse
from typing import Any

from stalwart.cli.settings.command import add_selection, command, selected
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import REFUSED, Problem
from stalwart.cli.settings.server import Server
from stalwart.cli.settings.values import condition

GET_EXAMPLES = """\
examples:
  stalwart-cli get Http
  stalwart-cli get Account b --fields name,emailAddress
  stalwart-cli get Domain --json"""

QUERY_EXAMPLES = """\
examples:
  stalwart-cli query Account --where text=alice
  stalwart-cli query Account --where @type=Group --where domainId=b --fields name,description"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare both commands."""
    made = command(commands, shared, "get", "show a singleton, one object, or all objects of a type", get, GET_EXAMPLES)
    made.add_argument("type", metavar="TYPE")
    made.add_argument("id", nargs="?", metavar="ID")
    add_selection(made)
    made = command(commands, shared, "query", "find objects of a type", query, QUERY_EXAMPLES)
    made.add_argument("type", metavar="TYPE")
    made.add_argument("--where", action="append", default=[], metavar="KEY=VALUE", help="must hold; may be repeated")
    add_selection(made)


def get(options: argparse.Namespace, server: Server, output: Output) -> int:
    """Show what was asked for; 1 if the id does not exist."""
    type = server.schema.find(options.type)
    wanted = selected(options)
    id = options.id or ("singleton" if server.schema.is_singleton(type.name) else None)
    if id is None:
        return _show(server, type.name, type.variant, {}, wanted, output)
    found = list(server.objects(type.name, [id], wanted))
    if not found:
        raise Problem(f"there is no {type.name} {id}", REFUSED)
    output.object(found[0])
    return 0


def query(options: argparse.Namespace, server: Server, output: Output) -> int:
    """Show what matches."""
    type = server.schema.find(options.type)
    if server.schema.is_singleton(type.name):
        raise Problem(f"{type.name} is a singleton: there is nothing to search; use `get {type.name}`")
    where = condition(server.schema, type.name, options.where)
    return _show(server, type.name, type.variant, where, selected(options), output)


def _show(
    server: Server, type: str, variant: str | None, where: dict[str, Any], wanted: list[str] | None, output: Output
) -> int:
    if variant is not None:
        where = {**where, "@type": variant}
    ids = list(server.ids(type, where))
    columns = ["id", *(name for name in (wanted or server.schema.columns(type)) if name != "id")]
    properties = wanted if wanted or output.as_json else columns
    count = output.objects(server.objects(type, ids, properties), columns)
    output.text(f"{count} {'object' if count == 1 else 'objects'}")
    return 0
