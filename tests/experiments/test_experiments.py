"""The machinery on an experiment of its own, and the catalogue against its records."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_utils.experiments import (
    Case,
    Experiment,
    RecordError,
    compare,
    get,
    load_record,
    names,
    perform,
    registry,
    save_record,
)
from course_utils.experiments.verify import check_current
from course_utils.grading.cli import app

RECORDS = Path(__file__).parents[2] / "chapters" / "_runs"
RECORDED = [name for name in names() if (RECORDS / f"{name}.json").is_file()]
# At a terminal rich breaks lines; in a test it would break words.
WIDE = {"COLUMNS": "200", "NO_COLOR": "1"}


def squares(factor=1.0, tolerance=0.01, numbers=(1, 2, 3)):
    return Experiment(
        question="What is the square of a number?",
        cases=tuple(Case(f"of {n}", {"n": n, "pair": (n, 1 / 3)}) for n in numbers),
        run=lambda case: {"score": factor * case.settings["n"] ** 2, "rows": [(1, 1 / 3)]},
        findings=lambda outcomes: {"squares grow": outcomes["of 2"]["score"] > outcomes["of 1"]["score"]},
        tolerance=tolerance,
    )


def test_a_record_holds_what_came_out_and_how_it_was_made(tmp_path):
    seen = []
    record = perform("squares", squares(), lambda case, outcome, seconds: seen.append(case.label))
    assert seen == ["of 1", "of 2", "of 3"]
    assert record["findings"] == {"squares grow": True}
    assert record["cases"][2]["outcome"] == {"score": 9.0, "rows": [[1, 0.333333]]}
    assert record["made"]["threads"] >= 1 and record["made"]["versions"]["torch"]
    path = save_record(record, tmp_path)
    assert load_record("squares", tmp_path) == record
    assert [file.name for file in tmp_path.iterdir()] == [path.name], "a temporary file was left"


def test_a_failed_save_leaves_the_old_record(tmp_path):
    record = perform("squares", squares())
    save_record(record, tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        save_record({**record, "question": float("nan")}, tmp_path)
    assert load_record("squares", tmp_path) == record
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("score", [None, float("nan"), "high"])
def test_a_case_without_a_score_is_refused(score):
    broken = Experiment(
        question="?",
        cases=(Case("a", {}),),
        run=lambda case: {"score": score},
        findings=lambda outcomes: {},
        tolerance=0,
    )
    with pytest.raises(ValueError, match="case 'a' of broken has score"):
        perform("broken", broken)


def test_labels_must_differ():
    with pytest.raises(ValueError, match="a label of its own"):
        squares(numbers=(1, 1))


def test_compare_finds_scores_and_findings_that_differ():
    record = perform("squares", squares())
    rows, other = compare(record, perform("squares", squares(1.0009)))
    assert all(row.agrees for row in rows) and not other
    rows, other = compare(record, perform("squares", squares(-1)))
    assert [row.agrees for row in rows] == [False] * 3
    assert other == ["squares grow"]


@pytest.mark.parametrize("numbers, what", [((1, 2), "'of 3' is gone"), ((1, 2, 3, 4), "'of 4' is new")])
def test_a_record_of_other_settings_is_out_of_date(numbers, what):
    record = json.loads(json.dumps(perform("squares", squares())))
    check_current(record, squares())
    with pytest.raises(RecordError, match=f"out of date: case {what}"):
        check_current(record, squares(numbers=numbers))


@pytest.mark.parametrize(
    "content, message", [(None, "no record"), ("{", "damaged"), ('{"name": 1}', "not a record")]
)
def test_a_missing_or_damaged_record(tmp_path, content, message):
    if content is not None:
        (tmp_path / "squares.json").write_text(content)
    with pytest.raises(RecordError, match=message):
        load_record("squares", tmp_path)


def test_unknown_names_are_answered_with_near_ones():
    with pytest.raises(ValueError, match="did you mean batch-norm"):
        get("batchnorm")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Runs the command with an experiment that takes no time."""
    monkeypatch.setattr(registry, "names", lambda: ["squares"])
    experiments = {"squares": squares()}
    monkeypatch.setattr(registry, "get", experiments.__getitem__)

    def run(*arguments, experiment=None):
        if experiment is not None:
            experiments["squares"] = experiment
        return CliRunner().invoke(app, ["run", *arguments, "--folder", str(tmp_path)], env=WIDE)

    return run


def test_the_command_lists_runs_and_verifies(course, tmp_path):
    assert "squares" in course().output
    assert course("squares", "--verify").exit_code == 2
    done = course("squares")
    assert done.exit_code == 0, done.output
    before = (tmp_path / "squares.json").read_bytes()
    assert course("squares", "--verify").exit_code == 0
    other = course("squares", "--verify", experiment=squares(1.5))
    assert other.exit_code == 1 and "no: more than 0.01" in other.output
    assert (tmp_path / "squares.json").read_bytes() == before, "--verify writes nothing"
    assert course("squares", "--verify", experiment=squares(numbers=(1, 2))).exit_code == 2


@pytest.mark.parametrize("name", names())
def test_every_experiment_is_well_formed(name):
    experiment = get(name)
    assert experiment.question.endswith("?")
    for case in experiment.cases:
        assert json.loads(json.dumps(case.settings)), case.label


@pytest.mark.parametrize("name", RECORDED)
def test_every_record_is_of_the_experiment_as_it_is_now(name):
    experiment, record = get(name), load_record(name, RECORDS)
    check_current(record, experiment)
    outcomes = {case["label"]: case["outcome"] for case in record["cases"]}
    assert experiment.findings(outcomes) == record["findings"]
    assert record["made"]["device"] and record["made"]["seconds"] > 0


def test_no_record_without_its_experiment():
    assert {path.stem for path in RECORDS.glob("*.json")} <= set(names())
