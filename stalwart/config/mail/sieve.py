"""x:SieveUserInterpreter: how far the Sieve scripts of accounts may go (RFC 5228, RFC 9661).

Nesting is bounded by the language (15 blocks, 15 tests), whatever is set here.
"""

from __future__ import annotations

from stalwart.schema import Duration, Enum, Enumeration, Set, Singleton, Size, String, Unsigned, prop

CAPABILITY = Enumeration(
    "SieveCapability",
    (
        *("envelope", "envelope-dsn", "envelope-deliverby", "fileinto", "encoded-character"),
        *("comparator-elbonia", "comparator-i;octet", "comparator-i;ascii-casemap", "comparator-i;ascii-numeric"),
        *("body", "convert", "copy", "relational", "date", "index", "duplicate", "variables", "editheader"),
        *("foreverypart", "mime", "replace", "enclose", "extracttext", "enotify"),
        *("redirect-dsn", "redirect-deliverby", "environment", "reject", "ereject", "extlists", "subaddress"),
        *("vacation", "vacation-seconds", "fcc", "mailbox", "mailboxid", "mboxmetadata", "servermetadata"),
        *("special-use", "imap4flags", "ihave", "imapsieve", "include", "regex", "spamtest", "spamtestplus"),
        *("virustest", "vnd.stalwart.while", "vnd.stalwart.expressions"),
    ),
    "Extensions of the language that there are.",
)

_POSITIVE = Unsigned(min=1)
_DAY = 86_400_000


class SieveUserInterpreter(Singleton):
    """Sieve scripts of accounts."""

    default_expiry_duplicate: int = prop(
        Duration(), 7 * _DAY, "How long messages are remembered by the duplicate test that does not say it."
    )
    default_expiry_vacation: int = prop(
        Duration(), 7 * _DAY, "How long a sender gets no second vacation response, where the script does not say it."
    )
    disable_capabilities: frozenset[str] = prop(Set(Enum(CAPABILITY)), {}, "Extensions that scripts cannot require.")
    allowed_notify_uris: frozenset[str] = prop(
        Set(String()), {"mailto": True}, "Kinds of addresses that scripts may notify.", enforced=False
    )
    protected_headers: frozenset[str] = prop(
        Set(String()),
        {"Original-Subject": True, "Original-From": True, "Received": True, "Auto-Submitted": True},
        "Header fields that scripts can neither add nor delete.",
    )
    default_subject: str = prop(String(), "Automated reply", "Subject of vacation responses to messages without one.")
    default_subject_prefix: str = prop(String(), "Auto:", "What the subjects of vacation responses begin with.")
    max_cpu_cycles: int = prop(_POSITIVE, 100_000, "Steps of one run.", label="Max CPU cycles")
    max_header_size: int = prop(_POSITIVE, 1024, "Bytes of one header field.", enforced=False)
    max_includes: int = prop(_POSITIVE, 3, "Scripts that one may include.", enforced=False)
    max_local_vars: int = prop(_POSITIVE, 128, "Variables of one run.")
    max_match_vars: int = prop(_POSITIVE, 30, "Match variables.", enforced=False)
    max_script_name_length: int = prop(Unsigned(min=1, max=512), 512, "Bytes of the name of a script.")
    max_nested_blocks: int = prop(_POSITIVE, 15, "Depth of blocks.", enforced=False)
    max_nested_for_every: int = prop(_POSITIVE, 3, "Depth of loops over parts.", enforced=False)
    max_nested_includes: int = prop(_POSITIVE, 3, "Depth of included scripts.", enforced=False)
    max_nested_tests: int = prop(_POSITIVE, 15, "Depth of tests.", enforced=False)
    max_out_messages: int = prop(Unsigned(), 6, "Messages that one run may send, redirected ones among them.")
    max_received_headers: int = prop(
        _POSITIVE, 50, "Received fields of a message above which it is not redirected any more."
    )
    max_redirects: int = prop(Unsigned(), 5, "Addresses that one run may redirect a message to.")
    max_script_size: int = prop(Size(min=1), 102_400, "Bytes of one script.")
    max_string_length: int = prop(_POSITIVE, 65_536, "Characters of a string with variables in it.")
    max_var_name_length: int = prop(_POSITIVE, 32, "Characters of the name of a variable.", enforced=False)
    max_var_size: int = prop(_POSITIVE, 4096, "Characters of the value of a variable.")
    max_scripts: int | None = prop(
        Unsigned(min=1, nullable=True), 100, "Scripts of one account, where its quotas say nothing; null is no limit."
    )
