import math

import pytest

from curator.engine.forgetting import forgetting, relative_gain

NAN = math.nan
THREE = [[80, NAN, NAN], [60, 70, NAN], [50, 65, 90]]


def test_three_steps_by_hand():
    assert relative_gain(THREE, [80, 80, 90]) == pytest.approx(81.25)
    assert forgetting(THREE) == pytest.approx(17.5)


def test_nothing_is_forgotten_in_one_step_and_gains_count_against():
    assert math.isnan(forgetting([[80, 70]]))
    assert forgetting([[50, NAN], [60, 90]]) == pytest.approx(-10)
