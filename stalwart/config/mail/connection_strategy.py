"""x:MtaConnectionStrategy: addresses, names and time limits of outgoing SMTP connections (settings C.7; the limits
are those of RFC 5321 4.5.3.2).
"""

from __future__ import annotations

from stalwart.config.named import note, unique_name
from stalwart.schema import REQUIRED, Duration, Object, ObjectList, String, Value, prop

_MINUTE = 60_000


class MtaConnectionIpHost(Value):
    """A local address to connect from."""

    source_ip: str = prop(String("ipAddress"), REQUIRED, "Address of this computer.", label="Source IP")
    ehlo_hostname: str | None = prop(
        String("hostName", nullable=True), None, "Name said in EHLO from there; null is that of the strategy."
    )


class MtaConnectionStrategy(Object, label="name"):
    """How hosts that mail is sent to are connected."""

    name: str = unique_name("MtaConnectionStrategy")
    description: str | None = note()
    ehlo_hostname: str | None = prop(
        String("hostName", nullable=True),
        None,
        "Name said in EHLO; null is the default host name.",
        label="EHLO hostname",
    )
    source_ips: tuple[MtaConnectionIpHost, ...] = prop(
        ObjectList(MtaConnectionIpHost),
        {},
        "Addresses to connect from; none leaves it to the system.",
        label="Source IPs",
    )
    connect_timeout: int = prop(Duration(), 5 * _MINUTE, "Limit of connecting.")
    greeting_timeout: int = prop(Duration(), 5 * _MINUTE, "Limit of waiting for the greeting.")
    ehlo_timeout: int = prop(Duration(), 5 * _MINUTE, "Limit of waiting for the answer to EHLO.", label="EHLO timeout")
    mail_from_timeout: int = prop(Duration(), 5 * _MINUTE, "Limit of waiting for the answer to MAIL.")
    rcpt_to_timeout: int = prop(Duration(), 5 * _MINUTE, "Limit of waiting for the answer to RCPT.")
    data_timeout: int = prop(Duration(), 10 * _MINUTE, "Limit of waiting for the answer to the message.")
