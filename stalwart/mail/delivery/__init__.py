"""How mail would reach, and reaches, another domain: exchanges, policies, sessions, and what they prove.

``diagnosis`` walks the path and reports each stage; ``sending`` walks the same steps to a verdict for each recipient.
The steps are those of ``approach``: ``exchanges`` (RFC 5321 5.1), ``sts`` (RFC 8461), ``dane`` (RFC 7672) and
``addresses``; then a ``session``. ``reporting`` (RFC 8460) says who wants to hear of it. Behind them the diagnosis asks
for a mailbox (``attempt``, ``verdict``), and the sender gives its message (``handing_over``, ``transaction``).
``reports`` are what senders get to read.
"""
