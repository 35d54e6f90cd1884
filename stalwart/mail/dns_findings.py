"""The records of a domain one by one, as they should be against what the name service answers (design 8, CheckDns).

Pure: ``questions`` says what has to be looked up, ``findings`` judges the answers. Beside what is expected there are
records that should be gone, hosts that need an address, and what records promise that the server does not do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from attrs import evolve, frozen

from stalwart.codec.zone_file import ZoneRecord
from stalwart.mail.domain_records import (
    NOT_OFFERED,
    PUBLISHED_STAGES,
    SERVICE_PORTS,
    DomainFacts,
    ascii_name,
    domain_records,
    srv_names,
)
from stalwart.mail.postmasters import advice
from stalwart.mail.recipients import POSTMASTER
from stalwart.mail.record_judgement import (
    competes,
    is_rival,
    is_same,
    is_usable_key,
    presented,
    surplus,
    text_problem,
)
from stalwart.net.dns_answers import Answer, LookupFailed

Question = tuple[str, str]
"""Name and type."""

Results = Mapping[Question, Answer | LookupFailed]
State = Literal["ok", "missing", "wrong", "extra", "error"]

MOST_FOUND = 20
_LONGEST_FOUND = 4096
_DENIED = ("nxdomain", "nodata")
_ADDRESSES = ("A", "AAAA")


@frozen
class Finding:
    """A record as x:CheckedDnsRecord has it; ``expected`` None is none, ``advice`` None is nothing to do."""

    type: str
    name: str
    expected: str | None
    found: tuple[str, ...]
    state: State
    advice: str | None = None


def questions(facts: DomainFacts) -> tuple[Question, ...]:
    """What has to be looked up, each once."""
    wanted: list[Question] = []
    for each in domain_records(facts):
        record = each.record
        wanted.append((record.name, record.type))
        if record.type == "CNAME":
            wanted += [(record.name, type) for type in _ADDRESSES]
    wanted += [(name, "SRV") for name, _ in srv_names(facts)]
    wanted += [(name, "TXT") for name in (*retired_names(facts), f"_mta-sts.{facts.apex}")]
    wanted += [(host, type) for host in _hosts(facts) for type in _ADDRESSES]
    wanted += [(host, "CNAME") for _, host in facts.exchangers]
    return tuple(dict.fromkeys(wanted))


def findings(
    facts: DomainFacts, results: Results, listening: Collection[str], unreachable: str | None = None
) -> list[Finding]:
    """What is to be said about each record; ``listening`` are the protocols that the server has listeners for,
    ``unreachable`` is the id of the domain if nobody gets mail for its postmaster.
    """
    judge = _Judge(facts, results)
    found = [*judge.expected(), *judge.withdrawn(), *judge.hosts()]
    silent = _silent_services(facts, listening)
    found = [_unserved(each, silent) for each in found]
    return found if unreachable is None else _without_postmaster(facts, found, unreachable)


class _Judge:
    def __init__(self, facts: DomainFacts, results: Results) -> None:
        self._facts = facts
        self._results = results
        self._is_signed = any(isinstance(each, Answer) and each.secure for each in results.values())

    def expected(self) -> Iterator[Finding]:
        """Every record that the domain should have, and those in its way."""
        groups: dict[tuple[str, str, str], list[ZoneRecord]] = {}
        for each in domain_records(self._facts):
            groups.setdefault((each.kind, each.record.name, each.record.type), []).append(each.record)
        for (kind, name, type), records in groups.items():
            problem = self._problem((name, type))
            if problem is not None:
                yield from (_finding(record, (), "error", problem) for record in records)
            elif type == "TXT":
                yield from (self._text(kind, record) for record in records)
            elif type == "CNAME":
                yield from map(self._alias, records)
            elif type != "TLSA" or self._is_signed or self._values((name, type)):
                yield from self._set(records)

    def withdrawn(self) -> Iterator[Finding]:
        """Records that should not be there."""
        records = domain_records(self._facts)
        announced = {each.record.name for each in records}
        for name, _ in srv_names(self._facts):
            if name not in announced:
                yield from self._surplus(name, "SRV", self._values((name, "SRV")))
        policy = f"_mta-sts.{self._facts.apex}"
        if policy not in announced:
            texts = [text for text in self._values((policy, "TXT")) if text.startswith("v=STSv1")]
            reason = "There is no MTA-STS policy, so it leads nowhere."
            yield from (_extra("TXT", policy, text, reason) for text in texts)
        for name in retired_names(self._facts):
            texts = [text for text in self._values((name, "TXT")) if is_usable_key(text)]
            yield from (_extra("TXT", name, text, "The key is retired.") for text in texts)

    def hosts(self) -> Iterator[Finding]:
        """Hosts without an address, and exchangers that are aliases."""
        for host in _hosts(self._facts):
            problems = [self._problem((host, type)) for type in _ADDRESSES]
            wanted = "the address of this host"
            if any(self._values((host, type)) for type in _ADDRESSES):
                continue
            if any(problems):
                yield Finding("A", host, wanted, (), "error", next(filter(None, problems)))
                continue
            advice = f"The host has no address. Add one, with the address in place of the three dots:\n{host}. IN A ..."
            yield Finding("A", host, wanted, (), "missing", advice)
        for host in dict.fromkeys(host for _, host in self._facts.exchangers):
            for target in self._values((host, "CNAME")):  # RFC 2181 10.3
                reason = "A host that takes mail must not be an alias; give it an address of its own."
                yield _extra("CNAME", host, target, reason)

    def _text(self, kind: str, record: ZoneRecord) -> Finding:
        texts = self._values((record.name, "TXT"))
        rivals = tuple(text for text in texts if competes(kind, record.data, text))
        if not rivals:
            return _finding(record, (), "missing", _add(record))
        if len(rivals) > 1:
            reason = f"There are {len(rivals)} records of this sort, of which others then use none, or any."
            return _finding(record, rivals, "wrong", f"{reason} Leave this line only:\n{record.line}")
        problem = text_problem(kind, record.data, rivals[0])
        if problem is None:
            return _finding(record, rivals, "ok", None)
        return _finding(record, rivals, "wrong", _replace(problem, record))

    def _alias(self, record: ZoneRecord) -> Finding:
        """An alias, or the same addresses (RFC 1034 3.6.2 has no room for aliases in some places)."""
        targets = self._values((record.name, "CNAME"))
        if record.data in targets:
            return _finding(record, targets, "ok", None)
        host = record.data.removesuffix(".")
        own, wanted = (
            {each for type in _ADDRESSES for each in self._values((name, type))} for name in (record.name, host)
        )
        found = targets or tuple(sorted(own))[:MOST_FOUND]
        if own and own <= wanted:
            return _finding(record, found, "ok", None)
        if not found:
            return _finding(record, (), "missing", _add(record))
        return _finding(record, found, "wrong", _replace("It leads elsewhere.", record))

    def _set(self, records: list[ZoneRecord]) -> Iterator[Finding]:
        """Records of which a name may have several."""
        name, type = records[0].name, records[0].type
        found = self._values((name, type))
        left = [text for text in found if not any(is_same(type, record.data, text) for record in records)]
        for record in records:
            same = tuple(text for text in found if is_same(type, record.data, text))
            rivals = () if same else tuple(text for text in left if is_rival(type, record.data, text))
            left = [text for text in left if text not in rivals]
            if same:
                unsigned = type == "TLSA" and not self._is_signed
                advice = "The zone is not signed with DNSSEC, so senders take no notice of it." if unsigned else None
                yield _finding(record, same, "ok", advice)
            elif rivals:
                yield _finding(record, rivals, "wrong", _replace("It differs.", record))
            else:
                yield _finding(record, (), "missing", _add(record))
        yield from self._surplus(name, type, left)

    def _surplus(self, name: str, type: str, found: Iterable[str]) -> Iterator[Finding]:
        for text in found:
            reason = surplus(type, text)
            if reason is not None:
                yield _extra(type, name, text, reason)

    def _values(self, question: Question) -> tuple[str, ...]:
        result = self._results.get(question)
        if not isinstance(result, Answer):
            return ()
        texts = (presented(question[1], value)[:_LONGEST_FOUND] for value in result.records)
        return tuple(dict.fromkeys(texts))[:MOST_FOUND]

    def _problem(self, question: Question) -> str | None:
        result = self._results.get(question)
        if result is None:
            return "It was not looked up, because there are too many records."
        if isinstance(result, LookupFailed) and result.kind not in _DENIED:
            return f"The name service gave no answer, so try again or mend the name servers: {result.reason}"
        return None


def _hosts(facts: DomainFacts) -> tuple[str, ...]:
    """Hosts that take mail or offer a service."""
    found = [host for _, host in facts.exchangers] + [host for _, host, _ in facts.services]
    return tuple(dict.fromkeys((*((facts.host,) if facts.host else ()), *found)))


def retired_names(facts: DomainFacts) -> tuple[str, ...]:
    """Names of DKIM keys that should not be found any more."""
    held = {key.selector for key in facts.keys if key.stage in PUBLISHED_STAGES}
    names = (f"{key.selector}._domainkey.{facts.apex}" for key in facts.keys if key.selector not in held)
    return tuple(dict.fromkeys(name for name in names if ascii_name(name) is not None))


def _silent_services(facts: DomainFacts, listening: Collection[str]) -> dict[str, str]:
    """The protocol by the name of its record, of mail services that are announced for this server with no listener."""
    here = {name for name, each in facts.system.services.items() if each.hostname is None}
    silent = {name for name in SERVICE_PORTS if name in here and name not in listening}
    return {name: protocol for name, protocol in srv_names(facts) if protocol in silent}


def _unserved(finding: Finding, silent: Mapping[str, str]) -> Finding:
    protocol = silent.get(finding.name)
    if protocol is None or finding.type != "SRV" or finding.expected in (None, NOT_OFFERED):
        return finding
    reason = f"Clients are sent here for {protocol}, for which the server has no listener."
    return _also(finding, f"{reason} Add an x:NetworkListener, or take {protocol} out of x:SystemSettings.services.")


def _without_postmaster(facts: DomainFacts, found: list[Finding], id: str) -> list[Finding]:
    """RFC 5321 4.5.1: said once, with the record that has mail sent here, or else the first that names the address."""
    address = f"{POSTMASTER}@{facts.apex}"
    of_mail = (place for place, each in enumerate(found) if each.type == "MX" and each.expected is not None)
    naming = (place for place, each in enumerate(found) if address in (each.expected or ""))
    place = next(of_mail, next(naming, None))
    if place is None:
        return found
    return [*found[:place], _also(found[place], advice(id, facts.apex)), *found[place + 1 :]]


def _also(finding: Finding, advice: str) -> Finding:
    """With what is wrong besides the record."""
    state: State = "wrong" if finding.state == "ok" else finding.state
    return evolve(finding, state=state, advice=f"{finding.advice}\n{advice}" if finding.advice else advice)


def _finding(record: ZoneRecord, found: tuple[str, ...], state: State, advice: str | None) -> Finding:
    return Finding(record.type, record.name, record.data, found, state, advice)


def _extra(type: str, name: str, found: str, reason: str) -> Finding:
    return Finding(type, name, None, (found,), "extra", f"{reason} Remove:\n{ZoneRecord(name, type, found).line}")


def _add(record: ZoneRecord) -> str:
    return f"Add this line to the zone:\n{record.line}"


def _replace(reason: str, record: ZoneRecord) -> str:
    return f"{reason} Put this line in its place:\n{record.line}"
