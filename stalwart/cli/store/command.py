"""``stalwart-cli store``: copies, backups and checks of a data store, on the machine that has its configuration."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stalwart.cli.store import checking, moving
from stalwart.cli.store.places import DEFAULT, KEEP
from stalwart.cli.store.progress import Steps
from stalwart.errors import StalwartError, Unavailable
from stalwart.store.opening import explained

EXAMPLES = """\
A STORE is a config.json, or a data folder that has one. Reading does not disturb a server that runs; nothing may use a
store that is written. What changes while a copy is made is not in it: for a move, stop the server first.

examples:
  stalwart-cli store copy /var/lib/stalwart /var/lib/private/stalwart/postgresql.json
  stalwart-cli store backup /var/lib/stalwart /backup/2026-11-22.tar
  stalwart-cli store backup /var/lib/stalwart - | ssh elsewhere 'cat > 2026-11-22.tar'
  stalwart-cli store restore /backup/2026-11-22.tar /var/lib/stalwart-restored
  stalwart-cli store check /var/lib/stalwart --repair"""

Work = Callable[[argparse.Namespace, Steps], int]


def add(commands: Any, _shared: argparse.ArgumentParser) -> None:
    """Declare the commands; none of them asks a server."""
    store = commands.add_parser(
        "store",
        help="copy, back up, restore and check a data store",
        description="Copies, backs up, restores and checks a data store.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    kinds = store.add_subparsers(title="commands", metavar="COMMAND", required=True)
    made = _command(kinds, "copy", "copy a data store into an empty one, of either kind", moving.copy)
    made.add_argument("source", metavar="FROM", help="the store to read")
    made.add_argument("target", metavar="TO", help="the store to write, which is empty; a new folder gets SQLite")
    made.add_argument("--index", action="store_true", help="index mail now; else the server does when it has the time")
    _add_blobs(made, KEEP)
    made = _command(kinds, "backup", "write a data store into one file", moving.backup)
    made.add_argument("source", metavar="STORE")
    made.add_argument("file", metavar="FILE", help="the file to write, which is not there yet; - is standard output")
    made = _command(kinds, "restore", "write a backup into an empty data store, of either kind", moving.restore)
    made.add_argument("file", metavar="FILE")
    made.add_argument("target", metavar="TO", help="the store to write, which is empty; a new folder gets SQLite")
    _add_blobs(made, DEFAULT)
    made.add_argument("--paused", action="store_true", help="have the server send no mail until somebody resumes it")
    made = _command(kinds, "check", "look for wrong counters, links and blobs", checking.check)
    made.add_argument("source", metavar="STORE")
    made.add_argument("--repair", action="store_true", help="put right what follows from other rows")
    made.add_argument("--contents", action="store_true", help="read all large values and compare their hashes")
    made = _command(
        kinds,
        "begin-anew",
        "pass over ids and states that were given away before the store was set back",
        checking.begin_anew,
    )
    made.add_argument("source", metavar="STORE")


def run(options: argparse.Namespace, work: Work) -> int:
    """The exit code: 0 done, 1 refused or something is wrong, 2 a store that cannot be reached."""
    steps = Steps()
    try:
        with _interruptible():
            return work(options, steps)
    except StalwartError as problem:
        is_away = isinstance(problem, Unavailable)
        steps.say(f"stalwart-cli: {explained(problem) if is_away else problem.detail}")
        return 2 if is_away else 1
    except OSError as problem:
        steps.say(f"stalwart-cli: {problem.filename or 'a file'}: {problem.strerror}")
        return 2
    except KeyboardInterrupt:
        steps.say("stalwart-cli: interrupted; nothing was written")
        return 2


@contextmanager
def _interruptible() -> Iterator[None]:
    """Have signals that end a program end the work as Ctrl-C does, so that it leaves nothing behind; but for those that
    whoever began it wants ignored (nohup).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _command(kinds: Any, name: str, help: str, work: Work) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = kinds.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}.", allow_abbrev=False
    )
    made.set_defaults(run=lambda options: run(options, work))
    return made


def _add_blobs(made: argparse.ArgumentParser, default: str) -> None:
    made.add_argument(
        "--blobs",
        metavar="WHERE",
        default=default,
        help=f"where large values go: {KEEP} (as x:BlobStore says), {DEFAULT} (beside the store), or a file with a"
        f" JSON object of x:BlobStore; {default} unless something else is said",
    )
