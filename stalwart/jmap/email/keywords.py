"""Keywords of e-mails as clients may write them (RFC 8621 4.1.1): checked, in the lower case that they are kept in."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from attrs import frozen

from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.scalars import PropertyType, Unfit

MOST_KEYWORDS = 100
"""How many an e-mail may have."""

_KEYWORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]{1,255}", re.ASCII)


def read_keyword(text: str) -> str:
    """The keyword in lower case; raises ``Unfit``."""
    if not _KEYWORD.fullmatch(text):
        raise Unfit('must be 1 to 255 printable ASCII characters without ( ) { ] % * " \\ and blanks')
    return text.lower()


@frozen
class Keyword(PropertyType):
    """A keyword as a value or as the key of a map."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise Unfit("must be a string")
        return read_keyword(value)


def check_number(keywords: Collection[str]) -> None:
    """Raises ``SetRefused`` ``tooManyKeywords`` (RFC 8621 4.6)."""
    if len(keywords) > MOST_KEYWORDS:
        raise SetRefused("tooManyKeywords", f"An e-mail can have at most {MOST_KEYWORDS} keywords.")
