"""What a conversation is about: a subject without what replies, forwards and lists add to it (RFC 5256 2.1).

Beyond the RFC, the prefixes of about twenty languages are known, with counts (``Re[2]:``, ``Re^2:``) and wide colons.
"""

from __future__ import annotations

import re

_LONGEST = 2000
_PREFIXES = (
    # English, Latin
    "re,fwd,fw,forward,"
    # German, Dutch, Afrikaans, Danish, Norwegian, Swedish, Icelandic, Finnish
    "aw,antw,antwort,wg,doorst,sv,vs,vb,vl,fs,"
    # French, Italian, Spanish, Portuguese, Romanian
    "ref,réf,rép,tr,rif,r,i,inoltra,rv,res,enc,reenv,răsp,"
    # Polish, Czech, Hungarian, Croatian, Slovene
    "odp,pd,vá,továbbítás,odg,prosl,"
    # Turkish, Greek, Russian, Ukrainian
    "ynt,ilt,απ,πρθ,σχετ,отв,ответ,пересл,відп,"
    # Latvian, Lithuanian, Welsh, Indonesian, Vietnamese
    "atb,ats,yml,bls,trs,trả lời,chuyển tiếp,"
    # Hebrew, Arabic, Chinese, Japanese, Korean
    "תגובה,השב,הועבר,رد,إعادة توجيه,回复,回覆,答复,答覆,转发,轉寄,轉發,返信,転送,답장,회신,전달"
)
_PREFIX = re.compile(
    rf"(?:{'|'.join(sorted(map(re.escape, _PREFIXES.split(',')), key=len, reverse=True))})"
    r"\s*(?:\[\d{1,4}\]|\(\d{1,4}\)|\^\d{1,4}|\d{1,2})?\s*[:：]\s*",
    re.I,
)
_BLOB = re.compile(r"\[[^\[\]]*+\]\s*")


def base_subject(subject: str | None) -> str:
    """``subject`` (decoded) without its decoration, blanks made one; "" if nothing is left."""
    text = " ".join((subject or "")[:_LONGEST].split())
    position, end = 0, len(text)
    while True:
        before = position, end
        while end - position >= 5 and text[position:end].lower().endswith("(fwd)"):
            end = position + len(text[position : end - 5].rstrip())
        position = _without_leader(text, position, end)
        lower = text[position : position + 5].lower()
        if lower.startswith(("[fwd:", "[fw:")) and text[position:end].endswith("]"):
            position, end = position + text[position:end].index(":") + 1, end - 1
            while position < end and text[position] == " ":
                position += 1
            while end > position and text[end - 1] == " ":
                end -= 1
        if (position, end) == before:
            return text[position:end]


def _without_leader(text: str, position: int, end: int) -> int:
    """Where the subject begins behind prefixes and ``[blobs]``; the last blob stays if nothing else would."""
    while True:
        match = _PREFIX.match(text, position, end)
        if match is None and not text.startswith(("[fwd:", "[Fwd:", "[FWD:", "[Fw:", "[FW:", "[fw:"), position):
            match = _BLOB.match(text, position, end)
            if match is not None and match.end() >= end:
                match = None
        if match is None:
            return position
        position = match.end()


def thread_key(subject: str | None) -> str:
    """What equal conversations have in common, to be hashed: the base subject, case folded; "!" if there is none."""
    return base_subject(subject).casefold() or "!"
