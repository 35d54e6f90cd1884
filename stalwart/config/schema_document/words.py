"""Names made into words for people: ``mtaTlsStrategy`` -> ``MTA TLS strategy``, and their plurals."""

from __future__ import annotations

import re

_KNOWN = """
    ACL ACME AI API APIs ARC ASN CAA CalDAV CardDAV CORS DANE DAV DKIM DKIM1 DKIM2 DMARC DN DNS DSN EAB Ed25519 EHLO
    ElasticSearch ES256 ES384 GCM Google gRPC HELO HMAC HS256 HS384 HS512 HSTS HTML HTTP ID IDs IMAP IP IPs iTIP JMAP
    JSON JWT LDAP LMTP LZ4 ManageSieve Meilisearch MIME MTA MTA-STS MX NATS OAuth OIDC OK OpenMetrics OpenPGP OTP
    PBKDF2 POP3 PostgreSQL PROXY PS256 PS384 PS512 PTR RCPT Redis RESP2 RESP3 RS256 RS384 RS512 RSA RSVP S3 SASL SMTP
    SNI SPF SQL SQLite SRV STARTTLS TCP TLS TLS-RPT TLSA TSIG TTL TXT UDP UID URI URL URLs UTC WebDAV WebSocket
    """
_OTHERS = {
    "aes128": "AES-128",
    "aes256": "AES-256",
    "chacha20poly1305": "ChaCha20-Poly1305",
    "cloudflare": "Cloudflare",
    "dns01": "DNS-01",
    "dnspersist01": "DNS-PERSIST-01",
    "http01": "HTTP-01",
    "mtasts": "MTA-STS",
    "otel": "OpenTelemetry",
    "quad9": "Quad9",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "tls12": "TLS 1.2",
    "tls13": "TLS 1.3",
    "tlsalpn01": "TLS-ALPN-01",
    "tlsrpt": "TLS-RPT",
    "utf8": "UTF-8",
    "v4": "IPv4",
    "v6": "IPv6",
}
_SPELLINGS = {word.lower(): word for word in _KNOWN.split()} | _OTHERS

# Names with capitals inside that are one word.
_COMPOUND = (
    "ChaCha20Poly1305|DnsPersist01|ElasticSearch|[Mm]anageSieve|[Mm]taSts|[Oo][Aa]uth|OpenPgp|PostgreSql|[Ss]tartTls"
    "|TlsAlpn01|[Tt]lsRpt|WebDav|WebHook|WebSocket"
)
_TOKEN = re.compile(rf"(?:{_COMPOUND})(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z][A-Z0-9]*")
_WORD = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_VERBATIM = re.compile(r"[-_./ ]")


def phrase(name: str) -> str:
    """A name in words, small but for what has its own spelling: ``AllowedIp`` -> ``allowed IP``."""
    return " ".join(_SPELLINGS.get(token.lower(), token.lower()) for token in _TOKEN.findall(name))


def sentence(name: str) -> str:
    """A name in words with a capital: ``DkimSignature`` -> ``DKIM signature``.

    What has a form of its own stays as it is: ``Europe/Vienna``, ``en_US``, ``auth.failed``, ``tls13-aes-...``.
    """
    return name if _VERBATIM.search(name) else capital(phrase(name))


def label(text: str) -> str:
    """A label of a declaration with the usual spelling of its words: ``Default url`` -> ``Default URL``."""
    return _WORD.sub(lambda word: _SPELLINGS.get(word[0].lower(), word[0]), text)


def capital(text: str) -> str:
    """``text`` with a capital, unless its first word has a spelling of its own."""
    return text if text.partition(" ")[0].lower() in _SPELLINGS else text[:1].upper() + text[1:]


def plural(text: str) -> str:
    """The plural of a phrase that ends in a noun: ``directory`` -> ``directories``."""
    if re.search(r"[^aeiou]y$", text):
        return text[:-1] + "ies"
    return text + ("es" if text.endswith(("s", "x", "ch", "sh")) else "s")
