"""What moto's CloudFormation lacks."""

from __future__ import annotations


def register() -> None:
    """Let moto find the types; may be called again."""
    from . import stacks

    stacks.register()
