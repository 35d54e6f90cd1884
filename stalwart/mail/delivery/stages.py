"""The stages of a delivery diagnosis as they appear on the wire, declared once.

A stage is a JSON object whose first member is ``type``; the other members follow in the order of declaration and
optional ones are left out while they are ``None``. ``elapsed`` is whole milliseconds since the matching start stage.
The members of ``policy`` and ``record`` keep their snake_case names. Order, names and types are those that clients of
the documented stream know (delivery-diagnostics 3); members with a default and the types below ``Additions`` are ours
and are ignored by such clients (delivery-diagnostics 9).
"""

from __future__ import annotations

from typing import Any

import msgspec


def _tag(qualified_name: str) -> str:
    return qualified_name[0].lower() + qualified_name[1:]


class Stage(msgspec.Struct, frozen=True, tag_field="type", tag=_tag, rename="camel", omit_defaults=True):
    """One step of the diagnosis."""


class Exchanges(msgspec.Struct, frozen=True):
    """The exchanges of one preference, in the order received; names are A-labels with a trailing dot."""

    exchanges: list[str]
    preference: int


class MxLookupStart(Stage, frozen=True):
    """The exchanges of ``domain`` are being looked up."""

    domain: str


class MxLookupSuccess(Stage, frozen=True):
    """``mxs`` by ascending preference; empty where the domain itself is the exchange (RFC 5321 5.1)."""

    mxs: list[Exchanges]
    elapsed: int
    dnssec: str | None = None


class MxLookupError(Stage, frozen=True):
    """There is nowhere to deliver to."""

    reason: str
    elapsed: int


class MtaStsFetchStart(Stage, frozen=True):
    """The MTA-STS record and policy are being fetched."""


class MtaStsFetchSuccess(Stage, frozen=True):
    """``policy`` is the wire form of ``codec.mta_sts.Policy`` with the id of its DNS record."""

    policy: dict[str, Any]
    elapsed: int
    cached: bool | None = None
    advice: list[str] | None = None


class MtaStsFetchError(Stage, frozen=True):
    """The policy is announced but cannot be used; ``http_status`` if the policy host answered."""

    reason: str
    elapsed: int
    http_status: int | None = None


class MtaStsNotFound(Stage, frozen=True):
    """The domain announces no policy."""

    elapsed: int


class TlsRptLookupStart(Stage, frozen=True):
    """The TLS reporting record is being looked up."""


class TlsRptLookupSuccess(Stage, frozen=True):
    """``rua``: where reports go, as ``{"type":"mail","email"}`` or ``{"type":"http","url"}``."""

    rua: list[dict[str, str]]
    elapsed: int


class TlsRptLookupError(Stage, frozen=True):
    """There is a record, but it cannot be used, or the lookup failed."""

    reason: str
    elapsed: int


class TlsRptNotFound(Stage, frozen=True):
    """The domain wants no TLS reports."""

    elapsed: int


class DeliveryAttemptStart(Stage, frozen=True):
    """``hostname`` (no trailing dot) is tried next."""

    hostname: str


class MtaStsVerifySuccess(Stage, frozen=True):
    """The policy lists the host."""


class MtaStsVerifyError(Stage, frozen=True):
    """The policy does not list the host."""

    reason: str


class TlsaLookupStart(Stage, frozen=True):
    """The TLSA records of the host are being looked up."""


class TlsaLookupSuccess(Stage, frozen=True):
    """``record`` is the wire form of ``codec.tlsa.TlsaSet``; ``dnssec`` says how it was authenticated."""

    record: dict[str, Any]
    elapsed: int
    dnssec: str | None = None


class TlsaNotFound(Stage, frozen=True):
    """DANE does not apply to the host."""

    elapsed: int
    reason: str


class TlsaLookupError(Stage, frozen=True):
    """The TLSA records cannot be had or hold nothing usable."""

    elapsed: int
    reason: str


class IpLookupStart(Stage, frozen=True):
    """The addresses of the host are being looked up."""


class IpLookupSuccess(Stage, frozen=True):
    """``remote_ips``: IPv4 first."""

    remote_ips: list[str]
    elapsed: int


class IpLookupError(Stage, frozen=True):
    """The host has no address."""

    reason: str
    elapsed: int


class ConnectionStart(Stage, frozen=True):
    """A TCP connection to ``remote_ip`` is being opened."""

    remote_ip: str


