"""Scheduling of calendar objects (RFC 5546 iTIP, RFC 6638 implicit scheduling): what is to be sent, stored, refused.

Nothing in here sends, stores or looks at a clock. Three questions are answered, each by one function:

- somebody writes or deletes an object: ``deciding.on_change``;
- a scheduling message comes: ``applying.apply``;
- somebody answers on a web page: ``replying.answer``.
"""
