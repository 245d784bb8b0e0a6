"""S3: addresses, listing, concurrent reading, writing, and the policies that allow it."""

from .addresses import Location, S3Object, parse
from .client import S3

__all__ = ["S3", "Location", "S3Object", "parse"]
