"""``stalwart-cli import``: what it takes, and its exit code: 0 everything is there, 1 something is not, 2 it stopped.

The login is that of the account, or one that may use it (``--account``). What was done is written down in a journal;
the same command begun again goes on behind it.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from stalwart.cli.importing import running
from stalwart.cli.importing.client import Client, JmapClient
from stalwart.cli.importing.dav import CALDAV, CARDDAV, DavClient, DavSource
from stalwart.cli.importing.folder import FolderSource
from stalwart.cli.importing.groupware_targets import GroupwareTarget, has_event
from stalwart.cli.importing.imap import ImapSource
from stalwart.cli.importing.items import Several, Source
from stalwart.cli.importing.journal import Journal, default_path
from stalwart.cli.importing.mail_files import MaildirSource, MboxSource
from stalwart.cli.importing.object_files import ObjectFiles
from stalwart.cli.importing.remote_groupware import CARDS, EVENTS
from stalwart.cli.importing.remote_jmap import FILENODE, JmapSource
from stalwart.cli.importing.targets import DavTarget, FileTarget, MailTarget
from stalwart.cli.settings.command import connect
from stalwart.cli.settings.connection import Connection
from stalwart.cli.settings.output import Output
from stalwart.cli.settings.problems import REFUSED, USAGE, Problem

EPILOG: Final = """\
examples:
  stalwart-cli import mbox Archive.mbox --into Archive
  stalwart-cli import maildir ~/Maildir
  stalwart-cli import ics calendar.ics            stalwart-cli import vcf contacts/
  stalwart-cli import files ~/Documents --into Documents
  stalwart-cli import imap imaps://mail.example.org --source-user jane
  stalwart-cli import jmap https://jmap.example.org --source-user jane
  stalwart-cli import caldav https://dav.example.org --source-user jane
