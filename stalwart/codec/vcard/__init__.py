"""Cards (RFC 2426, RFC 6350): read and written as they are, converted between versions, judged by filters."""
