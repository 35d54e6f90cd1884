"""Character sets of mail: labels as they are sent, and octets to text without ever failing (RFC 2045, 2978).

Only codecs of text can be named by a message, from a closed table. Where a label is known to be used for a superset,
that is read. A label that is missing, unknown or wrong is replaced by what fits best, and that is said.
"""

from __future__ import annotations

import codecs
import re
from encodings.aliases import aliases
from functools import lru_cache

_CODECS = (
    "ascii big5 big5hkscs cp037 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 "
    "cp1258 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 "
    "cp864 cp865 cp866 cp869 cp874 cp875 cp932 cp949 cp950 euc_jis_2004 euc_jisx0213 euc_jp euc_kr gb18030 gb2312 "
    "gbk hp_roman8 hz iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr "
    "iso8859_1 iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 iso8859_2 iso8859_3 iso8859_4 "
    "iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 johab koi8_r koi8_t koi8_u kz1048 latin_1 mac_cyrillic "
    "mac_greek mac_iceland mac_latin2 mac_roman mac_turkish ptcp154 shift_jis shift_jis_2004 shift_jisx0213 tis_620 "
    "utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le utf_7 utf_8 utf_8_sig"
)
_TEXT = frozenset(_CODECS.split())

# what senders mean by a label, as browsers and mail programs read it
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ascii": "ascii",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "utf_8_sig": "utf_8",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
}
_MORE = {
    "ansi_x3_4_1968": "ascii",
    "us": "ascii",
    "7bit": "ascii",
    "8bit": "utf_8",
    "binary": "utf_8",
    "utf": "utf_8",
    "utf8mb4": "utf_8",
    "unicode_1_1_utf_8": "utf_8",
    "x_utf_8": "utf_8",
    "x_unicode20utf8": "utf_8",
    "unicode_1_1_utf_7": "utf_7",
    "unicode_2_0_utf_7": "utf_7",
    "csunicode11utf7": "utf_7",
    "x_unicode_2_0_utf_7": "utf_7",
    "ucs_2": "utf_16",
    "unicode": "utf_16",
    "iso_10646_ucs_2": "utf_16",
    "iso_10646_ucs_4": "utf_32",
    "x_cp1250": "cp1250",
    "x_cp1251": "cp1251",
    "x_cp1252": "cp1252",
    "ansi": "cp1252",
    "x_ansi": "cp1252",
    "win_1251": "cp1251",
    "windows1251": "cp1251",
    "windows1252": "cp1252",
    "windows_31j": "cp932",
    "cswindows31j": "cp932",
    "windows_874": "cp874",
    "dos_874": "cp874",
    "tis620": "cp874",
    "windows_932": "cp932",
    "windows_936": "gb18030",
    "windows_949": "cp949",
    "windows_950": "cp950",
    "x_sjis": "cp932",
    "sjis": "cp932",
    "ms_kanji": "cp932",
    "x_euc_jp": "euc_jp",
    "x_euc": "euc_jp",
    "ks_c_5601": "cp949",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601_1989": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "korean": "cp949",
    "x_windows_949": "cp949",
    "cp_936": "gb18030",
    "x_gbk": "gb18030",
    "gb_2312_80": "gb18030",
    "gb_2312": "gb18030",
    "gb2312_80": "gb18030",
    "csgb2312": "gb18030",
    "chinese": "gb18030",
    "x_x_big5": "big5hkscs",
    "big5_eten": "cp950",
    "hz_gb_2312": "hz",
    "iso_2022_cn": "gb18030",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_6_e": "iso8859_6",
    "logical": "iso8859_8",
    "visual": "iso8859_8",
    "koi8": "koi8_r",
    "koi": "koi8_r",
    "koi8_ru": "koi8_u",
    "cskoi8r": "koi8_r",
    "x_mac_roman": "mac_roman",
    "x_mac_cyrillic": "mac_cyrillic",
    "x_mac_ce": "mac_latin2",
    "x_mac_greek": "mac_greek",
    "x_mac_turkish": "mac_turkish",
    "macintosh": "mac_roman",
    "apple_roman": "mac_roman",
    "iso_ir_100": "cp1252",
    "8859_1": "cp1252",
    "8859_15": "iso8859_15",
    "iso8859_1_windows_latin_1": "cp1252",
    "iso_8859_1_windows_1252": "cp1252",
    "iso_8859_1_windows_3_1_latin_1": "cp1252",
}
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_LONGEST_LABEL = 60
_C1 = re.compile(rb"[\x80-\x9f]")
_ESCAPE = re.compile(rb"\x1b(\$[@B]|\$\([DOPQ]|\([BJIH])")
_HIGH = bytes(octet | 0x80 if 0x21 <= octet <= 0x7E else octet for octet in range(256))
_WIDER = {
    "big5": ("cp950", "big5hkscs"),
    "cp950": ("big5hkscs",),
    "euc_jp": ("euc_jis_2004",),
    "cp932": ("shift_jis_2004",),
    "iso2022_kr": ("cp949",),
    "hz": ("gb18030",),
}
_SURROGATE = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=512)
def codec(label: str) -> str | None:
    """The codec that reads what is labelled so; None if the label is unknown."""
    if len(label) > _LONGEST_LABEL:
        return None
    name = _SEPARATORS.sub("_", label.lower().partition("*")[0]).strip("_")
    found = _MORE.get(name)
    if found is None:
        found = name if name in _TEXT else aliases.get(name)
        if found is None:
            found = aliases.get(name.replace("_", "")) or aliases.get(name.removeprefix("x_"))
    if found is None:
        numbered = re.fullmatch(r"(?:windows|cp|win|ibm|microsoft_cp)_?(\d{3,4})", name)
        found = f"cp{numbered[1]}" if numbered else None
    return _MEANT.get(found, found) if found in _TEXT else None


