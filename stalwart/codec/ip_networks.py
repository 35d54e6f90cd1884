"""Sets of IP addresses and prefixes that answer membership in microseconds (RFC 4632, RFC 4291).

The block list, the allow list, trusted proxies and rules ask one question for every request: is this address
in there? A set is parsed once; exact addresses live in a hash table, prefixes in one hash table per prefix
length. IPv4-mapped IPv6 addresses (RFC 4291 2.5.5.2) count as IPv4 everywhere, so an IPv6 prefix shorter than
``::ffff:0:0/96`` holds no IPv4 address. Zone identifiers and dotted netmasks are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address

from attrs import frozen

IpAddress = IPv4Address | IPv6Address

LONGEST_ADDRESS = 45
_MAPPED_BITS = 96


class InvalidAddress(ValueError):
    """The text is neither an IP address nor a prefix."""


@frozen
class Network:
    """A prefix: the leading ``length`` of ``width`` bits (32 or 128) equal those of ``value``; host bits are
    zero.
    """

    width: int
    value: int
    length: int

    def __str__(self) -> str:
        """Canonical text; the length is left out for a single address."""
        address = IPv4Address(self.value) if self.width == 32 else IPv6Address(self.value)
        return str(address) if self.length == self.width else f"{address}/{self.length}"

    def __contains__(self, address: IpAddress) -> bool:
        shift = self.width - self.length
        return address.max_prefixlen == self.width and int(address) >> shift == self.value >> shift


def unmapped(address: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv4-mapped IPv6 address; any other address as it is (RFC 4291 2.5.5.2)."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def parse_ip(text: str) -> IpAddress:
    """An address from its text, IPv4-mapped ones as IPv4.

    :raises InvalidAddress: not an address, or one with a zone identifier.
    """
    if len(text) > LONGEST_ADDRESS or "%" in text:
        raise InvalidAddress("not an IP address")
    try:
        return unmapped(IPv6Address(text)) if ":" in text else IPv4Address(text)
    except ValueError as error:
        raise InvalidAddress("not an IP address") from error


def normalise_ip(text: str) -> str:
    """Canonical text of an address (RFC 5952; IPv4-mapped as IPv4). Raises InvalidAddress."""
    return str(parse_ip(text))


def parse_network(text: str) -> Network:
    """A prefix from ``address`` or ``address/length``; host bits may be set and are dropped.

    :raises InvalidAddress: malformed address, or a length that is no decimal number in range.
    """
    base, slash, suffix = text.partition("/")
    mapped = ":" in base
    address = parse_ip(base)
    mapped = mapped and address.version == 4
    width: int = address.max_prefixlen
    length = width
    if slash:
        if not (suffix.isascii() and suffix.isdigit() and len(suffix) <= 3):
            raise InvalidAddress("not a prefix length")
        length = int(suffix) - (_MAPPED_BITS if mapped else 0)
    if not 0 <= length <= width:
        raise InvalidAddress("prefix length out of range")
    shift = width - length
    return Network(width, int(address) >> shift << shift, length)


class NetworkSet:
    """An immutable set of networks. ``"192.0.2.1" in networks`` is false for text that is no address.

    :raises InvalidAddress: an entry is neither an address nor a prefix.
    """

    __slots__ = ("_exact", "_networks", "_prefixes")

    def __init__(self, entries: Iterable[str | Network] = ()) -> None:
        self._networks = frozenset(e if isinstance(e, Network) else parse_network(e) for e in entries)
        self._exact: dict[int, frozenset[int]] = {}
        self._prefixes: dict[int, tuple[tuple[int, frozenset[int]], ...]] = {}
        for width in (32, 128):
            by_shift: dict[int, set[int]] = {}
            for network in self._networks:
                if network.width == width:
                    shift = width - network.length
                    by_shift.setdefault(shift, set()).add(network.value >> shift)
            self._exact[width] = frozenset(by_shift.pop(0, ()))
            self._prefixes[width] = tuple((shift, frozenset(by_shift[shift])) for shift in sorted(by_shift))

    def __contains__(self, address: object) -> bool:
        if not self._networks:
            return False
        if isinstance(address, str):
            try:
                found: IpAddress = parse_ip(address)
            except InvalidAddress:
                return False
        elif isinstance(address, IPv4Address | IPv6Address):
            found = unmapped(address)
        else:
            return False
        width, value = found.max_prefixlen, int(found)
        if value in self._exact[width]:
            return True
        return any(value >> shift in prefixes for shift, prefixes in self._prefixes[width])

    def __iter__(self) -> Iterator[Network]:
        return iter(self._networks)

    def __len__(self) -> int:
        return len(self._networks)

    def __or__(self, other: NetworkSet) -> NetworkSet:
        return NetworkSet([*self._networks, *other._networks])

    def __repr__(self) -> str:
        return f"NetworkSet({len(self)} networks)"


LOOPBACK = NetworkSet(("127.0.0.0/8", "::1"))
"""What counts as this host (RFC 1122 3.2.1.3, RFC 4291 2.5.3)."""
