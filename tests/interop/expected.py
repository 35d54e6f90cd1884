"""What the diagnosis of each domain of the test network must show: stages, verdict, gravest finding.

Written from delivery-diagnostics 4 and design.md 8, with the corrections of delivery-diagnostics 9: TLS without a
trusted certificate goes on unless a policy forbids it, a host that ``testing`` does not list is tried, an absent MX
set is implicit, and a host that offers no TLS is talked to in the clear where no policy demands TLS.
"""

from __future__ import annotations

from attrs import frozen

ADDITIONS = frozenset({"finding", "addressDone", "smtpTranscript", "summary"})
"""Stage types that the documented stream does not know; they are left out of the comparison."""

STEPS = ("connection", "readGreeting", "ehlo", "startTls", "ehlo", "mailFrom", "rcptTo")
QUIT = ("quitStart", "quitCompleted")
END = ("completed",)


@frozen
class Expected:
    """``target`` with ``query``, the stage types but for ``ADDITIONS``, and the summary."""

    target: str
    stages: tuple[str, ...]
    verdict: str
    result_type: str | None
    query: str = "timeout=20"


def domain(sts: str = "mtaStsNotFound", reports: str = "tlsRptNotFound") -> tuple[str, ...]:
    """The stages before the first host."""
    return ("mxLookupStart", "mxLookupSuccess", "mtaStsFetchStart", sts, "tlsRptLookupStart", reports)


def host(
    *sessions: tuple[str, ...],
    verify: str | None = None,
    tlsa: str = "tlsaNotFound",
    addresses: str = "ipLookupSuccess",
) -> tuple[str, ...]:
    """The stages of one host."""
    stages: tuple[str, ...] = ("deliveryAttemptStart", *([verify] if verify else []))
    stages += ("tlsaLookupStart", tlsa, "ipLookupStart", addresses)
    return stages + tuple(stage for session in sessions for stage in session)


def session(fails: str | None = None, at: int = 1, quits: bool = False, dane: str | None = None) -> tuple[str, ...]:
    """The stages of one address; ``fails`` names the step that does, ``at`` which of its kind; ``quits``: the session
    still ends with QUIT; ``dane``: the stage after STARTTLS."""
    stages: list[str] = []
    seen = 0
    for step in STEPS:
        seen += step == fails
        stages.append(f"{step}Start")
        if step == fails and seen == at:
            stages.append(f"{step}Error")
            return (*stages, *(QUIT if quits else ()))
        stages.append(f"{step}Success")
        if step == "startTls" and dane:
            stages.append(dane)
    return (*stages, *QUIT)


def in_the_clear(fails: str | None = None) -> tuple[str, ...]:
    """The stages of one address that offers no TLS, where none is demanded."""
    stages = session(fails, quits=True)
    second = stages.index("startTlsSuccess")
    return (*stages[:second], "startTlsError", *stages[second + 3 :])


OK, WARN, FAIL = "ok", "warn", "fail"
STS = domain("mtaStsFetchSuccess", "tlsRptLookupSuccess")
UNUSABLE_STS = domain("mtaStsFetchError", "tlsRptLookupSuccess")
LISTED = "mtaStsVerifySuccess"
PINNED = "tlsaLookupSuccess"
BY_DANE = "daneVerifySuccess"
NO_MX = ("mxLookupStart", "mxLookupError", *END)
GOOD_HOST = host(session(dane=BY_DANE), tlsa=PINNED)
HEALTHY = STS + host(session(dane=BY_DANE), verify=LISTED, tlsa=PINNED) + END


def mailbox(name: str) -> str:
    """The target for a domain."""
    return f"postmaster@{name}"


def _row(name: str, stages: tuple[str, ...], verdict: str, result: str | None = None, timeout: int = 20) -> Expected:
    return Expected(mailbox(name), stages, verdict, result, f"timeout={timeout}")


def _fails(
    name: str, step: str, at: int = 1, quits: bool = False, result: str | None = None, timeout: int = 20
) -> Expected:
    """A hostile server at which ``step`` fails, without any policy."""
    return _row(f"{name}.test", domain() + host(session(step, at, quits)) + END, FAIL, result, timeout)


def _delivers(name: str, verdict: str = OK, result: str | None = None, timeout: int = 20) -> Expected:
    """A hostile server that takes the mail over TLS all the same."""
    return _row(f"{name}.test", domain() + host(session()) + END, verdict, result, timeout)


