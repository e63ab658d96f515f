"""unchanged_arguments and raises, case and seeds."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from course_utils import checks


def failure(check, *arguments, **options):
    with pytest.raises(checks.CheckFailed) as caught:
        check(*arguments, **options)
    return str(caught.value)


def signature(x, layers=()):
    """What the answers below should look like."""


def test_arguments_that_stay_pass():
    checks.unchanged_arguments(
        lambda x: 2 * x, [(np.ones(2),), (torch.ones(2),), checks.case([1], why="a list")]
    )


def test_a_changed_array_is_named():
    def eats(images, layers):
        images[0] = 7

    said = failure(checks.unchanged_arguments, eats, [(np.ones(2), 3)], like=signature)
    assert said == (
        "eats(x, 3) changed its argument x. Its caller may still need that: work on a copy.\n"
        "where\n"
        "  x: float64 array of shape (2,): [1., 1.]\n"
        "x after the call: float64 array of shape (2,): [7., 1.]"
    )


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, np.zeros(3, np.float32), torch.zeros(2)])
def test_every_mutable_argument_is_watched(value):
    def eats(x):
        if isinstance(x, list):
            x.pop()
        elif isinstance(x, dict):
            x["b"] = 2
        else:
            x += 1e-7  # however little

    assert "changed its argument x" in failure(checks.unchanged_arguments, eats, [(value,)], like=signature)


def test_raises_accepts_the_error_and_its_subclasses():
    def refuses(x):
        raise UnicodeError if x else ValueError

    checks.raises(refuses, [(0,), (1,)])


def test_raises_says_what_happened_instead():
    cases = [checks.case(4, why="kernel 4 does not fit 3 pixels")]
    said = failure(checks.raises, lambda x: 0, cases, name="output_size")
    assert said == (
        "output_size(4) should raise ValueError, but returned 0.\n"
        "What is special here: kernel 4 does not fit 3 pixels."
    )

    def other(x):
        raise IndexError

    assert "raised IndexError instead" in failure(checks.raises, other, cases)


def test_a_stub_does_not_pass_for_a_refusal():
    def stub(x):
        raise NotImplementedError

    assert "not written yet" in failure(checks.raises, stub, [(1,)])
    assert "not written yet" in failure(checks.unchanged_arguments, stub, [(1,)])


def test_long_arguments_go_below_the_call():
    chain = [(3, 1)] * 9
    said = failure(checks.raises, lambda *x, **y: 0, [checks.case(chain, layers=chain)], like=signature)
    assert said.startswith("<lambda>(x, layers=layers) should")
    assert f"\n  x: {chain}\n  layers: {chain}" in said


@pytest.fixture
def unseeded():
    checks.set_seed(None)
    yield
    checks.set_seed(None)


def test_a_seed_and_a_name_decide_the_numbers_whatever_ran_before(unseeded):
    checks.set_seed(5)
    first = checks.generator("a").integers(1 << 60, size=3)
    checks.generator("b").normal(size=10)
    assert (checks.generator("a").integers(1 << 60, size=3) == first).all()
    assert not (checks.generator("b").integers(1 << 60, size=3) == first).any()
    checks.set_seed(6)
    assert not (checks.generator("a").integers(1 << 60, size=3) == first).any()


def test_without_a_seed_each_process_has_its_own(unseeded):
    command = "from course_utils import checks; print(checks.generator('a').integers(1 << 60))"

    def drawn(**variables):
        environment = {k: v for k, v in os.environ.items() if k != checks.SEED_VARIABLE} | variables
        return subprocess.run(
            [sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert drawn() != drawn()
    assert drawn(**{checks.SEED_VARIABLE: "5"}) == drawn(**{checks.SEED_VARIABLE: "5"})
    checks.set_seed(5)
    assert drawn(**{checks.SEED_VARIABLE: "5"}) == f"{checks.generator('a').integers(1 << 60)}\n"


@pytest.mark.parametrize("seed", [-1, 1.5, "3", True])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be"):
        checks.set_seed(seed)


def test_a_bad_seed_in_the_environment_is_named(unseeded, monkeypatch):
    monkeypatch.setenv(checks.SEED_VARIABLE, "many")
    with pytest.raises(ValueError, match="COURSE_GRADING_SEED must be a whole number"):
        checks.generator("a")
    with pytest.raises(ValueError, match="name must say"):
        checks.generator("")


def test_checks_load_without_torch():
    command = "import sys; from course_utils import checks; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True)