class ConnectionSuccess(Stage, frozen=True):
    """Connected."""

    elapsed: int


class ConnectionError(Stage, frozen=True):
    """Not connected."""

    elapsed: int
    reason: str


class ReadGreetingStart(Stage, frozen=True):
    """The greeting is awaited."""


class ReadGreetingSuccess(Stage, frozen=True):
    """``banner``: the text after the code."""

    elapsed: int
    banner: str | None = None


class ReadGreetingError(Stage, frozen=True):
    """No greeting, or not code 220."""

    elapsed: int
    reason: str


class EhloStart(Stage, frozen=True):
    """EHLO is sent."""


class EhloSuccess(Stage, frozen=True):
    """``capabilities``: the keyword lines as the host wrote them."""

    elapsed: int
    capabilities: list[str] | None = None


class EhloError(Stage, frozen=True):
    """EHLO was refused or not answered."""

    elapsed: int
    reason: str


class StartTlsStart(Stage, frozen=True):
    """STARTTLS is asked for."""


class StartTlsSuccess(Stage, frozen=True):
    """TLS is up. ``webpki``: ``{"ok":bool,"reason"?}`` by the public authorities, whatever DANE says."""

    elapsed: int
    protocol: str | None = None
    cipher: str | None = None
    group: str | None = None
    chain: list[dict[str, Any]] | None = None
    webpki: dict[str, Any] | None = None


class StartTlsError(Stage, frozen=True):
    """No TLS, or TLS that a published policy does not allow."""

    elapsed: int
    reason: str
    protocol: str | None = None
    cipher: str | None = None
    group: str | None = None
    chain: list[dict[str, Any]] | None = None
    webpki: dict[str, Any] | None = None


class DaneVerifySuccess(Stage, frozen=True):
    """The certificate is the one that the TLSA records name."""


class DaneVerifyError(Stage, frozen=True):
    """It is not."""

    reason: str


class MailFromStart(Stage, frozen=True):
    """MAIL FROM:<> is sent."""


class MailFromSuccess(Stage, frozen=True):
    """Accepted."""

    elapsed: int


class MailFromError(Stage, frozen=True):
    """Refused or not answered."""

    reason: str
    elapsed: int


class RcptToStart(Stage, frozen=True):
    """RCPT TO with the target is sent."""


class RcptToSuccess(Stage, frozen=True):
    """The recipient is accepted."""

    elapsed: int


class RcptToError(Stage, frozen=True):
    """The recipient is refused, or no answer came."""

    reason: str
    elapsed: int


class QuitStart(Stage, frozen=True):
    """QUIT is sent."""


class QuitCompleted(Stage, frozen=True):
    """The session is over, whatever the host answered."""

    elapsed: int


class Completed(Stage, frozen=True):
    """The last stage of every diagnosis."""


# Additions


class TranscriptLine(msgspec.Struct, frozen=True):
    """``dir`` is ``>`` for what was sent and ``<`` for what came."""

    dir: str
    text: str


class SmtpTranscript(Stage, frozen=True):
    """The dialogue with one address, secrets blanked out."""

    lines: list[TranscriptLine]


class AddressDone(Stage, frozen=True):
    """What the test of one address came to: ``ok``, ``warn`` or ``fail``."""

    hostname: str
    remote_ip: str
    verdict: str


class Finding(Stage, frozen=True):
    """Advice on ``topic`` (spf dkim dmarc ptr tlsRpt mtaSts ipv6) that never changes the verdict."""

    topic: str
    level: str
    text: str


class HostSummary(msgspec.Struct, frozen=True, rename="camel"):
    """The outcome for one exchange; ``result_type`` is a name of RFC 8460 4.3 or null."""

    hostname: str
    addresses: list[str]
    verdict: str
    result_type: str | None


class Summary(Stage, frozen=True, omit_defaults=False):
    """The outcome of the whole diagnosis: what a sender that honours the published policies would do."""

    verdict: str
    result_type: str | None
    hosts: list[HostSummary]


_encoder = msgspec.json.Encoder()


def encode(stage: Stage) -> bytes:
    """The stage as compact JSON, ``type`` first."""
    return _encoder.encode(stage)


def stage_types() -> dict[str, type[Stage]]:
    """Every stage type by its wire name."""
    return {_tag(kind.__name__): kind for kind in Stage.__subclasses__()}
