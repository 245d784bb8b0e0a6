"""Mutation testing, `make mutation`: faults are put in one at a time, and a test must see each.

`operators` makes the faults, `selection` says which tests run the line of a fault, `trial` tries
faults in a copy of the project, `explained.toml` says why some faults survive.
"""
