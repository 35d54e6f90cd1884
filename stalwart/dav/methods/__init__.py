"""What the methods of HTTP and DAV do, one module each."""
