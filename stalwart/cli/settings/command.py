"""What the settings commands share: reaching the server, arguments for values, ends with an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

from stalwart.cli.settings.connection import Connection
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import USAGE, Problem
from stalwart.cli.settings.server import Server

Work = Callable[[argparse.Namespace, Server, Output], int]


def command(
    commands: Any, shared: argparse.ArgumentParser, name: str, help: str, work: Work, epilog: str = ""
) -> argparse.ArgumentParser:
    """Declare ``stalwart-cli <name>``, which runs ``work`` against the server; add its arguments to the result."""
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        parents=[shared],
        help=help,
        description=f"{help[0].upper()}{help[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.set_defaults(run=lambda options: run(options, work))
    return made


def run(options: argparse.Namespace, work: Work) -> int:
    """The exit code: 0 done, 1 the server refused something, 2 usage, connection or login."""
    output = Output(getattr(options, "as_json", False), options.no_color)
    connection: Connection | None = None
    try:
        connection = connect(options)
        return work(options, Server(connection), output)
    except Problem as problem:
        output.problem(f"stalwart-cli: {problem}")
        return problem.code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has seen enough
        return 0
    except KeyboardInterrupt:
        output.problem("stalwart-cli: interrupted")
        return USAGE
    finally:
        if connection is not None:
            connection.close()


def connect(options: argparse.Namespace) -> Connection:
    """The connection that the global options describe."""
    if not options.url:
        raise Problem("which server? Give --url or set STALWART_URL, for example http://127.0.0.1:8080")
    return Connection(options.url, options.user, options.password, options.api_key, options.insecure)


def add_values(made: argparse.ArgumentParser) -> None:
    """The ways to give the values of an object."""
    group = made.add_argument_group("values (one of these ways)")
    group.add_argument("--field", action="append", metavar="NAME=VALUE", help="one value; may be repeated")
    group.add_argument("--json", dest="json_value", metavar="JSON", help="a JSON object")
    group.add_argument("--file", metavar="FILE", help="a file with a JSON object")
    group.add_argument("--stdin", action="store_true", help="a JSON object from standard input")


def add_selection(made: argparse.ArgumentParser) -> None:
    """What to show and how."""
    made.add_argument("--fields", metavar="A,B", help="only these properties")
    made.add_argument("--json", dest="as_json", action="store_true", help="one JSON object a line, also on a terminal")


def selected(options: argparse.Namespace) -> list[str] | None:
    """The properties of ``--fields``."""
    return [name.strip() for name in options.fields.split(",") if name.strip()] if options.fields else None
