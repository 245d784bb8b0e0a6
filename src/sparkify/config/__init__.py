"""The settings of a run: what each means and allows, where it is read, and its default."""

from .settings import Settings, exposed_secret, load

__all__ = ["Settings", "exposed_secret", "load"]
