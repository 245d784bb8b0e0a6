"""Sparkify's data warehouse: JSON logs and song metadata become an answered star schema."""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())  # silent unless a program asks

__version__ = "0.2.0"
