"""Results of checks that a sender is who it says: blocks of the action TroubleshootDmarc (settings C.12, RFC 8601
2.7).
"""

from __future__ import annotations

from stalwart.schema import Enumeration, String, Union, Variant, prop

DMARC_DISPOSITION = Enumeration(
    "DmarcDisposition",
    ("none", "quarantine", "reject", "unspecified"),
    "What a domain asks for messages that fail DMARC.",
)


class Detailed(Variant):
    """What results share that need an explanation."""

    details: str | None = prop(String("text", nullable=True), None, "Why.", update="serverSet")


class Pass(Variant):
    """It holds."""


class Fail(Detailed):
    """It does not hold."""


class SoftFail(Detailed):
    """It probably does not hold."""


class TempError(Detailed):
    """It cannot be told now."""


class PermError(Detailed):
    """It cannot be told, as what the domain publishes is wrong."""


class Neutral(Detailed):
    """The domain does not want to say."""


class NotGiven(Variant, name="None"):
    """There is nothing to check."""


AuthResult = Union(
    "DmarcTroubleshootAuthResult",
    Pass,
    Fail,
    SoftFail,
    TempError,
    PermError,
    Neutral,
    NotGiven,
    doc="Result of a check.",
)
