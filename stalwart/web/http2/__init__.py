"""HTTP/2 over TLS (RFC 9113): streams of one connection, each answered by the pipeline that answers HTTP/1.1."""
