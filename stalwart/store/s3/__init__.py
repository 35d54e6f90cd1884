"""Large blobs as objects in a bucket of a server with the S3 interface."""
