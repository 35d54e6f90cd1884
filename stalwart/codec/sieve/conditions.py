"""Tests of scripts: each of them one function, which answers yes or no of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any, Final, Protocol

from stalwart.codec.sieve import dates
from stalwart.codec.sieve.actions import Met
from stalwart.codec.sieve.compiling import Instruction
from stalwart.codec.sieve.flags import listed
from stalwart.codec.sieve.matching import Comparison, compare
from stalwart.codec.sieve.message import Message
from stalwart.codec.sieve.texts import Text
from stalwart.codec.sieve.world import World

LONGEST_MEMORY: Final = 90 * 86_400
MOST_MET: Final = 20
"""Ids of the ``duplicate`` test in one run."""

_DIGEST = 16


class Run(Protocol):
    """What a test may ask of the run that it is part of."""

    message: Message
    world: World
    matches: tuple[str, ...]
    flags: tuple[str, ...]
    met: dict[bytes, Met]

    def text(self, text: Text) -> str: ...

    def texts(self, texts: Sequence[Text]) -> list[str]: ...

    def variable(self, name: str) -> str: ...

    def holds(self, test: Instruction) -> bool: ...

    def spend(self, steps: int) -> None: ...


def comparison(run: Run, test: Instruction) -> Comparison:
    """How it compares (RFC 5228 2.7)."""
    tags = test.tags
    comparator = run.text(tags.get("comparator", "i;ascii-casemap"))
    for match in ("contains", "matches"):
        if match in tags:
            return Comparison(match, comparator)
    for match in ("count", "value"):
        if match in tags:
            return Comparison(match, comparator, run.text(tags[match]))
    return Comparison("is", comparator)


def compared(run: Run, test: Instruction, values: Sequence[str], keys: Sequence[Text]) -> bool:
    """Whether a value matches a key; what wildcards stood for is known from then on (RFC 5229 3.2)."""
    found = compare(comparison(run, test), values, run.texts(keys), run.spend)
    if found is not None and found.matches is not None:
        run.matches = found.matches
    return found is not None


def _header(run: Run, test: Instruction) -> bool:
    names, keys = test.values
    return compared(run, test, run.message.texts(run.texts(names), *_index(test)), keys)


def _index(test: Instruction) -> tuple[int | None, bool]:
    return test.tags.get("index"), "last" in test.tags


def _exists(run: Run, test: Instruction) -> bool:
    return all(run.message.has(name) for name in run.texts(test.values[0]))


def _size(run: Run, test: Instruction) -> bool:
    if "over" in test.tags:
        return run.message.size > int(test.tags["over"])
    return run.message.size < int(test.tags["under"])


def _address(run: Run, test: Instruction) -> bool:
    names, keys = test.values
    found = run.message.addresses(run.texts(names), *_index(test))
    return compared(run, test, _parts(test, found), keys)


def _envelope(run: Run, test: Instruction) -> bool:
    names, keys = test.values
    envelope = run.message.envelope
    known = {"from": envelope.sender, "to": envelope.recipient}
    found = [known[name.lower()] for name in run.texts(names) if name.lower() in known]
    return compared(run, test, _parts(test, found), keys)


def _parts(test: Instruction, addresses: Sequence[str]) -> list[str]:
    """The part of each address that is wanted (RFC 5228 2.7.4, RFC 5233 4)."""
    found = []
    for address in addresses:
        local, at, domain = address.rpartition("@")
        if not at:
            local, domain = address, ""
        user, plus, detail = local.partition("+")
        if "localpart" in test.tags:
            found.append(local)
        elif "domain" in test.tags:
            found.append(domain)
        elif "user" in test.tags:
            found.append(user)
        elif "detail" in test.tags:
            found += [detail] if plus else []
        else:
            found.append(address)
    return found


def _body(run: Run, test: Instruction) -> bool:
    """RFC 5173 6: wildcards set no match variables."""
    if "raw" in test.tags:
        values = [run.message.raw_body()]
    else:
        content = test.tags.get("content")
        values = run.message.bodies(run.texts(content) if content is not None else None)
    run.spend(sum(map(len, values)) >> 10)
    return compare(comparison(run, test), values, run.texts(test.values[0]), run.spend) is not None


def _string(run: Run, test: Instruction) -> bool:
    sources = run.texts(test.values[0])
    if "count" in test.tags:  # RFC 5229 5: empty strings do not count
        sources = [source for source in sources if source]
    return compared(run, test, sources, test.values[1])


def _has_flag(run: Run, test: Instruction) -> bool:
    """RFC 5232 4: each flag of each variable."""
    names, keys = test.values
    flags = run.flags if names is None else listed(run.variable(run.text(name)) for name in names)
    return compared(run, test, flags, listed(run.texts(keys)))


def _date(run: Run, test: Instruction) -> bool:
    name, part, keys = test.values
    values = []
    for raw in run.message.raw([run.text(name)], *(_index(test) if "index" in test.tags else (1, False))):
        moment = dates.of_field(raw)
        if moment is not None:
            values.append(dates.part(_in_zone(run, test, moment), run.text(part).lower()))
    return compared(run, test, values, keys)


def _current_date(run: Run, test: Instruction) -> bool:
    part, keys = test.values
    return compared(run, test, [dates.part(_in_zone(run, test, run.world.now), run.text(part).lower())], keys)


def _in_zone(run: Run, test: Instruction, moment: datetime) -> datetime:
    if "originalzone" in test.tags:
        return moment
    wanted = dates.zone(run.text(test.tags["zone"])) if "zone" in test.tags else None
    if wanted is None:
        offset = run.world.now.utcoffset() or timedelta()
        wanted = timezone(offset)
    return dates.in_zone(moment, wanted)


def _duplicate(run: Run, test: Instruction) -> bool:
    """RFC 7352 3: whether the id was met before; from the end of the run on it was."""
    tags = test.tags
    if "uniqueid" in tags:
        id = run.text(tags["uniqueid"])
    else:
        values = run.message.texts([run.text(tags.get("header", "message-id"))], 1)
        id = values[0] if values else ""
    if not id:
        return False
    kind = "header" if "uniqueid" not in tags else "uniqueid"
    handle = run.text(tags.get("handle", ""))
    digest = blake2b("\0".join((kind, handle, id)).encode("utf-8", "replace"), digest_size=_DIGEST).digest()
    seconds = min(max(int(tags.get("seconds", run.world.bounds.remembered)), 1), LONGEST_MEMORY)
    if digest not in run.met and len(run.met) < MOST_MET:
        run.met[digest] = Met(digest, seconds, "last" in tags)
    return digest in run.world.seen


def _mailbox_exists(run: Run, test: Instruction) -> bool:
    return all(run.world.folders.named(name) is not None for name in run.texts(test.values[0]))


def _mailbox_id_exists(run: Run, test: Instruction) -> bool:
    return all(id in run.world.folders.by_id for id in run.texts(test.values[0]))


def _special_use_exists(run: Run, test: Instruction) -> bool:
    """RFC 8579 3: for all uses there is a folder, or the one that is named has them all."""
    mailbox, uses = test.values
    roles = [use_of(each) for each in run.texts(uses)]
    folders = run.world.folders
    if mailbox is None:
        return all(role in folders.by_role for role in roles)
    folder = folders.named(run.text(mailbox))
    return folder is not None and all(role == folder.role for role in roles)


def use_of(text: str) -> str:
    """The role of a special use such as ``\\Junk`` (RFC 8621 2)."""
    return text.removeprefix("\\").lower()


def _environment(run: Run, test: Instruction) -> bool:
    name = run.text(test.values[0]).lower()
    known = run.world.environment
    return name in known and compared(run, test, [known[name]], test.values[1])


CONDITIONS: Final[Mapping[str, Callable[[Any, Instruction], bool]]] = {
    "true": lambda run, test: True,
    "false": lambda run, test: False,
    "not": lambda run, test: not run.holds(test.tests[0]),
    "allof": lambda run, test: all(run.holds(each) for each in test.tests),
    "anyof": lambda run, test: any(run.holds(each) for each in test.tests),
    "header": _header,
    "exists": _exists,
    "size": _size,
    "address": _address,
    "envelope": _envelope,
    "body": _body,
    "string": _string,
    "hasflag": _has_flag,
    "date": _date,
    "currentdate": _current_date,
    "duplicate": _duplicate,
    "mailboxexists": _mailbox_exists,
    "mailboxidexists": _mailbox_id_exists,
    "specialuse_exists": _special_use_exists,
    "environment": _environment,
}
