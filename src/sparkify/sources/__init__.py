"""Source files: listed, downloaded, read; this package knows nothing of what their records mean."""