The password at the source is asked for, or taken from STALWART_SOURCE_PASSWORD."""

_LOCAL: Final = ("mbox", "maildir", "ics", "vcf", "files")
_REMOTE: Final = ("imap", "jmap", "caldav", "carddav")


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "import",
        parents=[shared],
        help="bring mail, calendars, contacts and files into an account",
        description=(__doc__ or "").partition("\n\n")[2],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("kind", choices=(*_LOCAL, *_REMOTE), metavar="KIND", help=", ".join((*_LOCAL, *_REMOTE)))
    command.add_argument("source", nargs="+", metavar="SOURCE", help="files and folders, or the URL of a server")
    command.add_argument("--account", metavar="NAME", help="the account to import into [that of the login]")
    command.add_argument("--into", metavar="NAME", help="one folder (a/b), calendar or address book for everything")
    command.add_argument("--dry-run", action="store_true", help="read everything and change nothing")
    command.add_argument("--journal", metavar="FILE", help="where to write down what is done [in the home folder]")
    remote = command.add_argument_group("only for servers")
    remote.add_argument("--source-user", metavar="NAME", help="login name there")
    remote.add_argument("--source-account", metavar="NAME", help="another account there than that of the login (jmap)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """The exit code."""
    output = Output(False, options.no_color)
    opened: list[Callable[[], None]] = []
    try:
        source = _source(options, opened)
        opened.append(source.close)
        what = {
            "kind": options.kind,
            "source": [_absolute(options, each) for each in options.source],
            "user": options.source_user,
            "to": options.url,
            "account": options.account or options.user,
            "into": options.into,
        }
        path = None if options.dry_run else Path(options.journal) if options.journal else default_path(what)
        targets = {} if options.dry_run else _targets(options, opened)
        progress = running.ProgressLine(source.count() if sys.stderr.isatty() else None, running.stream())
        summary = running.run(source, targets, Journal(path, what), progress, is_dry=options.dry_run)
    except Problem as problem:
        output.problem(f"stalwart-cli: {problem}")
        return problem.code
    except KeyboardInterrupt:
        output.problem("stalwart-cli: interrupted; the same command goes on from here")
        return USAGE
    finally:
        for close in reversed(opened):
            close()
    for line in summary.lines(options.dry_run):
        print(line)
    return REFUSED if summary.failed else 0


def _source(options: argparse.Namespace, opened: list[Callable[[], None]]) -> Source:
    into = tuple(name for name in options.into.split("/") if name) if options.into else None
    kind, paths = options.kind, [Path(each) for each in options.source]
    if kind in ("ics", "vcf"):
        return ObjectFiles(paths, "event" if kind == "ics" else "card", into)
    if len(options.source) > 1:
        raise Problem(f"import {kind} takes one source at a time")
    if kind == "mbox":
        return MboxSource(paths[0], into)
    if kind == "maildir":
        return MaildirSource(paths[0], into)
    if kind == "files":
        return FolderSource(paths[0], into)
    return _remote(options, options.source[0], into, opened)


def _remote(
    options: argparse.Namespace, url: str, into: tuple[str, ...] | None, opened: list[Callable[[], None]]
) -> Source:
    if not options.source_user:
        raise Problem(f"import {options.kind} needs --source-user")
    password = os.environ.get("STALWART_SOURCE_PASSWORD")
    if password is None:
        if not sys.stdin.isatty():
            raise Problem("there is no password for the source: set STALWART_SOURCE_PASSWORD")
        password = getpass.getpass(f"password of {options.source_user} at {url}: ")
    if options.kind == "imap":
        return ImapSource(url, options.source_user, password, into, insecure=options.insecure)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise Problem(f"{url} is no http or https URL")
    root = f"{parts.scheme}://{parts.netloc}"
    connection = Connection(root, options.source_user, password, None, options.insecure)
    opened.append(connection.close)
    client, path = Client(connection), parts.path.strip("/")
    if options.kind == "jmap":
        jmap = JmapClient(client, f"/{path}" if path else "/.well-known/jmap")
        source = JmapSource(jmap, options.source_account, into)
        return source if options.source_account else Several(source, *by_dav(DavClient(client), source, into))
    service = CALDAV if options.kind == "caldav" else CARDDAV
    return DavSource(DavClient(client), service, f"{parts.path}" if path else None, into)


def by_dav(dav: DavClient, source: JmapSource, into: tuple[str, ...] | None) -> list[Source]:
    """What the server has by DAV and not by JMAP."""
    found: list[Source] = []
    for what, service in ((EVENTS, CALDAV), (CARDS, CARDDAV)):
        if what.capability not in source.capabilities:
            try:
                found.append(DavSource(dav, service, None, into))
            except Problem:
                continue  # it has none
    return found


def _targets(options: argparse.Namespace, opened: list[Callable[[], None]]) -> Mapping[str, running.Target]:
    connection = connect(options)
    opened.append(connection.close)
    client = Client(connection)
    jmap = JmapClient(client, "/jmap/session")
    kind = options.kind
    if kind in ("ics", "caldav"):
        return {"event": _events(jmap, client, options.account)}
    if kind in ("vcf", "carddav"):
        return {"card": DavTarget(DavClient(client), CARDDAV, _address(jmap, options.account))}
    if kind == "files":
        files = FileTarget(jmap, options.account)
        return {"file": files, "folder": files}
    targets: dict[str, running.Target] = {"email": MailTarget(jmap, options.account)}
    return targets | (_further(jmap, client, options.account) if kind == "jmap" else {})


def _further(jmap: JmapClient, client: Client, account: str | None) -> dict[str, running.Target]:
    """Where all goes that another JMAP server has beside mail."""
    targets: dict[str, running.Target] = {}
    if jmap.has(FILENODE):
        targets["file"] = targets["folder"] = FileTarget(jmap, account)
    for what in (EVENTS, CARDS):
        if jmap.has(what.capability):
            targets[what.collection_kind] = targets[what.item_kind] = GroupwareTarget(jmap, account, what)
    targets["event"] = _events(jmap, client, account)
    targets["card"] = DavTarget(DavClient(client), CARDDAV, _address(jmap, account))
    return targets


def _events(jmap: JmapClient, client: Client, account: str | None) -> DavTarget:
    """Calendars, where no event comes that is in another one already, by whichever way it came."""
    has_uid = partial(has_event, jmap, account) if jmap.has(EVENTS.capability) else None
    return DavTarget(DavClient(client), CALDAV, _address(jmap, account), has_uid)


def _address(jmap: JmapClient, account: str | None) -> str:
    """The name of the account in URLs."""
    name: str = account or jmap.session["username"]
    return name


def _absolute(options: argparse.Namespace, source: str) -> str:
    return str(Path(source).resolve()) if options.kind in _LOCAL else source
