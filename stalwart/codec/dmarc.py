"""DMARC policy records (RFC 7489 6.3, RFC 9989 4.7): what a domain asks for, and what a person should know is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen

from stalwart.codec import tag_list

_POLICIES = ("none", "quarantine", "reject")
_URI = re.compile(r"(?:mailto:[^\s@,;!]+@[^\s@,;!]+|https?://[^\s,;!]+)(?:![0-9]+[kmgt]?)?\Z", re.IGNORECASE)


@frozen
class Dmarc:
    """What a domain asks of receivers: ``policy`` none, quarantine or reject, ``None`` where the record says
    nothing.

    ``subdomain_policy`` is ``None`` where it is the same; ``percent`` 0 to 100; ``rua`` and ``ruf`` are
    report URIs without their size limits; ``broken`` means that receivers ignore the record (RFC 7489 6.6.3).
    ``strict_dkim`` and ``strict_spf`` ask for the very domain of the author, not one of the same organisation.
    ``nonexistent_policy`` is for names that are not in DNS, ``None`` where it is the same; ``testing`` that the policy
    is tried out; ``public_suffix`` whether the domain is one: y, n, or u for unknown (RFC 9989 4.7).
    """

    record: str
    policy: str | None = None
    subdomain_policy: str | None = None
    percent: int = 100
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    broken: bool = False
    problems: tuple[str, ...] = ()
    strict_dkim: bool = False
    strict_spf: bool = False
    nonexistent_policy: str | None = None
    testing: bool = False
    public_suffix: str = "u"


def read(texts: Iterable[str]) -> Dmarc | None:
    """The DMARC record among the TXT records of ``_dmarc``, ``None`` if there is none (RFC 7489 6.6.3)."""
    records = [text for text in texts if re.match(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", text)]
    if not records:
        return None
    if len(records) > 1:
        problem = f"there are {len(records)} DMARC records, receivers then use none"
        return Dmarc(records[0], broken=True, problems=(problem,))
    try:
        tags = tag_list.parse(records[0])
    except tag_list.MalformedTagList as malformed:
        return Dmarc(records[0], broken=True, problems=(f"it is malformed: {malformed}",))
    return _judge(records[0], tags)


def _judge(record: str, tags: dict[str, str]) -> Dmarc:
    problems: list[str] = []
    rua, ruf = (_uris(name, tags.get(name), problems) for name in ("rua", "ruf"))
    policy = _policy("p", tags.get("p"), problems)
    broken = policy is None and not rua
    if policy is None and rua:
        problems.append("without a valid p it counts as p=none")  # RFC 7489 6.6.3
        policy = "none"
    elif policy is not None and list(tags)[1] != "p":
        problems.append("the tag p does not come right after v")  # RFC 7489 6.3
    subdomains = _policy("sp", tags["sp"], problems) if "sp" in tags else None
    percent = _percent(tags.get("pct"), problems)
    for name in ("adkim", "aspf"):
        if tags.get(name, "r").lower() not in ("r", "s"):
            problems.append(f"the tag {name} is neither r nor s")
    if policy == "none":
        problems.append("the policy none asks receivers to do nothing about forged mail")
    if not rua and not broken:
        problems.append("it names no address for reports")
    nonexistent = _policy("np", tags["np"], problems) if "np" in tags else None
    suffix = tags.get("psd", "u").lower()
    return Dmarc(
        record,
        policy,
        subdomains,
        percent,
        rua,
        ruf,
        broken,
        tuple(problems),
        tags.get("adkim", "r").lower() == "s",
        tags.get("aspf", "r").lower() == "s",
        nonexistent,
        tags.get("t", "n").lower() == "y",
        suffix if suffix in ("y", "n") else "u",
    )


def _policy(name: str, value: str | None, problems: list[str]) -> str | None:
    if value is None:
        problems.append(f"the tag {name} is missing")
        return None
    if value.lower() not in _POLICIES:
        problems.append(f"the tag {name} is none of none, quarantine, reject")
        return None
    return value.lower()


def _percent(value: str | None, problems: list[str]) -> int:
    if value is None:
        return 100
    if not re.fullmatch(r"[0-9]{1,3}", value) or int(value) > 100:
        problems.append("the tag pct is not a number from 0 to 100")
        return 100
    if int(value) < 100:
        problems.append(f"it applies to {int(value)} percent of the mail only")
    return int(value)


def _uris(name: str, value: str | None, problems: list[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    found = [uri.strip() for uri in value.split(",")[:100]]
    usable = [uri.partition("!")[0] for uri in found if _URI.match(uri)]
    if len(usable) < len(found):
        problems.append(f"the tag {name} has an address that is not a URI")
    return tuple(usable)