def _clear(name: str) -> Expected:
    stages = domain() + host(in_the_clear()) + END
    return _row(f"{name}.test", stages, WARN, "starttls-not-supported")


def _policy(name: str, result: str) -> Expected:
    """A policy that cannot be had, and a server that is in order."""
    return _row(f"{name}.test", UNUSABLE_STS + host(session()) + END, OK, result)


REAL_SERVERS = (
    _row("good.test", HEALTHY, OK),
    Expected("good.test", tuple(s for s in HEALTHY if not s.startswith(("mailFrom", "rcptTo"))), OK, None),
    Expected(
        "nobody@good.test",
        STS + host(session("rcptTo", quits=True, dane=BY_DANE), verify=LISTED, tlsa=PINNED) + END,
        FAIL,
        None,
    ),
    _row("danepinned.test", domain() + GOOD_HOST + END, OK),
    _row("daneta.test", domain() + GOOD_HOST + END, OK),
    _row("danemixed.test", domain() + GOOD_HOST + END, OK),
    _row("dual.test", domain() + host(session()) + END, OK),
    _row("v6only.test", domain() + host(session()) + END, OK),
    _row("clear.test", domain() + host(in_the_clear()) + END, WARN, "starttls-not-supported"),
)

DANE_AND_STS = (
    _row(
        "danebad.test",
        domain() + host(session(dane="daneVerifyError"), tlsa=PINNED) + END,
        FAIL,
        "tlsa-invalid",
    ),
    _row(
        "danetabad.test",
        domain() + host(session(dane="daneVerifyError"), tlsa=PINNED) + END,
        FAIL,
        "tlsa-invalid",
    ),
    _row("daneplain.test", domain() + host(session("startTls"), tlsa=PINNED) + END, FAIL, "starttls-not-supported"),
    _row("danegarbage.test", domain() + host(session("startTls"), tlsa=PINNED) + END, FAIL, "validation-failure"),
    _row("daneexpired.test", domain() + GOOD_HOST + END, OK),
    _row("danewrongname.test", domain() + GOOD_HOST + END, OK),
    _row("daneunusable.test", domain() + host(session(), tlsa="tlsaLookupError") + END, OK, "tlsa-invalid"),
    _row("sts.test", STS + host(session(), verify=LISTED) + END, OK),
    _row("ststesting.test", STS + host(session(), verify=LISTED) + END, WARN, "certificate-not-trusted"),
    _row("stsnone.test", STS + host(session(), verify=LISTED) + END, OK),
    _row("stsmismatch.test", (*STS, "deliveryAttemptStart", "mtaStsVerifyError", *END), FAIL, "validation-failure"),
    _row("ststestingmismatch.test", STS + host(session(), verify="mtaStsVerifyError") + END, OK, "validation-failure"),
    _row("stsselfsigned.test", STS + host(session("startTls"), verify=LISTED) + END, FAIL, "certificate-not-trusted"),
    _row("stsexpired.test", STS + host(session("startTls"), verify=LISTED) + END, FAIL, "certificate-expired"),
    _row("stswrongname.test", STS + host(session("startTls"), verify=LISTED) + END, FAIL, "certificate-host-mismatch"),
    _row("stsplain.test", STS + host(session("startTls"), verify=LISTED) + END, FAIL, "starttls-not-supported"),
    _policy("sts404", "sts-policy-fetch-error"),
    _policy("stsredirect", "sts-policy-fetch-error"),
    _policy("stsdown", "sts-policy-fetch-error"),
    _policy("stsbadcert", "sts-webpki-invalid"),
    _policy("stsoldcert", "sts-webpki-invalid"),
    _policy("stssyntax", "sts-policy-invalid"),
    _policy("stshtml", "sts-policy-invalid"),
    _policy("stshuge", "sts-policy-invalid"),
    _row(
        "stssilent.test",
        ("mxLookupStart", "mxLookupSuccess", "mtaStsFetchStart", "mtaStsFetchError", *END),
        FAIL,
        "sts-policy-fetch-error",
        timeout=2,
    ),
    _row("twosts.test", domain("mtaStsFetchError") + host(session()) + END, OK, "sts-policy-invalid"),
    _row(
        "badrecords.test",
        domain("mtaStsFetchError", "tlsRptLookupError") + host(session()) + END,
        OK,
        "sts-policy-invalid",
    ),
)

