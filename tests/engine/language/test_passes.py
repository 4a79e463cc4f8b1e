"""Numbers of a language model beside a plain loop and beside autograd."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from curator.engine.language.conversation import read_conversation  # noqa: E402
from curator.engine.language.gradient import Projection, Seen, length_of, written_out  # noqa: E402
from curator.engine.language.passes import GradientPass, HiddenPass, ResponsePass  # noqa: E402
from curator.engine.language.response import RESPONSE, of_logits, response_numbers  # noqa: E402
from curator.engine.language.tokens import Encoded, close_batches  # noqa: E402

LIMIT = 200
SHAPES = [(None, "left"), (64, "left"), (64, "right"), (200, "left"), (1000, "right")]
R = len(RESPONSE)


def plain(model, record, *, alone=False):
    """(nll, entropy, el2n) of one record by the shortest way; None without a response."""
    said = read_conversation(record)
    if not said.response:
        return None
    tokenizer = model.tokenizer
    turns = [{"role": r, "content": t} for r, t in said.turns]
    prompt = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    before = [tokenizer.bos_token_id] if alone else tokenizer(prompt, add_special_tokens=False)["input_ids"]
    answer = tokenizer(said.response, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = model.model(torch.tensor([before + answer])).logits[0].double()
    p = torch.softmax(logits[len(before) - 1 : -1], -1)
    truth = torch.tensor(answer)
    of_truth = p[torch.arange(len(truth)), truth]
    hot = torch.nn.functional.one_hot(truth, p.shape[1])
    return [
        -of_truth.log().mean().item(),
        -(p * p.log()).sum(1).mean().item(),
        (p - hot).norm(dim=1).mean().item(),
    ]


@pytest.mark.parametrize(("room", "side"), SHAPES)
@pytest.mark.parametrize("alone", [False, True])
def test_numbers_of_responses_equal_a_plain_loop(tiny, records, room, side, alone):
    found = ResponsePass(tiny, LIMIT, room=room, side=side, alone=alone)(records, [""] * len(records))
    for row, record in zip(found, records, strict=True):
        expected = plain(tiny, record, alone=alone)
        if expected is None:
            assert np.isnan(row).all()
        else:
            assert row[:3] == pytest.approx(expected, abs=1e-4)
            assert row[3] > 0 and row[4] == 0


def autograd(model, record, layer):
    """The gradient of the layer's matrices and biases by autograd, as rows [out, in + 1] of each matrix."""
    work = GradientPass(model, LIMIT, layer)
    item = work.encode([record], [""])[0]
    matrices = work.capture.matrices
    parameters = [p for m in matrices for p in (m.weight, m.bias) if p is not None]
    for parameter in parameters:
        parameter.requires_grad_(True)
    try:
        logits = model.model(torch.tensor([item.ids])).logits[0]
        losses = torch.nn.functional.cross_entropy(
            logits[item.start - 1 : -1], torch.tensor(item.ids[item.start :]), reduction="mean"
        )
        found = dict(zip(map(id, parameters), torch.autograd.grad(losses, parameters), strict=True))
    finally:
        for parameter in parameters:
            parameter.requires_grad_(False)
    rows = []
    for m in matrices:
        weight = found[id(m.weight)]
        rows.append(torch.cat([weight, found[id(m.bias)][:, None]], 1) if m.bias is not None else weight)
    return torch.cat([r.flatten() for r in rows]).double().numpy()


@pytest.mark.parametrize(("room", "side"), SHAPES)
def test_gradients_equal_autograd_before_and_after_projection(tiny, records, room, side):
    layer = tiny.middle()
    projection = Projection(24, 0, "rademacher", "cpu")
    work = GradientPass(tiny, LIMIT, layer, projection, room=room, side=side)
    written = []
    sketch = projection.sketch
    projection.sketch = lambda parts: (written.append(written_out(parts).double().numpy()), sketch(parts))[1]
    with work.capture.watching():
        found = work(records, [""] * len(records))
    assert np.isnan(found[4]).all()
    exact = {i: autograd(tiny, record, layer) for i, record in enumerate(records) if i != 4}
    for gradient in written:
        assert min(np.abs(gradient - other).max() for other in exact.values()) < 1e-5
    for i, gradient in exact.items():
        assert found[i, R] == pytest.approx(np.linalg.norm(gradient), rel=1e-4)
        assert found[i, :3] == pytest.approx(plain(tiny, records[i]), abs=1e-4)
    # Each number of a sketch is the product with one rank-one matrix.
    one = next(iter(exact))
    blocks, start = [], 0
    for number, matrix in enumerate(work.capture.matrices):
        out, into = matrix.weight.shape[0], matrix.weight.shape[1] + (matrix.bias is not None)
        a, b = (d.double().numpy() for d in projection.directions(number, out, into))
        part = exact[one][start : start + out * into].reshape(out, into)
        blocks.append(np.einsum("or,oi,ir->r", a, part, b))
        start += out * into
    assert found[one, R + 1 :] == pytest.approx(sum(blocks) / 24**0.5, abs=1e-4)


