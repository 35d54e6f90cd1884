"""Outgoing I/O: DNS, SMTP, HTTPS and the judgement of TLS. Each part takes the reactor that it works with."""
