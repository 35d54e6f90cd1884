"""Functions over e-mail and IP addresses, one row per meaning."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.expression.functions_mail import MAIL_FUNCTIONS

from .asking import expand

ROWS = [
    ("is_email('alice@example.org')", 1),
    ("is_email('a.b+c@example.org')", 1),
    ("is_email('\"a b\"@example.org')", 1),
    ("is_email('\"a@b\"@example.org')", 1),
    ("is_email('j\u00f6rg@b\u00fccher.example')", 1),
    ("is_email('alice')", 0),
    ("is_email('@example.org')", 0),
    ("is_email('alice@')", 0),
    ("is_email('a@b@example.org')", 0),
    ("is_email('a b@example.org')", 0),
    ("is_email('.a@example.org')", 0),
    ("is_email('a..b@example.org')", 0),
    ("is_email('a@-example.org')", 0),
    ("is_email('a@example..org')", 0),
    ("is_email(['a@b.example', 'x'])", (1, 0)),
    ("email_part('alice@example.org', 'local')", "alice"),
    ("email_part('alice@example.org', 'domain')", "example.org"),
    ("email_part('\"a@b\"@example.org', 'domain')", "example.org"),
    ("email_part('alice', 'domain')", ""),
    ("email_part('alice@example.org', 'other')", ""),
    ("email_part(['a@b', 'c@d'], 'domain')", ("b", "d")),
    ("is_ip_addr('192.0.2.1')", 1),
    ("is_ip_addr('2001:db8::')", 1),
    ("is_ip_addr('192.0.2')", 0),
    ("is_ip_addr('')", 0),
    ("is_ip_addr('192.0.2.1:80')", 0),
    ("is_ipv4_addr('192.0.2.1')", 1),
    ("is_ipv4_addr('::1')", 0),
    ("is_ipv6_addr('::1')", 1),
    ("is_ipv6_addr('fe80::1%eth0')", 0),
    ("is_ipv6_addr('192.0.2.1')", 0),
    ("is_ip_in_cidr('10.1.2.3', '10.0.0.0/8')", 1),
    ("is_ip_in_cidr('11.1.2.3', '10.0.0.0/8')", 0),
    ("is_ip_in_cidr('10.1.2.3', '10.1.2.3')", 1),
    ("is_ip_in_cidr('10.1.2.3', '0.0.0.0/0')", 1),
    ("is_ip_in_cidr('2001:db8::5', '2001:db8::/32')", 1),
    ("is_ip_in_cidr('::1', '0.0.0.0/0')", 0),
    ("is_ip_in_cidr('::ffff:10.0.0.1', '10.0.0.0/8')", 1),
    ("is_ip_in_cidr('10.1.2.3', 'nonsense')", 0),
    ("is_ip_in_cidr('10.1.2.3', '10.0.0.0/33')", 0),
    ("is_ip_in_cidr('nonsense', '10.0.0.0/8')", 0),
    ("is_ip_in_cidr(remote_ip, '10.0.0.0/8')", 1),
    ("is_ip_in_cidr('10.0.0.1', remote_ip + '/8')", 1),
    ("ip_reverse_name('192.0.2.1')", "1.2.0.192"),
    (
        "ip_reverse_name('2001:db8::1')",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
    ),
    ("ip_reverse_name('nonsense')", ""),
]


@expand(ROWS)
class MailFunctionTests(SynchronousTestCase):
    def test_every_function_has_a_row(self) -> None:
        tried = " ".join(expression for expression, _ in ROWS)
        self.assertEqual([f.name for f in MAIL_FUNCTIONS if f"{f.name}(" not in tried], [])
