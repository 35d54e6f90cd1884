"""Stored passwords: which scheme a stored value is in, whether a password fits it, and new hashes.

Reads what other mail servers and LDAP directories write: PHC strings (argon2, RFC 9106; scrypt, RFC 7914;
PBKDF2, RFC 8018), modular crypt (`$2b$`, `$6$`, `$5$`, `$1$`, `$sha1$`, BSDi `_`) and LDAP `{SCHEME}` values;
anything else is the password itself. Pure and slow on purpose: `hashing` runs it off the reactor. Digest-only
schemes such as SCRAM verifiers are left out: they need another dialogue.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable

import argon2
import bcrypt

from stalwart.directory import phc

ALGORITHMS = ("argon2id", "bcrypt", "scrypt", "pbkdf2")
"""What new hashes can be made with: the values of `Authentication.passwordHashAlgorithm`."""

MAX_SECRET = 1024
"""Longest password in bytes that is looked at; `passwordMaxLength` cannot exceed 1000."""

_BCRYPT_ROUNDS = 12
_BCRYPT_LIMIT = 72
_MAX_CRYPT_ROUNDS = 1_000_000
_BSDI = re.compile(r"_[./0-9A-Za-z]{19}\Z")
_DES = re.compile(r"[./0-9A-Za-z]{13}\Z")
_BRACED = re.compile(r"\{([A-Za-z0-9_.+-]+)\}(.*)\Z", re.S)
_BCRYPT_SHA256 = re.compile(r"\$bcrypt-sha256\$v=2,t=(2[ab]),r=(\d{1,2})\$([./0-9A-Za-z]{22})\$([./0-9A-Za-z]{31})\Z")
_BCRYPT_COST = re.compile(r"\$2[abxy]?\$(0[4-9]|1[0-7])\$")
_DIGESTS = {"SHA": "sha1", "SHA256": "sha256", "SHA512": "sha512", "MD5": "md5"}
_SALTED = {"SSHA": "sha1", "SSHA256": "sha256", "SSHA512": "sha512"}
_CRYPT = {"$6$": "sha512_crypt", "$5$": "sha256_crypt", "$1$": "md5_crypt", "$sha1$": "sha1_crypt"}

# OWASP's first choice of argon2id parameters: 19 MiB, two passes, one lane; about 60 ms here.
_ARGON2 = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class UnknownHash(Exception):
    """The stored value looks like a hash, but of no known scheme, damaged, or of a cost beyond reason."""


def scheme_of(stored: str) -> str:
    """The name of the scheme of ``stored``, in lower case; ``plain`` for a password in clear. `UnknownHash`
    otherwise.
    """
    if stored.startswith(("$bcrypt-sha256$", "$2")):
        return "bcrypt"
    for prefix in _CRYPT:
        if stored.startswith(prefix):
            return _CRYPT[prefix]
    if stored.startswith("$"):
        return _phc_scheme(stored)
    if stored.startswith("{"):
        return _braced_scheme(stored)
    return "bsdi_crypt" if _BSDI.match(stored) else "plain"


def is_hash(stored: str) -> bool:
    """Whether ``stored`` is a hash of a known scheme, not a password in clear."""
    try:
        return scheme_of(stored) not in ("plain", "clear")
    except UnknownHash:
        return False


def check_usable(stored: str) -> None:
    """Raises `UnknownHash` for an argon2 or bcrypt hash that is damaged or costs more than is reasonable to check."""
    scheme = scheme_of(stored)
    payload = stored.partition("}")[2] if stored.startswith("{") else stored
    try:
        if scheme.startswith("argon2"):
            phc.check_argon2(payload)
    except phc.Malformed as problem:
        raise UnknownHash(str(problem)) from None
    if scheme == "bcrypt" and not (_BCRYPT_SHA256.match(payload) or _BCRYPT_COST.match(payload)):
        raise UnknownHash("the stored bcrypt value is damaged or asks for too many rounds")


def verify(stored: str, secret: str) -> bool:
    """Whether ``secret`` is the password behind ``stored``; `UnknownHash` if that cannot be told."""
    password = _bytes_of(secret)
    if len(password) > MAX_SECRET:
        return False
    return _verify(stored, scheme_of(stored), password)


def make(secret: str, algorithm: str) -> str:
    """A new hash of ``secret`` by one of `ALGORITHMS`."""
    password = _bytes_of(secret)
    if len(password) > MAX_SECRET:
        raise ValueError(f"a password has at most {MAX_SECRET} bytes")
    return _MAKERS[algorithm](password)


def needs_upgrade(stored: str, algorithm: str, secret: str = "") -> bool:
    """Whether a fresh hash by ``algorithm`` should take the place of ``stored``, which ``secret`` has just fitted.

    Never where the scheme looked at a part of ``secret`` only: the rest of what was typed need not be the
    password.
    """
    scheme = scheme_of(stored)
    if scheme == "bcrypt" and not stored.startswith("$bcrypt-sha256$") and len(_bytes_of(secret)) > _BCRYPT_LIMIT:
        return False
    if scheme == "des_crypt" and len(_bytes_of(secret)) > 8:
        return False
    if scheme != algorithm:
        return True
    payload = _BRACED.match(stored)
    return _is_weak(payload.group(2) if payload else stored, scheme)


def sha256_of(secret: str) -> str:
    """``secret`` as ``{SHA256}``: for generated secrets of 128 bits or more, where a slow hash would add nothing."""
    return "{SHA256}" + b64encode(hashlib.sha256(_bytes_of(secret)).digest()).decode("ascii")


def _bytes_of(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")


def _phc_scheme(stored: str) -> str:
    for prefix, scheme in (("$argon2", "argon2"), ("$scrypt$", "scrypt"), ("$pbkdf2", "pbkdf2")):
        if stored.startswith(prefix):
            return "argon2id" if stored.startswith("$argon2id$") else scheme
    raise UnknownHash("the stored password is in an unknown `$` scheme")


def _braced_scheme(stored: str) -> str:
    match = _BRACED.match(stored)
    if match is None:
        raise UnknownHash("the stored password starts with `{` but names no scheme")
    name, payload = match.group(1).upper(), match.group(2)
    if name in ("PLAIN", "CLEAR"):
        return "clear"
    if name in _DIGESTS or name in _SALTED:
        return name.lower()
    if name.startswith("PBKDF2"):
        return "pbkdf2"
    if name in ("ARGON2", "ARGON2I", "ARGON2ID") and payload.startswith("$argon2"):
        return _phc_scheme(payload)
    if name == "CRYPT":
        return "des_crypt" if _DES.match(payload) else _crypt_scheme(payload)
    raise UnknownHash("the stored password is in an unknown `{}` scheme")


def _crypt_scheme(payload: str) -> str:
    scheme = "plain" if payload.startswith("{") else scheme_of(payload)
    if scheme == "plain":
        raise UnknownHash("`{CRYPT}` holds no known crypt value")
    return scheme


def _verify(stored: str, scheme: str, password: bytes) -> bool:
    if scheme == "plain":
        return hmac.compare_digest(_bytes_of(stored), password)
    name, payload = "", stored
    if match := _BRACED.match(stored):
        name, payload = match.group(1).upper(), match.group(2)
    if scheme == "clear":
        return hmac.compare_digest(_bytes_of(payload), password)
    if name in _DIGESTS or name in _SALTED:
        return _verify_digest(name, payload, password)
    try:
        return _VERIFIERS.get(scheme, _verify_crypt)(name, payload, password)
    except phc.Malformed as error:
        raise UnknownHash(str(error)) from None


def _verify_digest(name: str, payload: str, password: bytes) -> bool:
    algorithm = _DIGESTS.get(name) or _SALTED[name]
    size = hashlib.new(algorithm).digest_size
    try:
        raw = b64decode(payload.strip() + "=" * (-len(payload.strip()) % 4), validate=True)
    except ValueError:
        raise UnknownHash(f"`{{{name}}}` is not followed by base64") from None
    if len(raw) < size or (name in _DIGESTS and len(raw) != size):
        raise UnknownHash(f"`{{{name}}}` has the wrong length")
    return hmac.compare_digest(hashlib.new(algorithm, password + raw[size:]).digest(), raw[:size])


def _verify_argon2(_name: str, payload: str, password: bytes) -> bool:
    phc.check_argon2(payload)
    try:
        return _ARGON2.verify(payload, password)
    except argon2.exceptions.VerifyMismatchError:
        return False
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        raise UnknownHash("the stored argon2 value is damaged") from None


def _verify_bcrypt(_name: str, payload: str, password: bytes) -> bool:
    if match := _BCRYPT_SHA256.match(payload):
        kind, rounds, salt, digest = match.groups()
        return _bcrypt_matches(f"${kind}${int(rounds):02d}${salt}{digest}", _bcrypt_digest(password, salt))
    if b"\0" in password:
        return False
    return _bcrypt_matches(payload.replace("$2x$", "$2a$", 1), password[:_BCRYPT_LIMIT])


def _bcrypt_matches(stored: str, password: bytes) -> bool:
    if _BCRYPT_COST.match(stored) is None:
        raise UnknownHash("the stored bcrypt value is damaged or asks for too many rounds")
    try:
        return bcrypt.checkpw(password, stored.encode("ascii"))
    except ValueError:
        raise UnknownHash("the stored bcrypt value is damaged") from None


def _bcrypt_digest(password: bytes, salt: str) -> bytes:
    # bcrypt reads 72 bytes and stops at a zero byte; a base64 digest of the whole password has neither
    # trouble.
    return b64encode(hmac.digest(salt.encode("ascii"), password, "sha256"))


def _verify_crypt(_name: str, payload: str, password: bytes) -> bool:
    rounds = re.search(r"\$rounds=(\d{1,9})\$|\A\$sha1\$(\d{1,9})\$", payload)
    if rounds and int(rounds.group(1) or rounds.group(2)) > _MAX_CRYPT_ROUNDS:
        raise UnknownHash("the stored crypt value asks for too many rounds")
    if b"\0" in password:
        return False
    scheme = "des_crypt" if _DES.match(payload) else scheme_of(payload)
    try:
        return _foreign(scheme)(password, payload)
    except (ValueError, TypeError):
        raise UnknownHash("the stored crypt value is damaged") from None


def _foreign(scheme: str) -> Callable[[bytes, str], bool]:
    # passlib costs 5 MiB and is wanted by few: it is imported when the first old hash is met.
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it imports the deprecated stdlib module crypt
        import passlib.hash

        verify: Callable[[bytes, str], bool] = getattr(passlib.hash, scheme).verify
        return verify


def _verify_scrypt(_name: str, payload: str, password: bytes) -> bool:
    return phc.read_scrypt(payload).fits(password)


def _verify_pbkdf2(name: str, payload: str, password: bytes) -> bool:
    return phc.read_pbkdf2(name, payload).fits(password)


def _make_bcrypt(password: bytes) -> str:
    salt = bcrypt.gensalt(_BCRYPT_ROUNDS)
    if len(password) <= _BCRYPT_LIMIT and b"\0" not in password:
        return bcrypt.hashpw(password, salt).decode("ascii")
    text = salt[7:].decode("ascii")
    made = bcrypt.hashpw(_bcrypt_digest(password, text), salt).decode("ascii")
    return f"$bcrypt-sha256$v=2,t=2b,r={_BCRYPT_ROUNDS}${text}${made[29:]}"


def _is_weak(stored: str, scheme: str) -> bool:
    if scheme == "argon2id":
        found = argon2.extract_parameters(stored)
        return found.memory_cost < _ARGON2.memory_cost or found.time_cost < _ARGON2.time_cost
    if scheme == "bcrypt":
        rounds = re.search(r"r=(\d+)\$|\A\$2[abxy]?\$(\d\d)\$", stored)
        return rounds is None or int(rounds.group(1) or rounds.group(2)) < _BCRYPT_ROUNDS
    try:
        return (phc.read_scrypt(stored) if scheme == "scrypt" else phc.read_pbkdf2("", stored)).is_weak()
    except phc.Malformed:
        return True


_VERIFIERS: dict[str, Callable[[str, str, bytes], bool]] = {
    "argon2": _verify_argon2,
    "argon2id": _verify_argon2,
    "bcrypt": _verify_bcrypt,
    "scrypt": _verify_scrypt,
    "pbkdf2": _verify_pbkdf2,
}

_MAKERS: dict[str, Callable[[bytes], str]] = {
    "argon2id": _ARGON2.hash,
    "bcrypt": _make_bcrypt,
    "scrypt": lambda password: phc.Scrypt.fresh(secrets.token_bytes(16)).filled(password),
    "pbkdf2": lambda password: phc.Pbkdf2.fresh(secrets.token_bytes(16)).filled(password),
}
