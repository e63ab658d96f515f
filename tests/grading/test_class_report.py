"""The class report: marks as they are, student text inert, one self-contained page."""

import re

import pytest

from course_utils.grading import class_report


def question(id, points, verdict, *, message="", diagnosis=None, max_points=10.0):
    return dict(
        id=id, points=points, max_points=max_points, verdict=verdict, message=message, diagnosis=diagnosis
    )


def result(student, *questions, problems=(), status="graded"):
    return dict(
        student=student,
        score=sum(q["points"] for q in questions),
        max_score=sum(q["max_points"] for q in questions),
        status=status,
        problems=list(problems),
        questions=list(questions),
        seconds=1.5,
    )


@pytest.fixture
def results():
    flipped = "The kernel is flipped: that is convolution."
    return [
        result("ada", question("size", 10.0, "passed"), question("conv", 10.0, "passed")),
        result("bob", question("size", 10.0, "passed"), question("conv", 0.0, "failed", diagnosis=flipped)),
        result("cyd", question("size", 2.5, "failed"), question("conv", 0.0, "failed", diagnosis=flipped)),
        result(
            "dee <script>alert(1)</script>",
            question("size", 0.0, "not attempted"),
            question("conv", 0.0, "timeout", message="<img src=x onerror=alert(1)>"),
            problems=["the notebook is <b>not</b> valid JSON"],
            status="error",
        ),
    ]


def test_a_question_row_counts_what_happened(results):
    size, conv = class_report.question_summary(results)
    assert (size["id"], size["mean"], size["full"], size["attempted"]) == ("size", 5.625, 2, 3)
    assert conv["full"] == 1
    assert conv["verdicts"] == {"passed": 1, "failed": 2, "timeout": 1}


def test_beliefs_are_counted_by_student_and_the_commonest_comes_first(results):
    flipped = results[1]["questions"][1]["diagnosis"]
    results[0]["questions"][0]["diagnosis"] = "ceil for floor"
    results[2]["questions"][0]["diagnosis"] = flipped  # in both of the student's answers: one student
    assert class_report.beliefs(results) == [
        {"text": flipped, "students": ["bob", "cyd"], "questions": ["conv", "size"]},
        {"text": "ceil for floor", "students": ["ada"], "questions": ["size"]},
    ]
    page = class_report.render("convolution", results)
    assert "<b>2 students</b> (bob, cyd) in conv, size<br>" + flipped in page


def test_questions_of_two_notebooks_with_one_name_are_told_apart():
    def both(student, one, two):
        first, second = question("q", one, "passed"), question("q", two, "failed", diagnosis="Why.")
        return result(student, {**first, "notebook": "one"}, {**second, "notebook": "two"})

    results = [both("ada", 10.0, 0.0), both("bob", 8.0, 2.0)]
    rows = class_report.question_summary(results)
    assert [(row["id"], row["mean"], row["students"]) for row in rows] == [
        ("one/q", 9.0, 2),
        ("two/q", 1.0, 2),
    ]
    assert class_report.beliefs(results)[0]["questions"] == ["two/q"]
    page = class_report.render("convolution", results)
    assert re.findall(r">(8|2)<small>", page) == ["8", "2"] and "<b>two/q</b>, failed" in page


def test_what_students_wrote_is_text(results):
    page = class_report.render("convolution", results)
    assert "<script" not in page and "<img" not in page and "<b>not</b>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_asks_nothing_of_the_outside(results):
    page = class_report.render("convolution", results[:3])
    assert not re.findall(r"""(?:src|href)\s*=|url\(|@import|https?://""", page)


def test_every_student_and_every_mark_is_there(results):
    page = class_report.render("convolution", results)
    for r in results[:3]:
        score = class_report.points(r["score"])
        assert f'<th scope="row">{r["student"]}</th><td class="mark"><b>{score}</b></td>' in page


def test_grading_without_a_sandbox_is_said_at_the_top(results):
    assert "Marked without a sandbox" in class_report.render("convolution", results, protected=False)
    assert "Marked without a sandbox" not in class_report.render("convolution", results)


def test_an_empty_class_is_a_page_too():
    assert "0 submissions" in class_report.render("convolution", [])


@pytest.mark.parametrize(
    "value, text", [(20.0, "20"), (7.5, "7.5"), (0.0, "0"), (3.333, "3.33"), (100, "100")]
)
def test_points_read_well(value, text):
    assert class_report.points(value) == text