def decode(data: bytes, label: str | None, partial: bool = False) -> tuple[str, bool]:
    """Text, and whether the label is unknown or the octets are not what it says.

    ``partial`` octets may end within a character, which is then left out.
    """
    named = codec(label) if label else "ascii"
    if named in ("ascii", "utf_8", None):
        if data.isascii():
            if b"\x1b$" in data and named != "utf_8":  # Japanese mail from before labels
                return _japanese(data), named is None
            return data.decode("ascii"), named is None
        return _unlabelled(data, named, partial)
    if named == "cp1252":
        return _western(data)
    if named == "utf_16":
        named = _byte_order(data)
    try:
        text, problem = _strict(data, named, partial), False
    except UnicodeError:
        text, problem = _second_try(data, named, partial)
    if named == "utf_7" and _SURROGATE.search(text):
        text, problem = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"), True
    return text.removeprefix("\ufeff"), problem


def _second_try(data: bytes, named: str, partial: bool) -> tuple[str, bool]:
    """Many senders use characters of an extension under the label of the plain set."""
    if named == "iso2022_jp_ext":
        text = _japanese(data)
        return text, "\ufffd" in text
    for wider in _WIDER.get(named, ()):
        try:
            return _strict(data, wider, partial), False
        except UnicodeError:
            continue
    return data.decode(named, "replace"), True


def _japanese(data: bytes) -> str:
    """ISO-2022-JP (RFC 1468) with characters of vendors, such as circled digits: read as EUC, which has them."""
    first, *rest = _ESCAPE.split(data)
    decoded = [first.decode("ascii", "replace")]
    for escape, octets in zip(rest[::2], rest[1::2], strict=True):
        if escape.startswith(b"$"):
            lines = octets.translate(_HIGH).split(b"\n")  # a line begins in ASCII again
            decoded.append("\n".join(line.decode("euc_jis_2004", "replace") for line in lines))
        elif escape == b"(I":
            decoded.append(octets.translate(_HIGH).decode("cp932", "replace"))
        else:
            decoded.append(octets.decode("ascii", "replace"))
    return "".join(decoded)


def _strict(data: bytes, named: str, partial: bool) -> str:
    if partial:
        return codecs.getincrementaldecoder(named)("strict").decode(data, False)
    return data.decode(named)


def _unlabelled(data: bytes, named: str | None, partial: bool) -> tuple[str, bool]:
    """What is not ASCII although it has no other label: nearly always UTF-8, else Western."""
    try:
        return _strict(data, "utf_8", partial).removeprefix("\ufeff"), named is None
    except UnicodeError:
        if named == "utf_8":
            return data.decode("utf-8", "replace").removeprefix("\ufeff"), True
        return _western(data)[0], True


def _western(data: bytes) -> tuple[str, bool]:
    if _C1.search(data) is None:
        return data.decode("latin-1"), False
    try:
        return data.decode("cp1252"), False
    except UnicodeError:  # five octets are not assigned
        return data.decode("cp1252", "replace"), True


def _byte_order(data: bytes) -> str:
    """RFC 2781 4.3: by the mark, else big endian; unless the zeros say otherwise."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf_16"
    head = data[:256]
    return "utf_16_le" if head[1::2].count(0) > head[0::2].count(0) else "utf_16_be"
