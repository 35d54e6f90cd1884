"""All that a store holds: from one database to another, into a file, out of it, and whether it is as it should be."""
