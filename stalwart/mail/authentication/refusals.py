"""When mail is refused for who it is from: only where x:SenderAuth is strict (settings C.8, RFC 7372).

What DNS did not tell leads to a temporary refusal, since it may be different the next time.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from stalwart.codec.authentication_results import ArcVerdict, DkimVerdict, DmarcVerdict, NameVerdict, SpfVerdict


@frozen
class Modes:
    """How each check is done: ``relaxed`` (noted), ``strict`` (failures are refused) or ``disable``: what the rules of
    x:SenderAuth say for a message. ``dkim_strict``: signatures that are weak do not count.
    """

    dkim: str = "relaxed"
    arc: str = "disable"
    spf_ehlo: str = "relaxed"
    spf_from: str = "relaxed"
    dmarc: str = "relaxed"
    iprev: str = "relaxed"
    dkim_strict: bool = True


@frozen
class Refusal:
    """The reply to give in place of taking the message."""

    code: int
    enhanced: str
    text: str


def sender_refusal(
    spf_ehlo: SpfVerdict | None, spf_from: SpfVerdict | None, iprev: NameVerdict | None, modes: Modes
) -> Refusal | None:
    """Why a sender is refused."""
    if iprev is not None and modes.iprev == "strict" and iprev.result != "pass":
        return _refusal(iprev.result == "temperror", "7.25", "The name of your address does not lead back to it")
    for verdict, mode in ((spf_ehlo, modes.spf_ehlo), (spf_from, modes.spf_from)):
        found = _spf_refusal(verdict) if verdict is not None and mode == "strict" else None
        if found is not None:
            return found
    return None


def message_refusal(
    dkim: Sequence[DkimVerdict], arc: ArcVerdict | None, dmarc: DmarcVerdict | None, modes: Modes
) -> Refusal | None:
    """Why a message is refused. Strict DKIM wants a signature that fits, strict DMARC what the author's domain asks
    for: failures under ``reject``, and messages whose author cannot be told.
    """
    if modes.dkim == "strict" and not any(one.result == "pass" for one in dkim):
        temporary = any(one.result == "temperror" for one in dkim)
        return _refusal(temporary, "7.20", "There is no DKIM signature that fits")
    if modes.arc == "strict" and arc is not None and arc.result == "fail":
        return _refusal(arc.temporary, "7.29", "The chain of ARC results is broken")
    if modes.dmarc == "strict" and dmarc is not None:
        return _dmarc_refusal(dmarc)
    return None


def _spf_refusal(verdict: SpfVerdict) -> Refusal | None:
    if verdict.result == "fail":
        said = f": {verdict.explanation}" if verdict.explanation else ""
        return _refusal(False, "7.23", f"{_named(verdict)} does not let your address send for it{said}")
    if verdict.result in ("temperror", "permerror"):
        text = f"The SPF records of {_named(verdict)} cannot be evaluated"
        return _refusal(verdict.result == "temperror", "7.24", text)
    return None


def _dmarc_refusal(verdict: DmarcVerdict) -> Refusal | None:
    if verdict.result == "permerror":
        return _refusal(False, "7.1", "The author of the message cannot be told")
    if verdict.policy != "reject" or verdict.result not in ("fail", "temperror"):
        return None
    text = "The author is not authenticated, which the policy of the domain does not let pass"
    return _refusal(verdict.result == "temperror", "7.1", text)


def _refusal(temporary: bool, detail: str, text: str) -> Refusal:
    return Refusal(451, f"4.{detail}", text) if temporary else Refusal(550, f"5.{detail}", text)


def _named(verdict: SpfVerdict) -> str:
    """The domain, as far as it may be in a reply."""
    domain = "".join(character for character in verdict.domain[:253] if "!" <= character <= "~")
    return domain or "the domain"
