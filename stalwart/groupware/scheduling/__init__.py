"""Invitations: the mail that carries them, the page that answers them, what alarms tell (RFC 5546, RFC 6047)."""
