import pytest

from simpeg_sync.demo.compare import compare
from simpeg_sync.demo.day import Cue, plan_day
from simpeg_sync.demo.net import NetChanges, after_sync, net_changes
from simpeg_sync.demo.truth import expect
from tests.demo.conftest import Office, OpenOffice

REASONS_AT_NIGHT = {
    "unverified",
    "rejected",
    "unknown_code",
    "bad_date",
    "missing_hours",
    "refused_by_bkn",
    "person_unknown",
    "person_inactive",
    "deleted",
    "soft_deleted",
}


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_every_step_is_worth_what_it_says_and_the_truth_sees_it(open_office: OpenOffice, seed: int) -> None:
    office = open_office(seed=seed)
    morning, held = office.look(), office.settled()
    before = morning
    for step in plan_day(office.world).steps:
        step.run(office.engine)
        after = office.look()
        assert (step.name, net_changes(before, after, held)) == (step.name, step.net)
        truth = expect(after, before=morning, start=office.world.bkn)
        assert bool(compare(truth, held)) == (step.net != NetChanges()), step.name
        held = after_sync(before, after, held)
        assert compare(truth, held) == [], step.name
        before = after


def test_a_day_counted_at_once_costs_no_more_than_its_steps(office: Office) -> None:
    day = plan_day(office.world)
    morning, held = office.look(), office.settled()
    for step in day.steps:
        step.run(office.engine)
    night = office.look()
    net = net_changes(morning, night, held)
    steps = sum((step.net for step in day.steps), NetChanges())
    assert NetChanges() != net != steps
    for kind in ("creates", "updates", "deletes", "uploads"):
        assert getattr(net, kind) <= getattr(steps, kind)
    truth = expect(night, before=morning, start=office.world.bkn)
    assert {item.reason for item in truth.not_expected} == REASONS_AT_NIGHT
    assert compare(truth, after_sync(morning, night, held)) == []


def test_a_step_in_one_transaction_does_the_same(open_office: OpenOffice) -> None:
    one, other = open_office(name="a"), open_office(name="b")
    for step in plan_day(one.world).steps:
        step.run(one.engine)
    for step in plan_day(other.world).steps:
        with other.engine.begin() as connection:
            step.apply(connection)
    assert one.look() == other.look()


def test_a_day_for_500_has_about_150_edits_and_its_cues(open_office: OpenOffice) -> None:
    day = plan_day(open_office(employees=500).world)
    assert 140 <= day.edits <= 180
    cues = [item.kind for item in day.items if isinstance(item, Cue)]
    assert set(cues) == {"bkn_refuses", "lost_answer", "outage_begin", "outage_end", "expire_token"}
    assert cues.index("outage_begin") < cues.index("outage_end")
    assert len({step.name for step in day.steps}) == len(day.steps)


def test_no_two_stories_happen_to_one_row(office: Office) -> None:
    """Deleting and entering again keeps the number, and no number is there twice."""
    for step in plan_day(office.world).steps:
        step.run(office.engine)
    numbers = [row["nosttpp"] for row in office.look().certificates.values()]
    assert len(numbers) == len(set(numbers))
