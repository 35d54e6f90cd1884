"""What a conversation is about: a subject without what replies, forwards and lists add to it (RFC 5256 2.1).

Beyond the RFC, the prefixes of about twenty languages are known, with counts (``Re[2]:``, ``Re^2:``) and wide colons.
"""

from __future__ import annotations

import re

_LONGEST = 2000
_PREFIXES = (
    # English, Latin
    "re res fwd fw forward "
    # German, Danish, Swedish, Norwegian, Finnish, Icelandic
    "aw antw antwort wg vs sv vb vl fs "
    # Dutch, French, Italian, Spanish, Portuguese, Catalan
    "doorst ref réf rép tr r rif i inoltra rv enc reenv rsp "
    # Polish, Czech, Slovak, Hungarian, Romanian, Croatian, Slovene, Albanian
    "odp pd przek vá továbbítás továbbítva ha redirijare răspuns odg prosl pos përgj "
    # Turkish, Greek, Russian, Ukrainian, Bulgarian
    "ynt ilt yan απ πρθ σχετ на отв отв. от fwd. пересл ответ відп пер "
    # Estonian, Latvian, Lithuanian, Welsh, Basque, Indonesian, Vietnamese
    "edasi atb ats pers ymlaen atb er bls trs balas trả chuyển "
    # Hebrew, Arabic, Chinese, Japanese, Korean, Thai
    "השב תשובה הועבר رد إعادة 回复 回覆 答复 答覆 转发 轉寄 轉發 返信 転送 답장 전달 ตอบ"
)
_PREFIX = re.compile(
    rf"(?:{'|'.join(sorted(map(re.escape, set(_PREFIXES.split())), key=len, reverse=True))})"
    r"\s*(?:\[\d{1,4}\]|\(\d{1,4}\)|\^\d{1,4}|\d{1,2})?\s*[:：]\s*",
    re.I,
)
_BLOB = re.compile(r"\[[^\[\]]*+\]\s*")
_TRAILER = re.compile(r"\s*\(fwd\)\s*\Z", re.I)


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
