"""From bytes to accepted records: the rules of the data, validation, and reading of files."""
