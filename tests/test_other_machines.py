"""Other people's files and databases, and machines without a home: nothing of them is touched."""
