"""The double of AWS, and time that does not pass."""

from __future__ import annotations

import sys
import time

import pytest

from cloudformation_double import Bucket, Formation, Sleeper
from sparkify.iac.stack import Account


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Sleeper:
    sleeper = Sleeper()
    monkeypatch.setattr(time, "sleep", sleeper)
    return sleeper


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, sleeper: Sleeper) -> Formation:
    formation = Formation()
    monkeypatch.setattr(Account, "_client", lambda self, name: formation.client(name))
    for name in ("destroy", "status"):
        # by sys.modules: `iac.status` is the function
        module = sys.modules[f"sparkify.iac.{name}"]
        monkeypatch.setattr(module, "S3", lambda *_: Bucket(formation))
    destroy = sys.modules["sparkify.iac.destroy"]
    monkeypatch.setattr(destroy, "_newest_load", lambda account: formation.newest_load)
    return formation
