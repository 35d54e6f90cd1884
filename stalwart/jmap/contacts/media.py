"""Photos, logos and sounds of cards as blobs (RFC 9610 3): what stands in a card is a blob by its digest.

It is shown as a section, all of it, of a blob that no table has: the id stays as long as the picture does, whatever
else of the card changes, and nothing is stored twice. What clients send as a blob becomes a data: URI of the card.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from stalwart.codec.data_uri import data_uri, read_data
from stalwart.codec.jscontact.terms import MEDIA, inline_media
from stalwart.codec.jscontact.vocabulary import BLOB_ID
from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.lines import MalformedCard
from stalwart.jmap.blobs.ids import BlobId, NotABlobId, Section, parse_blob_id
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.equality import same
from stalwart.store import Transaction

_MEDIA: Final = "media"
_TYPE: Final = "mediaType"
_UNKNOWN_TYPE: Final = "application/octet-stream"
_MOST_HOLDERS: Final = 100
_LARGEST: Final = 1 << 30
_SIGNS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
)


class Contents(dict[str, bytes]):
    """The octets of blobs that cards name, by their ids; of some their types, as they were uploaded, and which there
    are that no card has room for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.types: dict[str, str] = {}
        self.too_large: set[str] = set()

    def join(self, others: Contents) -> None:
        """What others have as well."""
        self.update(others)
        self.types.update(others.types)
        self.too_large.update(others.too_large)


def blob_id(octets: bytes) -> str:
    """The id under which something is shown that stands in a card."""
    return str(BlobId(sha256(octets).digest(), Section(0, len(octets))))


def with_blobs(card: dict[str, Any]) -> dict[str, Any]:
    """A Card as clients see it: what stands in it as data is a blob (RFC 9610 3)."""
    media = card.get(_MEDIA)
    if not media:
        return card
    return {**card, _MEDIA: {id: _shown(each) for id, each in media.items()}}


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    data = read_data(entry["uri"])
    if data is None:
        return {name: value for name, value in entry.items() if name != BLOB_ID}
    rest = {name: value for name, value in entry.items() if name != "uri"}
    return {**rest, BLOB_ID: blob_id(data.octets), _TYPE: entry.get(_TYPE) or data.media_type or _UNKNOWN_TYPE}


def without_blobs(card: dict[str, Any], former: Mapping[str, Any] | None, contents: Contents) -> dict[str, Any]:
    """A Card that a client wants as it is kept: blobs that ``former`` has stay as they are, others are among
    ``contents``, by their ids. Raises ``SetRefused``.
    """
    media = card.get(_MEDIA)
    if not isinstance(media, dict):
        return card
    known: dict[Any, Mapping[str, Any]] = {}
    for entry in ((former or {}).get(_MEDIA) or {}).values():
        known.setdefault(_shown(entry).get(BLOB_ID), entry)
    own = (former or {}).get(_MEDIA) or {}
    return {**card, _MEDIA: {id: _kept(id, each, own.get(id), known, contents) for id, each in media.items()}}


def _kept(
    id: str,
    entry: Any,
    former: Mapping[str, Any] | None,
    known: Mapping[Any, Mapping[str, Any]],
    contents: Contents,
) -> Any:
    if not isinstance(entry, dict) or entry.get(BLOB_ID) is None:
        return entry if not isinstance(entry, dict) else {k: v for k, v in entry.items() if k != BLOB_ID}
    wanted = entry[BLOB_ID]
    if entry.get("uri") is not None:
        raise SetRefused("invalidProperties", "There is either a uri or a blobId.", (f"media/{id}/uri",))
    rest = {name: value for name, value in entry.items() if name not in (BLOB_ID, "uri")}
    for there in (former, known.get(wanted) if isinstance(wanted, str) else None):
        if there is None:
            continue
        seen = _shown(dict(there))
        if same(seen.get(BLOB_ID), wanted):
            if _TYPE not in there and rest.get(_TYPE) == seen[_TYPE]:
                del rest[_TYPE]
            if _TYPE not in rest or _TYPE in there:
                return {**rest, "uri": there["uri"]}
    octets = contents.get(wanted) if isinstance(wanted, str) else None
    if isinstance(wanted, str) and wanted in contents.too_large:
        raise SetRefused("tooLarge", "This blob is larger than a card can be.", (f"media/{id}/{BLOB_ID}",))
    if octets is None:
        text = "There is no such blob."
        raise SetRefused("invalidProperties", text, (f"media/{id}/{BLOB_ID}",))
    type = rest.pop(_TYPE, None)
    kept_as = type if isinstance(type, str) else contents.types.get(wanted) or _type_of(octets)
    return {**rest, "uri": data_uri(octets, kept_as)}


def _type_of(octets: bytes) -> str:
    """What octets are that nobody has said anything of."""
    if octets[:4] == b"RIFF" and octets[8:12] == b"WEBP":
        return "image/webp"
    return next((type for sign, type in _SIGNS if octets.startswith(sign)), _UNKNOWN_TYPE)


def blobs_wanted(given: Mapping[str, Any]) -> Iterator[str]:
    """The ids of blobs that a new card or a patch names."""
    for pointer, value in given.items():
        if pointer == _MEDIA:
            for each in value.values() if isinstance(value, dict) else ():
                yield from _named(each)
        elif pointer.startswith(f"{_MEDIA}/"):
            if pointer.endswith(f"/{BLOB_ID}"):
                yield from _named({BLOB_ID: value})
            else:
                yield from _named(value)


def _named(entry: Any) -> Iterator[str]:
    if isinstance(entry, dict) and isinstance(entry.get(BLOB_ID), str):
        yield entry[BLOB_ID]


def holders(tx: Transaction, account_id: int, text: str | BlobId) -> list[int]:
    """The cards in which a blob stands."""
    try:
        found = parse_blob_id(text) if isinstance(text, str) else text
    except NotABlobId:
        return []
    return sorted(tx.collections.index.ids(account_id, f"{MEDIA}{found.hash.hex()}"))[:_MOST_HOLDERS]


def content(tx: Transaction, account_id: int, card_ids: Collection[int], hash: bytes) -> bytes | None:
    """The octets with a digest that stand in one of these cards."""
    for id in card_ids:
        octets = tx.collections.octets(account_id, id)
        try:
            for each in inline_media(read_card(octets or b"", max_octets=_LARGEST)):
                if sha256(each).digest() == hash:
                    return each
        except MalformedCard:
            continue
    return None
