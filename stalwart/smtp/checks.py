"""How messages of other servers are checked, by the rules of x:SenderAuth."""

from __future__ import annotations

from stalwart.config.mail.sender_auth import SenderAuth
from stalwart.mail.authentication.checking import Checked, Modes, SenderChecked
from stalwart.smtp.inbound_rules import SessionRules, Variable
from stalwart.smtp.reception import Refusal

_OFF = "disable"
_NEEDED = ("dkim", "arc", "spf_ehlo", "spf_from", "dmarc", "iprev")


async def modes_of(rules: SessionRules, settings: SenderAuth, variable: Variable) -> Modes | None:
    """What the rules say for a message; None if nothing is to be checked."""
    modes = Modes(
        dkim=await rules.word(settings.dkim_verify, variable, "relaxed", "dkimVerify") or _OFF,
        arc=await rules.word(settings.arc_verify, variable, _OFF, "arcVerify") or _OFF,
        spf_ehlo=await rules.word(settings.spf_ehlo_verify, variable, "relaxed", "spfEhloVerify") or _OFF,
        spf_from=await rules.word(settings.spf_from_verify, variable, "relaxed", "spfFromVerify") or _OFF,
        dmarc=await rules.word(settings.dmarc_verify, variable, "relaxed", "dmarcVerify") or _OFF,
        iprev=await rules.word(settings.reverse_ip_verify, variable, "relaxed", "reverseIpVerify") or _OFF,
        dkim_strict=settings.dkim_strict,
    )
    return None if all(getattr(modes, name) == _OFF for name in _NEEDED) else modes


def judges_senders(modes: Modes | None) -> bool:
    """Whether somebody may be refused for what is known at MAIL."""
    return modes is not None and "strict" in (modes.spf_ehlo, modes.spf_from, modes.iprev)


def sender_refusal_of(found: SenderChecked, modes: Modes) -> Refusal | None:
    """Why a sender is not taken after his checks."""
    refusal = found.refusal(modes)
    return None if refusal is None else Refusal(refusal.code, refusal.enhanced, refusal.text)


def has_passed(checked: Checked | None) -> bool:
    """Whether the author is proved by DMARC."""
    return checked is not None and checked.dmarc is not None and checked.dmarc.result == "pass"


def refusal_of(checked: Checked, modes: Modes) -> Refusal | None:
    """Why a message is not taken after its checks."""
    found = checked.sender.refusal(modes) or checked.refusal(modes)
    return None if found is None else Refusal(found.code, found.enhanced, found.text)
