"""Whether the author of a message was authenticated, and what his domain wants done if not (DMARC, RFC 9989).

Domains of one organisation are found by walking up the name (RFC 9989 4.10), so no list of public suffixes is needed.
The percentage of the older RFC 7489 6.6.4 is honoured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import evolve

from stalwart.codec import dmarc
from stalwart.codec.authentication_results import DkimVerdict, DmarcVerdict, SpfVerdict
from stalwart.codec.dmarc import Dmarc
from stalwart.net.dns import LookupFailed, Resolver
from stalwart.net.side_by_side import side_by_side

MOST_AUTHORS = 4
MOST_LABELS = 8
MOST_IDENTIFIERS = 10

_GRAVITY = ("fail", "temperror", "permerror", "none", "pass")
_LONGEST_NAME = 253
_POLICIES = ("reject", "quarantine", "none")
_MILDER = {"reject": "quarantine", "quarantine": "none", "none": "none"}


class _Unknown(Exception):
    """The name service cannot tell now."""


async def evaluate(
    resolver: Resolver,
    authors: Sequence[str],
    spf: SpfVerdict | None,
    dkim: Iterable[DkimVerdict],
    *,
    draw: Callable[[], float],
) -> DmarcVerdict:
    """The result for the domains that From names, the gravest of several. ``draw`` gives a number below 1, by which a
    policy for a percentage of the mail applies or not. Domains are looked at side by side, so that a slow one does not
    keep the policy of another from being known.
    """
    domains = tuple(dict.fromkeys(authors))
    if not domains:
        return DmarcVerdict("permerror", reason="From names no domain")
    if len(domains) > MOST_AUTHORS:
        return DmarcVerdict("permerror", domains[0], reason="From names too many domains")
    signatures = tuple(dkim)
    found = await side_by_side(*(_of_author(_Records(resolver), each, spf, signatures, draw) for each in domains))
    return min(found, key=_gravity)


def _gravity(verdict: DmarcVerdict) -> tuple[int, int]:
    """What has the worst consequence comes first: a failure that nobody minds must not hide one to be refused."""
    has_passed = verdict.result in ("none", "pass")
    consequence = len(_POLICIES) if has_passed else _POLICIES.index(verdict.policy)
    return consequence, _GRAVITY.index(verdict.result)


async def _of_author(
    records: _Records,
    domain: str,
    spf: SpfVerdict | None,
    dkim: Sequence[DkimVerdict],
    draw: Callable[[], float],
) -> DmarcVerdict:
    verdict = DmarcVerdict("none", domain)
    try:
        place, record = await records.policy(domain)
        if record is None or record.policy is None:
            return verdict
        published = await _published(records, record, place, domain)
        verdict = evolve(verdict, published=published, policy=_applied(record, published, draw), policy_domain=place)
        by_spf, spf_doubt = await _spf_aligned(records, domain, record, spf)
        by_dkim, dkim_doubt = await _dkim_aligned(records, domain, record, dkim)
    except _Unknown as unknown:
        return evolve(verdict, result="temperror", reason=str(unknown))
    verdict = evolve(verdict, spf_aligned=by_spf, dkim_aligned=by_dkim)
    if by_spf or by_dkim:
        return evolve(verdict, result="pass")
    if spf_doubt or dkim_doubt:
        return evolve(verdict, result="temperror", reason="what would authenticate it could not be looked up")
    return evolve(verdict, result="fail")


async def _published(records: _Records, record: Dmarc, place: str, domain: str) -> str:
    """The policy for this name: that of the domain itself, of those below, or of those that do not exist."""
    policy = record.policy or "none"
    if place == domain:
        return policy
    if record.nonexistent_policy is not None and not await records.exists(domain):
        return record.nonexistent_policy
    return record.subdomain_policy or policy


def _applied(record: Dmarc, published: str, draw: Callable[[], float]) -> str:
    if record.testing or draw() * 100 >= record.percent:
        return _MILDER[published]
    return published


async def _spf_aligned(records: _Records, domain: str, record: Dmarc, spf: SpfVerdict | None) -> tuple[bool, bool]:
    """Whether SPF authenticates ``domain``, and whether it might if more were known."""
    if spf is None or spf.result not in ("pass", "temperror"):
        return False, False
    try:
        if not await records.aligned(domain, spf.domain.lower(), strict=record.strict_spf):
            return False, False
    except _Unknown:
        return False, True
    return spf.result == "pass", spf.result == "temperror"


async def _dkim_aligned(
    records: _Records, domain: str, record: Dmarc, dkim: Iterable[DkimVerdict]
) -> tuple[bool, bool]:
    """The same for signatures, the good ones and those of the very domain first."""
    useful = [one for one in dkim if one.result in ("pass", "temperror")]
    useful.sort(key=lambda one: (one.result, one.domain != domain))
    doubt = False
    for one in useful[:MOST_IDENTIFIERS]:
        try:
            is_aligned = await records.aligned(domain, one.domain, strict=record.strict_dkim)
        except _Unknown:
            doubt = True
            continue
        if is_aligned and one.result == "pass":
            return True, False
        doubt = doubt or is_aligned
    return False, doubt


class _Records:
    """The records that one evaluation has looked up."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._found: dict[str, Dmarc | None] = {}
        self._organisations: dict[str, str] = {}

    async def policy(self, domain: str) -> tuple[str, Dmarc | None]:
        """Where the record for ``domain`` is, and what it says (RFC 9989 4.10.1)."""
        record = await self._at(domain)
        if record is not None:
            return domain, record
        organisation = await self.organisation(domain)
        record = await self._at(organisation)
        if record is not None:
            return organisation, record
        parent = organisation.partition(".")[2]
        suffix = await self._at(parent) if parent else None
        if suffix is not None and suffix.public_suffix == "y":
            return parent, suffix
        return domain, None

    async def aligned(self, domain: str, other: str, *, strict: bool) -> bool:
        """Whether ``other`` speaks for ``domain`` (RFC 9989 4.10.2)."""
        if domain == other:
            return True
        if strict or not other or _top(domain) != _top(other):
            return False
        return await self.organisation(domain) == await self.organisation(other)

    async def organisation(self, domain: str) -> str:
        """The domain that ``domain`` belongs to; itself if nothing above it says otherwise."""
        known = self._organisations.get(domain)
        if known is None:
            known = self._organisations[domain] = await self._walk(domain)
        return known

    async def exists(self, domain: str) -> bool:
        """Whether the name is in DNS."""
        try:
            await self._resolver.lookup(domain, "A")
        except LookupFailed as failed:
            if failed.kind in ("nxdomain", "nodata"):
                return failed.kind == "nodata"
            raise _Unknown(f"{domain} cannot be looked up") from None
        return True

    async def _walk(self, domain: str) -> str:
        """RFC 9989 4.10."""
        highest, below = domain, domain
        for name in _names(domain):
            record = await self._at(name)
            if record is not None:
                if record.public_suffix == "n":
                    return name
                if record.public_suffix == "y" and name != domain:
                    return below
                highest = name
                if record.public_suffix == "y":
                    return highest
            below = name
        return highest

    async def _at(self, name: str) -> Dmarc | None:
        """The valid record of ``name`` itself."""
        if len(f"_dmarc.{name}") > _LONGEST_NAME:  # there cannot be one, but those above have their say
            return None
        if name not in self._found:
            try:
                answer = await self._resolver.lookup(f"_dmarc.{name}", "TXT")
                record = dmarc.read(answer.records)
            except LookupFailed as failed:
                if failed.kind not in ("nxdomain", "nodata"):
                    raise _Unknown(f"the policy of {name} cannot be looked up") from None
                record = None
            self._found[name] = record if record is not None and not record.broken else None
        return self._found[name]


def _names(domain: str) -> Iterable[str]:
    """The name and those above it; of a long one only the last few (RFC 9989 4.10)."""
    labels = domain.split(".")
    yield domain
    for first in range(max(1, len(labels) - MOST_LABELS + 1), len(labels)):
        yield ".".join(labels[first:])


def _top(domain: str) -> str:
    return domain.rpartition(".")[2]
