"""What a new password must be: long enough, not too long, and hard enough to guess (zxcvbn's estimate, 0 to 4).

Only passwords that people choose are judged; generated ones are strong by construction. Left out: lists of
leaked passwords, which would need a network.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from stalwart.directory.hashes import MAX_SECRET
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid

STRENGTHS = ("zero", "one", "two", "three", "four")
"""The values of `Authentication.passwordMinStrength`, by zxcvbn's score."""

_JUDGED = 72  # zxcvbn's time grows fast with length, and beyond this every password is strong


@frozen
class PasswordPolicy:
    """Bounds of length in bytes and the least score."""

    min_length: int = 8
    max_length: int = 128
    min_strength: int = 3

    def check_length(self, secret: str) -> None:
        """Raise `Invalid` if ``secret`` is too short or too long."""
        size = len(secret.encode("utf-8", "surrogatepass"))
        if size < self.min_length:
            raise Invalid(f"Password must be at least {self.min_length} characters long.", ("secret",))
        if size > min(self.max_length, MAX_SECRET):
            raise Invalid(f"Password must be at most {min(self.max_length, MAX_SECRET)} characters long.", ("secret",))

    async def check(self, hashing: Hashing, secret: str, known: Sequence[str] = ()) -> None:
        """Raise `Invalid` if ``secret`` will not do; ``known`` are words that an attacker tries first, such
        as the login.
        """
        self.check_length(secret)
        if self.min_strength == 0:
            return
        words = [word for word in known if word]
        score = await hashing.run(lambda: strength(secret, words))
        if score < self.min_strength:
            raise Invalid("Password is too weak: use more words or more unusual ones.", ("secret",))


def strength(secret: str, known: Sequence[str] = ()) -> int:
    """zxcvbn's score of ``secret``, 0 to 4; slow."""
    # The word lists take 20 MiB and 60 ms: loaded when the first password is chosen.
    from zxcvbn import zxcvbn

    return int(zxcvbn(secret[:_JUDGED], user_inputs=list(known))["score"])