NAMES = (
    _row("xn--bcher-kva.test", domain() + host(session()) + END, OK),
    Expected("postmaster@bücher.test", domain() + host(session()) + END, OK, None),
    _row(
        "multi.test",
        domain(reports="tlsRptLookupSuccess") + host(session("connection")) + GOOD_HOST + END,
        OK,
    ),
    _row("twoaddr.test", domain() + host(session("connection"), session()) + END, OK),
    _row("refused.test", domain() + host(session("connection")) + END, FAIL),
    _row("blackhole.test", domain() + host(session("connection")) + END, FAIL, timeout=2),
    _row("implicit.test", domain() + host(session()) + END, OK),
    _row("alias.test", domain() + GOOD_HOST + END, OK),
    _row("cnamed.test", domain() + GOOD_HOST + END, OK),  # RFC 7672 2.2.3: the TLSA base domain is the expanded name
    _row("manymx.test", domain() + GOOD_HOST + END, OK),
    _row("dangling.test", domain() + host(addresses="ipLookupError") + END, FAIL),
    _row("nullmx.test", NO_MX, FAIL),
    _row("nothing.test", NO_MX, FAIL),
    _row("nxdomain.test", NO_MX, FAIL),
    _row("loop.test", NO_MX, FAIL, "dnssec-invalid"),  # design.md 8: a failing validating resolver counts as bogus
    _row("lame.test", NO_MX, FAIL, "dnssec-invalid"),
    _row("bogus", NO_MX, FAIL, "dnssec-invalid"),
    _row("insecure", domain() + host(session()) + END, OK),
    _row("tls.insecure", domain() + host(session()) + END, OK),
    _row(
        "bogusmx.test",
        domain() + host(tlsa="tlsaLookupError", addresses="ipLookupError") + END,
        FAIL,
        "dnssec-invalid",
    ),
)

HOSTILE = (
    _fails("silent", "readGreeting", timeout=2),
    _delivers("slow"),
    _fails("busy", "readGreeting"),
    _fails("banner4xx", "readGreeting"),
    _fails("banner5xx", "readGreeting"),
    _fails("drops", "readGreeting"),
    _fails("noehlo", "ehlo"),
    _fails("ehlo4xx", "ehlo"),
    _clear("plain"),
    _clear("bare"),
    _clear("tls4xx"),
    _clear("tls5xx"),
    _fails("garbage", "startTls", result="validation-failure"),
    _fails("tlsclose", "startTls", result="validation-failure"),
    _fails("tlssilent", "startTls", result="validation-failure", timeout=2),
    _fails("inject", "startTls", result="validation-failure"),
    _fails("tls10", "startTls", result="validation-failure"),
    _delivers("expired", WARN, "certificate-expired"),
    _delivers("notyet", WARN, "validation-failure"),
    _delivers("selfsigned", WARN, "certificate-not-trusted"),
    _delivers("unknownissuer", WARN, "certificate-not-trusted"),
    _delivers("wrongname", WARN, "certificate-host-mismatch"),
    _fails("mail4xx", "mailFrom", quits=True),
    _fails("mail5xx", "mailFrom", quits=True),
    _fails("rcpt4xx", "rcptTo", quits=True),
    _fails("rcpt5xx", "rcptTo", quits=True),
    _fails("shutdown", "mailFrom", quits=True),
    _fails("closesgreeting", "ehlo"),
    _fails("closesehlo", "startTls", result="validation-failure"),
    _fails("closestls", "ehlo", at=2),
    _fails("closesehlotls", "mailFrom"),
    _fails("closesmail", "rcptTo"),
    _delivers("closesrcpt"),
    _fails("hangsehlo", "ehlo", timeout=2),
    _fails("hangsmail", "mailFrom", timeout=2),
    _fails("hangsrcpt", "rcptTo", timeout=2),
    _delivers("hangsquit", timeout=2),
    _fails("longline", "ehlo"),
    _fails("longbanner", "readGreeting"),
    _fails("endless", "ehlo"),
    _fails("endlessbanner", "readGreeting"),
    _fails("drip", "readGreeting", timeout=2),
    _fails("eightbit", "readGreeting"),
    _delivers("eightbitbanner"),
    _fails("notnumeric", "ehlo"),
    _fails("mixedcodes", "ehlo"),
    _clear("barenewline"),
    _fails("talks", "ehlo"),
)

TABLE = (*REAL_SERVERS, *DANE_AND_STS, *NAMES, *HOSTILE)
