"""x:NetworkListener: addresses that the server listens on (settings C.2)."""

from __future__ import annotations

from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Object,
    Set,
    String,
    Unsigned,
    prop,
)

PROTOCOL = Enumeration(
    "NetworkListenerProtocol",
    ("smtp", "lmtp", "http", "imap", "pop3", "manageSieve"),
    "Services of a listener.",
)

TLS_VERSION = Enumeration("TlsVersion", ("tls12", "tls13"), "Versions of TLS.")

TLS_CIPHER_SUITE = Enumeration(
    "TlsCipherSuite",
    (
        "tls13-aes-256-gcm-sha384",
        "tls13-aes-128-gcm-sha256",
        "tls13-chacha20-poly1305-sha256",
        *(
            f"tls-ecdhe-{key}-with-{cipher}"
            for key in ("ecdsa", "rsa")
            for cipher in ("aes-256-gcm-sha384", "aes-128-gcm-sha256", "chacha20-poly1305-sha256")
        ),
    ),
    "Cipher suites of TLS 1.3 and 1.2.",
)

_POSITIVE = Unsigned(min=1, nullable=True)


class NetworkListener(Object, label="name"):
    """Addresses that one service listens on. Changes are bound at once; an address that fails keeps the old
    socket.
    """

    name: str = prop(
        String(),
        REQUIRED,
        "Name of the listener, the value of `listener` in expressions.",
        update="immutable",
        unique="NetworkListener.name",
        index="exact",
    )
    bind: frozenset[str] = prop(
        Set(String("socketAddress"), min_items=1), {}, "Addresses with ports, such as `[::]:443`."
    )
    protocol: str = prop(Enum(PROTOCOL), "smtp", "Service.")
    use_tls: bool = prop(Boolean(), True, "Offer TLS at all.")
    tls_implicit: bool = prop(Boolean(), False, "TLS from the first byte; otherwise STARTTLS or none.")
    tls_timeout: int | None = prop(Duration(nullable=True), 60_000, "Limit of a TLS handshake.")
    tls_disable_protocols: frozenset[str] = prop(Set(Enum(TLS_VERSION)), {}, "TLS versions taken out.")
    tls_disable_cipher_suites: frozenset[str] = prop(Set(Enum(TLS_CIPHER_SUITE)), {}, "Cipher suites taken out.")
    tls_ignore_client_order: bool = prop(Boolean(), True, "The server's preference among cipher suites wins.")
    max_connections: int | None = prop(_POSITIVE, 8192, "Concurrent connections; null is no limit.")
    override_proxy_trusted_networks: frozenset[str] = prop(
        Set(String("ipNetwork")),
        {},
        "Peers that must speak the PROXY protocol here, in place of the global list.",
    )
    socket_backlog: int | None = prop(_POSITIVE, 1024, "Connections that wait to be accepted.")
    socket_no_delay: bool = prop(Boolean(), True, "Send small packets at once (TCP_NODELAY).")
    socket_reuse_address: bool = prop(Boolean(), True, "Bind although old connections linger (SO_REUSEADDR).")
    socket_reuse_port: bool = prop(
        Boolean(),
        True,
        "Several processes may bind the address; used once there are workers.",
    )
    socket_receive_buffer_size: int | None = prop(_POSITIVE, None, "Receive buffer in bytes; null is the system's.")
    socket_send_buffer_size: int | None = prop(_POSITIVE, None, "Send buffer in bytes; null is the system's.")
    socket_tos_v4: int | None = prop(_POSITIVE, None, "Type of service of IPv4 packets (IP_TOS).")
    socket_ttl: int | None = prop(_POSITIVE, None, "Time to live of IPv4 packets (IP_TTL).")
