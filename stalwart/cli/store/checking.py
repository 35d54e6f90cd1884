"""``store check``: what is wrong in a data store; ``store begin-anew``: what its clients know of it is."""

from __future__ import annotations

import argparse

from stalwart.cli.store.places import data_store, opened
from stalwart.cli.store.progress import Steps
from stalwart.config.describing import check_settings
from stalwart.errors import Conflict
from stalwart.store.moving.beginning_anew import pass_over
from stalwart.store.moving.bulk import Bulk
from stalwart.store.moving.checking import NOT_YET, Finding, check_blobs, check_rows
from stalwart.store.sql.migrate import load_migrations, schema_of


def check(options: argparse.Namespace, steps: Steps) -> int:
    """1 if something is wrong and was not put right, ``NOT_YET`` if there is nothing that could be looked at."""
    store = data_store(options.source)
    with opened(store, writes=options.repair) as database:
        if (reason := _not_yet(database)) is not None:
            steps.say(f"stalwart-cli: {reason}")
            return NOT_YET
        if options.repair:
            database.refuse_others()
        looks = {"repair": options.repair}
        findings = [
            *check_blobs(database, store.blob_files(), steps, contents=options.contents, **looks),
            *check_rows(database, steps, settings=check_settings(), **looks),
        ]
        if options.repair:
            database.commit()
    for finding in findings:
        steps.say(_line(finding))
    left = sum(not finding.repaired for finding in findings)
    if not findings:
        steps.say("Nothing is wrong.")
    elif left and not options.repair:
        steps.say("--repair puts right what follows from other rows.")
    return 1 if left else 0


def begin_anew(options: argparse.Namespace, steps: Steps) -> int:
    """Have a store that was set back by other means than ``store restore`` give no number away again."""
    with opened(data_store(options.source), writes=True) as database:
        if (reason := _not_yet(database)) is not None:
            raise Conflict(reason)
        database.refuse_others()
        pass_over(database.session, schema_of(database.session))
        database.commit()
    steps.say("Numbers that may have been given away are passed over; all clients read everything anew.")
    return 0


def _not_yet(database: Bulk) -> str | None:
    """Why there is nothing to look at before a server was started; None if there is. Raises Invalid: it is another
    program's, or of a newer version.
    """
    if not database.session.all(database.session.dialect.list_tables):
        return "The data store is empty."
    newest = max(step.number for step in load_migrations(database.session.dialect))
    if schema_of(database.session) == newest:
        return None
    return "The data store is of an older version; start the server once, which brings it up to date."


def _line(finding: Finding) -> str:
    line = f"{finding.count:,} {finding.what}{' (put right)' if finding.repaired else ''}"
    if finding.named:
        line += f": {'; '.join(finding.named)}"
    return line if finding.repaired or not finding.advice else f"{line} - {finding.advice}"
