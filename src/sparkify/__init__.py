"""Sparkify's data warehouse: JSON logs and song metadata become an answered star schema."""

__version__ = "0.1.0"
