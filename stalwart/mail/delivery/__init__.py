"""How mail would reach, and reaches, another domain: exchanges, policies, sessions, and what they prove.

``diagnosis`` walks the path and reports each stage; the outbound queue walks the same steps to a verdict. The steps are
``exchanges`` (RFC 5321 5.1), ``sts`` (RFC 8461), ``reporting`` (RFC 8460), ``dane`` (RFC 7672), ``addresses`` and
``attempt`` (one SMTP session); ``verdict`` says what the outcome means.
"""
