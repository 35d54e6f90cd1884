"""Functions of expressions over e-mail and IP addresses.

Addresses are judged by their shape only (RFC 5321 4.1.2 with UTF-8 allowed, RFC 6531); address literals are
no addresses here. An IPv4-mapped IPv6 address counts as the IPv4 address.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stalwart.codec.expression.functions import Function
from stalwart.codec.expression.functions_text import each, each_with
from stalwart.codec.expression.values import Value, text_of
from stalwart.codec.ip_networks import InvalidAddress, IpAddress, parse_ip, parse_network

_LOCAL_PART = re.compile(
    r'[^\s\x00-\x20"(),:;<>@\[\\\]\x7f.]+(?:\.[^\s\x00-\x20"(),:;<>@\[\\\]\x7f.]+)*'  # RFC 5321 Dot-string
    r'|"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])+"'  # Quoted-string
)
_ALPHANUMERIC = r"[^\x00-/:-@[-^`{-\x7f]"  # or not ASCII; said by what is not in it, which compiles fast
_LABEL = rf"{_ALPHANUMERIC}(?:[^\x00-,./:-@[-^`{{-\x7f]{{0,61}}{_ALPHANUMERIC})?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST_LOCAL_PART = 64  # RFC 5321 4.5.3.1.1
_LONGEST_DOMAIN = 255  # RFC 5321 4.5.3.1.2


def _is_email(text: str) -> Value:
    local, _, domain = text.rpartition("@")
    return int(
        0 < len(local) <= _LONGEST_LOCAL_PART
        and 0 < len(domain) <= _LONGEST_DOMAIN
        and _LOCAL_PART.fullmatch(local) is not None
        and _DOMAIN.fullmatch(domain) is not None
    )


def _email_part(text: str, part: str) -> Value:
    local, at, domain = text.rpartition("@")
    if not at:
        return ""
    return local if part == "local" else domain if part == "domain" else ""


def _address(value: Value) -> IpAddress | None:
    try:
        return parse_ip(text_of(value))
    except InvalidAddress:
        return None


def _is_ip(value: Value) -> Value:
    return int(_address(value) is not None)


def _is_ipv4(value: Value) -> Value:
    return int(_address(value) is not None and ":" not in text_of(value))


def _is_ipv6(value: Value) -> Value:
    return int(_address(value) is not None and ":" in text_of(value))


def _within(network: Value) -> Callable[[Value], Value]:
    """Membership in one network; nothing is in a malformed one."""
    try:
        prefix = parse_network(text_of(network))
    except InvalidAddress:
        return lambda value: 0

    def test(value: Value) -> Value:
        address = _address(value)
        return int(address is not None and address in prefix)

    return test


def _reverse_name(value: Value) -> Value:
    """Reversed octets or nibbles without a zone, as DNS block lists want them (RFC 5782 2.1, 2.4)."""
    address = _address(value)
    if address is None:
        return ""
    return address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


MAIL_FUNCTIONS = (
    Function("is_email", 1, each(_is_email)),
    Function("email_part", 2, each_with(_email_part)),
    Function("is_ip_addr", 1, _is_ip),
    Function("is_ipv4_addr", 1, _is_ipv4),
    Function("is_ipv6_addr", 1, _is_ipv6),
    Function("is_ip_in_cidr", 2, lambda value, network: _within(network)(value), _within),
    Function("ip_reverse_name", 1, _reverse_name),
)
