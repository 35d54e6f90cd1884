"""What has to be true of the rows of a database: by what they belong to."""
