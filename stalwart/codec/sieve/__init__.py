"""Sieve, the language of mail filters (RFC 5228 and its extensions): scripts in, what is to become of a message out.

``syntax`` reads the text, ``compiling`` checks it against ``grammar``, ``running`` carries it out on a ``message``,
within bounds. Nothing here stores or sends: what comes out is a ``Verdict`` of ``actions``.
"""
