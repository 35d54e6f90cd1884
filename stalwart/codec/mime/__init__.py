"""Internet messages (RFC 5322) and MIME (RFC 2045 to 2049) as JMAP Mail shows them (RFC 8621): bytes in, values out.

``scanner`` finds where the parts of a message lie, once, at arrival; everything else reads what it is asked for out of
the raw message by those offsets. ``composer`` goes the other way.
Nothing here raises because of what a message contains.
"""
