"""TLS by itself: certificates that are served, ordered and renewed (acme-tls, RFC 8555).

Served: ``selection``, ``contexts``, ``keeping``. Ordered: ``names``, ``issuing``, ``responders``, ``renewal``.
"""