@pytest.mark.parametrize("kind", ["rademacher", "gaussian"])
def test_the_projection_keeps_inner_products_within_its_bound(kind):
    generator = torch.Generator().manual_seed(1)
    one = [Seen(torch.randn(5, 12, generator=generator), torch.randn(5, 9, generator=generator)) for _ in range(2)]
    noise = [(torch.randn(5, 12, generator=generator), torch.randn(5, 9, generator=generator)) for _ in range(2)]
    two = [Seen(p.inputs + 0.3 * x, p.gradients + 0.3 * e) for p, (x, e) in zip(one, noise, strict=True)]
    g, h = written_out(one).double(), written_out(two).double()
    width, errors = 256, []
    for seed in range(40):
        projection = Projection(width, seed, kind, "cpu")
        errors.append(float(projection.sketch(one).double() @ projection.sketch(two).double() - g @ h))
    bound = 3 * float(g.norm() * h.norm()) / width**0.5
    assert np.sqrt(np.mean(np.square(errors))) < bound
    assert abs(np.mean(errors)) < 3 * bound / 40**0.5
    assert length_of(one) == pytest.approx(float(g.norm()), rel=1e-5)


def test_hidden_states_stop_at_the_layer(tiny, records):
    layer = tiny.middle()
    found = HiddenPass(tiny, LIMIT, layer)(records, ["the sky is blue"] * len(records))
    one = ResponsePass(tiny, LIMIT).encode(records[:1], [""])[0]
    with torch.no_grad():
        hidden = tiny.model(torch.tensor([one.ids]), output_hidden_states=True).hidden_states[layer + 1][0]
    assert found[0] == pytest.approx(hidden.mean(0).numpy(), abs=1e-5)
    assert np.isfinite(found[4]).all()
    batched = HiddenPass(tiny, LIMIT, layer, room=300)(records, ["the sky is blue"] * len(records))
    assert batched == pytest.approx(found, abs=1e-4)


def test_long_records_keep_their_response_and_both_ends_of_the_prompt(tiny):
    record = json.dumps({"instruction": " ".join(["one", *["the"] * 50, "two"]), "output": "red sky"})
    found = ResponsePass(tiny, 20).encode([record], [""])[0]
    words = tiny.tokenizer.convert_ids_to_tokens(list(found.ids))
    assert len(words) == 20 and found.cut > 30
    assert words[-2:] == ["red", "sky"] and words[0] == "<user>" and words[1] == "one" and "two" in words
    long = json.dumps({"instruction": "one", "output": " ".join(["red"] * 60)})
    cut = ResponsePass(tiny, 20).encode([long], [""])[0]
    assert len(cut.ids) == 20 and cut.answer >= 15


def test_probabilities_of_one_and_a_quarter():
    logits = torch.log(torch.tensor([[1.0, 0.0], [0.25, 0.75]]))
    (nll, _, _), p = response_numbers(logits + 50, torch.tensor([0, 0]))
    assert np.exp(nll) == pytest.approx(2.0)
    assert p.numpy() == pytest.approx(np.array([[1.0, 0.0], [0.25, 0.75]]), abs=1e-6)


def test_error_and_entropy_by_hand():
    logits = torch.log(torch.tensor([[0.7, 0.3], [0.2, 0.8]]))
    for row, expected in ((0, [-np.log(0.7), 0.61086, 0.42426]), (1, [-np.log(0.2), 0.50040, 1.13137])):
        found = response_numbers(logits[row : row + 1], torch.tensor([0]))[0]
        assert found == pytest.approx(expected, abs=1e-5)


def test_the_gradient_of_logits_equals_autograd():
    logits = torch.randn(7, 11, generator=torch.Generator().manual_seed(0), requires_grad=True)
    truth = torch.arange(7)
    expected = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, truth), logits)[0]
    with torch.no_grad():
        found = of_logits(response_numbers(logits, truth)[1], truth)
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-6)


def test_short_responses_share_batches_of_like_length():
    items = [Encoded(tuple(range(n)), 1, 0) if n else None for n in (9, 3, 0, 40, 3, 4, 10, 200, 5)]
    found = list(close_batches(items, 64))
    assert [b.places for b in found] == [(1, 4, 5, 8), (0, 6), (3,), (7,)]
    assert [(b.length, b.slots, b.keep) for b in found] == [(5, 4, 5), (10, 2, 10), (40, 1, 40), (200, 1, 200)]
    assert [len(b.places) for b in close_batches([items[1]] * 50, 64)] == [21, 21, 8]
