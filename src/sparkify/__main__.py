"""`python -m sparkify`: the command line."""

from .cli import main

main()
