import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curator.engine.caps import Quota


@given(st.data())
def test_allowed_equals_asking_one_by_one(data):
    n = data.draw(st.integers(1, 30))
    groups = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=n, max_size=n)), np.int32)
    caps = np.array(data.draw(st.lists(st.integers(0, 4), min_size=4, max_size=4)), np.int64)
    order = np.array(data.draw(st.permutations(range(n))), np.int64)
    one, many = Quota(groups, caps), Quota(groups, caps)
    expected = [row for row in order.tolist() if one.take(row)]
    assert many.allowed(order).tolist() == expected
    assert many.left.tolist() == one.left.tolist()


def test_without_caps_everything_fits():
    quota = Quota(None, None)
    assert quota.take(5)
    assert quota.allowed(np.array([2, 1])).tolist() == [2, 1]
