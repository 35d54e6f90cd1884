"""Checks who a message is from: SPF, DKIM, ARC, DMARC and the name of the client (settings C.8).

Look-ups run side by side and are bounded together; what DNS does not tell in time is temperror. Octets are hashed, and
signatures verified, in file threads. Whether anything is refused for what was found is for the caller to ask.

Each way of checking is imported with the first message that asks for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.python.failure import Failure

from stalwart.codec import authentication_results as results
from stalwart.codec.authentication_results import ArcVerdict, DkimVerdict, DmarcVerdict, NameVerdict, SpfVerdict
from stalwart.codec.ip_networks import InvalidAddress, parse_ip
from stalwart.mail.authentication.refusals import Modes, Refusal, message_refusal, sender_refusal
from stalwart.net.dns import LookupFailed, Resolver
from stalwart.net.side_by_side import side_by_side
from stalwart.store import Store
from stalwart.store.blob_files import BlobFiles, Stored
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event
from stalwart.telemetry.faults import tell_fault
from stalwart.telemetry.verdict_events import (
    SMTP_ARC_FAIL,
    SMTP_ARC_PASS,
    SMTP_DKIM_FAIL,
    SMTP_DKIM_PASS,
    SMTP_DMARC_FAIL,
    SMTP_DMARC_PASS,
    SMTP_IPREV_FAIL,
    SMTP_IPREV_PASS,
    SMTP_SPF_EHLO_FAIL,
    SMTP_SPF_EHLO_PASS,
    SMTP_SPF_FROM_FAIL,
    SMTP_SPF_FROM_PASS,
    VERDICTS,
)

if TYPE_CHECKING:
    from stalwart.codec.dkim.verifying import KeyRecords
    from stalwart.mail.authentication.evidence import Evidence

__all__ = ["LONGEST", "Checked", "Checking", "Modes", "Refusal", "SenderChecked"]

T = TypeVar("T")

LONGEST = 20.0
"""Seconds that all checks of a message may take."""
_KEYS_BY = 12.0
"""Seconds after which keys and senders are not waited for any more."""
_VERIFIED_BY = 15.0
"""Seconds after which signatures are not waited for any more, so that there is time for the policy."""

_GRACE = 0.5  # seconds in which what is known of a policy is still told

_IN_TIME = "DNS did not answer in time"


@frozen
class SenderChecked:
    """What is known of a client and of the sender that it names, before there is a message."""

    ip: str
    helo: str
    mail_from: str
    spf_ehlo: SpfVerdict | None = None
    spf_from: SpfVerdict | None = None
    iprev: NameVerdict | None = None

    def refusal(self, modes: Modes) -> Refusal | None:
        """Why MAIL is refused; None if nothing strict has failed."""
        return sender_refusal(self.spf_ehlo, self.spf_from, self.iprev, modes)


@frozen
class Checked:
    """What was found; None, or an empty tuple, is what was not looked at. A message without signatures has one verdict
    that says so.
    """

    sender: SenderChecked
    dkim: tuple[DkimVerdict, ...] = ()
    arc: ArcVerdict | None = None
    dmarc: DmarcVerdict | None = None

    @property
    def may_be_answered(self) -> bool:
        """Whether bounces and automatic answers may go to its sender: it is not one who may well be forged, by what
        DMARC says of the author, or SPF of the return path, to which they would go (RFC 7208 8.4).
        """
        if self._is_disowned:
            return False
        found = self.dmarc
        if found is None or found.result in ("pass", "none"):
            return True
        return found.published == "none" and found.result != "permerror"

    @property
    def _is_disowned(self) -> bool:
        """Whether the domain of the return path says that the client is none of its own, and has not signed either, as
        it has what somebody sends on.
        """
        spf = self.sender.spf_from
        if spf is None or spf.result != "fail":
            return False
        domain = spf.domain.lower()
        signers = (each.domain.lower() for each in self.dkim if each.result == "pass")
        return not any(domain == signer or domain.endswith(f".{signer}") for signer in signers)

    def authentication_results(self, authserv_id: str) -> bytes:
        """The field Authentication-Results with its line end (RFC 8601 2.2)."""
        methods = [results.spf_method(one) for one in (self.sender.spf_ehlo, self.sender.spf_from) if one is not None]
        methods += [results.dkim_method(one) for one in self.dkim]
        if self.arc is not None:
            methods.append(results.arc_method(self.arc))
        if self.dmarc is not None:
            methods.append(results.dmarc_method(self.dmarc))
        if self.sender.iprev is not None:
            methods.append(results.name_method(self.sender.iprev))
        return results.authentication_results(authserv_id, methods)

    def received_spf(self, receiver: str) -> bytes:
        """The field Received-SPF with its line end (RFC 7208 9.1); empty if SPF was not looked at."""
        sender = self.sender
        verdict = sender.spf_from or sender.spf_ehlo
        if verdict is None:
            return b""
        return results.received_spf(
            verdict, ip=sender.ip, helo=sender.helo, mail_from=sender.mail_from, receiver=receiver
        )

    def refusal(self, modes: Modes) -> Refusal | None:
        """Why the message is refused; None if nothing strict has failed."""
        return message_refusal(self.dkim, self.arc, self.dmarc, modes)


class Checking:
    """The service ``mail_checks``. ``resolver`` gives the name service in force; ``receiver`` is the name of this host,
    for records that ask for it; ``draw`` gives numbers below 1.
    """

    def __init__(
        self,
        store: Store,
        resolver: Callable[[], Resolver],
        clock: Any,
        telemetry: Telemetry,
        *,
        receiver: str = "unknown",
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._clock = clock
        self._telemetry = telemetry
        self._receiver = receiver
        self._draw = draw
        self._running: set[Deferred[Any]] = set()

    async def check_sender(self, *, ip: str, helo: str, mail_from: str, modes: Modes) -> SenderChecked:
        """SPF and the name of the client, by what is known at MAIL. ``mail_from`` is "" for the null sender. Takes 12
        seconds at most, and does not fail.
        """
        return await self._sender(ip, helo, mail_from, modes, self._clock.seconds() + _KEYS_BY)

    async def check(
        self,
        content: bytes | Stored,
        *,
        ip: str,
        helo: str,
        mail_from: str,
        modes: Modes,
        sender: SenderChecked | None = None,
    ) -> Checked:
        """Everything, by the whole message as it came (trace fields of ours before it do no harm). ``sender`` is what
        ``check_sender`` has found, if it was asked before. Takes 20 seconds at most, and does not fail.
        """
        begun = self._clock.seconds()
        pending: list[Deferred[SenderChecked]] = []
        if sender is None:
            work = self._sender(ip, helo, mail_from, modes, begun + _KEYS_BY)
            pending.append(Deferred.fromCoroutine(work))
        try:
            dkim, arc, evidence = await self._signatures(content, modes, begun)
            found = sender if sender is not None else await pending[0]
        finally:
            for one in pending:
                one.cancel()
                one.addErrback(lambda _: None)
        checked = Checked(found, dkim, arc)
        if modes.dmarc != "disable":
            verdict = await self._policy(evidence, checked, begun + LONGEST)
            checked = evolve(checked, dmarc=verdict)
        self._tell(checked)
        return checked

    async def close(self) -> None:
        """Break off what runs."""
        for running in tuple(self._running):
            running.cancel()

    # The sender

    async def _sender(self, ip: str, helo: str, mail_from: str, modes: Modes, until: float) -> SenderChecked:
        found = SenderChecked(ip, helo, mail_from)
        try:
            address = parse_ip(ip)
        except InvalidAddress:
            return found
        resolver, now = self._resolver(), self._clock.seconds()

        async def spf(scope: str, mode: str) -> SpfVerdict | None:
            if mode == "disable":
                return None
            from stalwart.mail.authentication.spf import check_host

            identity = helo if scope == "helo" or not mail_from else mail_from
            late = SpfVerdict("temperror", identity.rpartition("@")[2], scope, identity, reason=_IN_TIME)
            asked = check_host(resolver, address, helo, mail_from, scope=scope, receiver=self._receiver, now=now)
            return await self._within(until, asked, late)

        async def name() -> NameVerdict | None:
            if modes.iprev == "disable":
                return None
            from stalwart.mail.authentication.reverse_name import check_name

            late = NameVerdict("temperror", ip, reason=_IN_TIME)
            return await self._within(until, check_name(resolver, address), late)

        works: list[Coroutine[Any, Any, Any]] = [spf("helo", modes.spf_ehlo), spf("mailfrom", modes.spf_from), name()]
        spf_ehlo, spf_from, iprev = await side_by_side(*works)
        return evolve(found, spf_ehlo=spf_ehlo, spf_from=spf_from, iprev=iprev)

    # The message

    async def _signatures(
        self, content: bytes | Stored, modes: Modes, begun: float
    ) -> tuple[tuple[DkimVerdict, ...], ArcVerdict | None, Evidence]:
        from stalwart.codec.dkim.fields import pieces_of
        from stalwart.mail.authentication.evidence import Evidence, judged, read_evidence

        dkim, arc = modes.dkim != "disable", modes.arc != "disable"
        if not dkim and not arc and modes.dmarc == "disable":
            return (), None, Evidence()

        def read(files: BlobFiles) -> Evidence:
            pieces = files.chunks(content.hash) if isinstance(content, Stored) else pieces_of(content)
            return read_evidence(pieces, dkim=dkim, arc=arc, strict=modes.dkim_strict, now=begun)

        unread = Evidence(doubt="the message could not be read in time")
        evidence = await self._within(begun + _KEYS_BY, self._work(read), unread)
        if not evidence.has_signatures:
            nothing = DkimVerdict("temperror" if evidence is unread else "none", reason=evidence.doubt)
            return ((nothing,) if dkim else ()), None, evidence
        keys = await self._keys(evidence.key_names, begun + _KEYS_BY)
        lost = (DkimVerdict("temperror", reason="the signatures could not be verified in time"),)
        verdicts, chain = await self._within(
            begun + _VERIFIED_BY, self._work(lambda _: judged(evidence, keys)), (lost, None)
        )
        if dkim and not verdicts:
            verdicts = (DkimVerdict("none"),)
        return verdicts, chain, evidence

    async def _keys(self, names: Iterable[str], until: float) -> dict[str, KeyRecords]:
        """The key records, looked up side by side."""
        from stalwart.codec.dkim.verifying import KeyRecords

        resolver, wanted = self._resolver(), tuple(names)
        late = KeyRecords(problem=_IN_TIME, temporary=True)
        found = await side_by_side(*(self._within(until, _key(resolver, name), late) for name in wanted))
        return dict(zip(wanted, found, strict=True))

    async def _policy(self, evidence: Evidence, checked: Checked, until: float) -> DmarcVerdict:
        if evidence.doubt:
            return DmarcVerdict("permerror", reason=evidence.doubt)
        from stalwart.mail.authentication import dmarc
        from stalwart.mail.authentication.bounded_lookups import BoundedResolver

        author = evidence.authors[0]
        late = DmarcVerdict("temperror", author, reason=_IN_TIME)
        resolver = BoundedResolver(self._resolver(), self._clock, until - _GRACE)
        work = dmarc.evaluate(resolver, evidence.authors, checked.sender.spf_from, checked.dkim, draw=self._draw)
        return await self._within(until, work, late)

    async def _work(self, work: Callable[[BlobFiles], T]) -> T:
        return await self._store.blob_work(work)

    async def _within(self, until: float, work: Coroutine[Any, Any, T], otherwise: T) -> T:
        """What ``work`` gives, or ``otherwise`` if it takes too long or breaks, which must not cost the message."""
        running = Deferred.fromCoroutine(work)
        running.addTimeout(max(0.0, until - self._clock.seconds()), self._clock)
        self._running.add(running)
        try:
            return await running
        except DeferredTimeout:
            return otherwise
        except (CancelledError, GeneratorExit):
            raise
        except Exception:
            tell_fault(self._telemetry, Failure())
            return otherwise
        finally:
            self._running.discard(running)

    # Events

    def _tell(self, checked: Checked) -> None:
        sender = checked.sender
        for spf, passed, failed in (
            (sender.spf_ehlo, SMTP_SPF_EHLO_PASS, SMTP_SPF_EHLO_FAIL),
            (sender.spf_from, SMTP_SPF_FROM_PASS, SMTP_SPF_FROM_FAIL),
        ):
            if spf is not None:
                self._tell_one("spf", passed, failed, sender, spf.result, spf.domain, spf.reason)
        for dkim in checked.dkim:
            self._tell_one("dkim", SMTP_DKIM_PASS, SMTP_DKIM_FAIL, sender, dkim.result, dkim.domain, dkim.reason)
        if checked.arc is not None and checked.arc.result != "none":
            arc = checked.arc
            self._tell_one("arc", SMTP_ARC_PASS, SMTP_ARC_FAIL, sender, arc.result, arc.sealer, arc.reason)
        if checked.dmarc is not None:
            found = checked.dmarc
            self._tell_one("dmarc", SMTP_DMARC_PASS, SMTP_DMARC_FAIL, sender, found.result, found.domain, found.reason)
        if sender.iprev is not None:
            name = sender.iprev
            self._tell_one("iprev", SMTP_IPREV_PASS, SMTP_IPREV_FAIL, sender, name.result, name.name, name.reason)

    def _tell_one(
        self, method: str, passed: Event, failed: Event, sender: SenderChecked, result: str, domain: str, reason: str
    ) -> None:
        verdict = VERDICTS.get((method, result))
        if verdict is not None:
            told = {"from": sender.mail_from, "reason": reason or None}
            self._telemetry.emit(verdict, remoteIp=sender.ip, domain=domain, **told)
        if result == "pass":
            self._telemetry.emit(passed, remoteIp=sender.ip, domain=domain, **{"from": sender.mail_from})
            return
        said = {"from": sender.mail_from, "result": result, "reason": reason}
        self._telemetry.emit(failed, remoteIp=sender.ip, domain=domain, **said)


async def _key(resolver: Resolver, name: str) -> KeyRecords:
    """The texts at the name of a key; that there are none is certain, anything else may change."""
    from stalwart.codec.dkim.verifying import KeyRecords

    try:
        return KeyRecords(tuple((await resolver.lookup(name, "TXT")).records))
    except LookupFailed as failed:
        if failed.kind in ("nxdomain", "nodata"):
            return KeyRecords(problem="there is no key record")
        temporary = failed.kind != "malformed"
        return KeyRecords(problem="the key cannot be looked up", temporary=temporary)
