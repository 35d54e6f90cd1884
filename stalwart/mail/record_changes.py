"""What has to change at a name server so that it has the records of a domain (settings C.6, `publishRecords`).

Pure: ``wishes`` says which record sets the domain should have, ``changes_of`` what one of them takes, given what is
there. At names that others write to as well, such as the domain itself, only records of the same sort are replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from attrs import frozen

from stalwart.mail.dns_findings import retired_names
from stalwart.mail.domain_records import DomainFacts, domain_records, srv_names
from stalwart.mail.record_judgement import competes, is_rival, is_same, surplus

_SHARED = ("spf", "caa")


@frozen
class Wish:
    """The records of a ``type`` at ``name``; none to withdraw them. ``shared``: others may have records there too."""

    kind: str
    name: str
    type: str
    values: tuple[str, ...]
    shared: bool = False


@frozen
class Changes:
    """``replace`` are all records from now on, None where ``remove`` and ``add`` are enough."""

    replace: tuple[str, ...] | None = None
    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()


def wishes(facts: DomainFacts, kinds: Collection[str]) -> tuple[Wish, ...]:
    """The record sets of some ``kinds``, and those that are to be withdrawn."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for each in domain_records(facts, kinds):
        record = each.record
        if facts.is_inside(record.name):
            groups.setdefault((each.kind, record.name, record.type), []).append(record.data)
    found = [Wish(kind, name, type, tuple(values), kind in _SHARED) for (kind, name, type), values in groups.items()]
    present = {(wish.name, wish.type) for wish in found}
    gone = [("srv", name, "SRV") for name, _ in srv_names(facts)]
    gone += [("dkim", name, "TXT") for name in retired_names(facts)]
    gone += [("mtaSts", f"_mta-sts.{facts.apex}", "TXT")]
    found += [Wish(*each, ()) for each in gone if each[0] in kinds and each[1:] not in present]
    return tuple(found)


def changes_of(wish: Wish, found: Sequence[str]) -> Changes | None:
    """What ``wish`` takes where there are ``found``, both as ``presented``; None for nothing."""
    if not wish.values and wish.type == "SRV":
        found = [text for text in found if surplus("SRV", text)]  # "not offered" may be said aloud, RFC 6186 3.4
    if not wish.shared:
        return None if set(wish.values) == set(found) else Changes(replace=wish.values)
    kept = [text for text in found if any(_means(wish, value, text) for value in wish.values)]
    rivals = tuple(text for text in found if text not in kept and any(_competes(wish, v, text) for v in wish.values))
    missing = tuple(value for value in wish.values if not any(_means(wish, value, text) for text in kept))
    return Changes(remove=rivals, add=missing) if rivals or missing else None


def _means(wish: Wish, value: str, text: str) -> bool:
    return value == text if wish.type == "TXT" else is_same(wish.type, value, text)


def _competes(wish: Wish, value: str, text: str) -> bool:
    return competes(wish.kind, value, text) if wish.type == "TXT" else is_rival(wish.type, value, text)
