"""The last layer fitted to a subset: losses beside the model's own, and what fitting does."""

import functools

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from curator.engine.errors import InputError  # noqa: E402
from curator.engine.language.last_layer import PLACES, RATE, LastLayer, LastPass  # noqa: E402
from curator.engine.language.passes import ResponsePass  # noqa: E402


@pytest.fixture(scope="module")
def last(tiny, records):
    work = LastPass(tiny, 200)
    table = work(records, [""] * len(records))
    return table, LastLayer(table, work.head.weight.detach().numpy())


def test_the_model_as_it_is_has_its_own_loss(tiny, records, last):
    table, layer = last
    assert table.shape == (12, PLACES * 18) and np.isnan(table[4]).all()
    nll = ResponsePass(tiny, 200)(records, [""] * len(records))
    for row in (0, 3, 7):  # every response is shorter than PLACES, so all of it is kept
        assert layer.loss(np.array([1]), np.array([row]), steps=0) == pytest.approx(nll[row, 0], abs=1e-4)
    assert np.isnan(layer.loss(np.array([4]), np.array([0])))
    assert np.isnan(layer.loss(np.array([0]), np.array([4])))


def test_fitting_lowers_the_loss_of_what_it_was_fitted_to_and_repeats_itself(last):
    layer, rows = last[1], np.array([0, 2, 3])
    before, after = (layer.loss(rows, rows, 1, steps=s) for s in (0, 60))
    assert after < before
    assert after == layer.loss(rows, rows, 1)


def test_a_fit_equals_one_written_out_over_the_whole_vocabulary():
    rng = np.random.default_rng(5)
    weight, bias = rng.normal(size=(11, 4)).astype(np.float32), rng.normal(size=11).astype(np.float32)
    h, tokens = rng.normal(size=(6, 2, 4)).astype(np.float32), rng.integers(0, 7, (6, 2))  # 7 to 10 answer nothing
    z = h @ weight.T + bias
    cells = np.concatenate([h, tokens[..., None], np.log(np.exp(z).sum(2))[..., None]], 2)
    layer = LastLayer(cells.reshape(6, -1).astype(np.float32), weight, bias)
    picks, test, known = np.array([4, 0, 1]), np.array([2, 3]), np.unique(tokens)

    w, change, added = torch.tensor(weight), torch.zeros(4, 4, requires_grad=True), torch.tensor(bias[known])
    added.requires_grad_()

    def losses(rows):
        x, truth = torch.tensor(h[rows].reshape(-1, 4)), torch.tensor(tokens[rows].reshape(-1))
        logits = x @ w.T + torch.tensor(bias)  # what answers nothing keeps its logits
        moved = (x + x @ change) @ w[known].T + added
        logits = logits.index_copy(1, torch.tensor(known), moved)
        return torch.nn.functional.cross_entropy(logits, truth, reduction="none")

    adam, draw = torch.optim.Adam([change, added], lr=RATE), np.random.default_rng((9, 23))
    for _ in range(7):
        places = draw.integers(6, size=6)
        adam.zero_grad()
        losses(picks)[torch.tensor(places)].mean().backward()
        adam.step()
    assert layer.loss(picks, test, 9, steps=7) == pytest.approx(losses(test).mean().item(), abs=1e-5)
    assert layer.loss(picks, test, 9, steps=0) != pytest.approx(losses(test).mean().item(), abs=1e-4)


def test_places_in_batches_are_the_same(tiny, records, last):
    batched = LastPass(tiny, 200, room=300)(records, [""] * len(records))
    assert batched == pytest.approx(last[0], abs=1e-4, nan_ok=True)


def test_a_model_that_caps_its_logits_is_refused(tiny, records, monkeypatch):
    plain = tiny.model.forward

    @functools.wraps(plain)
    def capped(*args, **kwargs):
        found = plain(*args, **kwargs)
        found.logits = 0.1 * torch.tanh(found.logits / 0.1)
        return found

    monkeypatch.setattr(tiny.model, "forward", capped)
    with pytest.raises(InputError, match="changes its logits"):
        LastPass(tiny, 200)(records, [""] * len(records))
