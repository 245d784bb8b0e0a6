"""Source files: listed, downloaded, read; this package knows nothing of what their records mean."""

from .files import Kind, SourceFile, SourceFiles

__all__ = ["Kind", "SourceFile", "SourceFiles"]
