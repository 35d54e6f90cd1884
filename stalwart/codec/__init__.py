"""Pure formats: bytes or text in, values out. No I/O, no framework; tests are tables."""
