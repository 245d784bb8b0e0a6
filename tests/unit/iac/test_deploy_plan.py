"""`plan`: what would change, in every state of the stack; nothing is left of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudformation_double import (
    SETTINGS,
    Formation,
    Sleeper,
    refused,
    up,
)
from sparkify import iac
from sparkify.errors import WarehouseError


def test_plan_twice_leaves_nothing_behind(aws: Formation) -> None:
    first, second = iac.plan(SETTINGS), iac.plan(SETTINGS)
    assert first == second
    assert [one.action for one in first.changes] == ["Add"] * 4
    assert first.usage_limit == (0, 16)
    assert (aws.sets, aws.alive()) == ({}, [])


def test_plan_of_what_is_there_says_so(aws: Formation) -> None:
    up()
    assert iac.plan(SETTINGS).nothing
    plan = iac.plan(replace(SETTINGS, redshift_base_capacity=16))
    assert not plan.nothing
    assert plan.parameters == {"BaseCapacity": ("8", "16")}
    assert not plan.loses_data
    assert aws.alive()[0].state == "CREATE_COMPLETE"
    assert aws.sets == {}


def test_plan_removes_what_it_made_when_it_is_interrupted(aws: Formation, sleeper: Sleeper) -> None:
    sleeper.interrupt = 1
    with pytest.raises(KeyboardInterrupt):
        iac.plan(SETTINGS)
    assert (aws.sets, aws.alive()) == ({}, [])


def test_plan_accepts_what_a_plan_left(aws: Formation) -> None:
    aws.stand(SETTINGS, "REVIEW_IN_PROGRESS", tags={})
    plan = iac.plan(SETTINGS)
    assert (plan.state, len(plan.changes)) == (None, 4)
    assert aws.alive() == []


def test_plan_of_an_undoing_that_failed_says_what_up_would_do(aws: Formation) -> None:
    aws.stand(SETTINGS, "UPDATE_ROLLBACK_FAILED")
    assert "would repair it" in iac.plan(SETTINGS).notes[0]
    assert aws.asked("create_change_set") == []


def test_plan_of_what_is_under_way_waits_for_nothing(aws: Formation) -> None:
    aws.stand(SETTINGS, "UPDATE_IN_PROGRESS")
    assert "would wait" in iac.plan(SETTINGS).notes[0]


def test_plan_of_a_dead_stack_says_what_up_would_do(aws: Formation) -> None:
    aws.stand(SETTINGS, "ROLLBACK_COMPLETE")
    plan = iac.plan(SETTINGS)
    assert "remove it and create everything again" in plan.notes[0]
    assert aws.alive()[0].state == "ROLLBACK_COMPLETE"


def test_early_validation_is_asked_what_it_found(aws: Formation) -> None:
    aws.stand(SETTINGS)
    aws.validation = "12 is no multiple of 8"
    for action in (lambda: iac.plan(SETTINGS), lambda: up(redshift_base_capacity=16)):
        assert "12 is no multiple of 8" in refused(action, WarehouseError).reason
    assert aws.sets == {}
