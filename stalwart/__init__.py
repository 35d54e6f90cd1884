"""Stalwart on Twisted: a mail and collaboration HTTP server run as ``twistd stalwart``.

Read ``docs/map.md`` first: it says what lives in which package and how a request walks through them.
"""

__version__ = "0.1.0.dev0"
