"""``stalwart-cli``: reads the arguments and hands over to the command.

The global options may stand before or after the command. A command module has ``add(subparsers, shared)``, which
declares its arguments and sets ``run`` to a function from the arguments to an exit code.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from stalwart import __version__
from stalwart.cli import diagnose
from stalwart.cli.importing import command as importing
from stalwart.cli.settings import apply, certificates, completion, describe, dns_check, reading, snapshot, writing
from stalwart.cli.store import command as store

COMMANDS = (
    diagnose,
    describe,
    reading,
    writing,
    apply,
    snapshot,
    certificates,
    dns_check,
    importing,
    store,
    completion,
)

EXIT_CODES = """\
exit codes: 0 done (diagnose: the verdict is ok); 1 the server refused something (diagnose: warn or fail);
2 wrong usage, or no answer from the daemon, the login or the resolver"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """The exit code of the command line ``arguments``."""
    options = parser().parse_args(arguments)
    with_key, with_user = _given(arguments, "--api-key"), _given(arguments, "--user")
    if with_key and with_user:
        print("stalwart-cli: give either --api-key or --user, not both", file=sys.stderr)
        return 2
    if with_key:
        options.user = None  # what is written on the command line counts before the environment
    return int(options.run(options))


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="stalwart-cli",
        description="Administers and tests a Stalwart server.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"stalwart-cli {__version__}")
    _add_globals(top, _from_environment)
    shared = argparse.ArgumentParser(add_help=False)
    _add_globals(shared, lambda _name: argparse.SUPPRESS)  # a value given before the command must survive
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands, shared)
    return top


def _from_environment(name: str) -> str | None:
    return os.environ.get(name) or None


def _add_globals(target: argparse.ArgumentParser, default: object) -> None:
    value = default if callable(default) else (lambda _name: default)
    group = target.add_argument_group("connection")
    group.add_argument("--url", default=value("STALWART_URL"), help="base URL of the daemon [STALWART_URL]")
    group.add_argument("--user", default=value("STALWART_USER"), help="login name [STALWART_USER]")
    group.add_argument("--password", default=value("STALWART_PASSWORD"), help="password [STALWART_PASSWORD]")
    group.add_argument("--api-key", default=value("STALWART_TOKEN"), help="API key or token [STALWART_TOKEN]")
    suppressed = value("") is argparse.SUPPRESS
    off = argparse.SUPPRESS if suppressed else False
    group.add_argument("-k", "--insecure", action="store_true", default=off, help="do not verify certificates")
    group.add_argument("--no-color", action="store_true", default=off, help="plain output [NO_COLOR]")


def _given(arguments: Sequence[str], name: str) -> bool:
    return any(argument == name or argument.startswith(f"{name}=") for argument in arguments)
