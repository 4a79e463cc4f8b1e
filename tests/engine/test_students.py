"""The student's formulas against hand-checked numbers, and that a fit is one answer."""

import numpy as np
import pytest
import torch

from curator.engine.errors import Cancelled
from curator.engine.students import (
    StudentPlan,
    distillation_loss,
    fit_student,
    mixed,
    softmax,
    student_loss,
)
from curator.engine.task import Task

LN3 = np.log(3.0)


def test_mixing_of_the_two_heads():
    label, distilled = np.array([[LN3, 0.0]]), np.array([[0.0, LN3]])
    assert mixed(label, distilled)[0].tolist() == pytest.approx([0.5, 0.5], abs=1e-6)
    assert mixed(label, distilled, 0.5, 0.5)[0].tolist() == pytest.approx([0.425, 0.575], abs=1e-6)
    assert mixed(label, distilled, 0.6, 0.5)[0].tolist() == pytest.approx([0.36, 0.64], abs=1e-6)
    assert mixed(label, None)[0].tolist() == pytest.approx([0.75, 0.25], abs=1e-6)


def test_teacher_logits_carry_the_scale_of_a_hundred():
    logits = 100 * np.array([[0.30, 0.28]])
    assert softmax(logits)[0].tolist() == pytest.approx([0.88080, 0.11920], abs=1e-5)
    assert softmax(logits, 2)[0].tolist() == pytest.approx([0.73106, 0.26894], abs=1e-5)
    assert softmax(logits / 100)[0, 0] == pytest.approx(0.505, abs=1e-5)


def test_losses_equal_their_definitions_and_distillation_weighs_two_terms():
    teacher, guess = torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([[0.0, 1.0], [0.5, 0.5]])
    p, q = softmax(teacher.numpy(), 2), softmax(guess.numpy(), 2)
    by_hand = 4 * (p * np.log(p / q)).sum(1).mean()
    assert float(distillation_loss(guess, teacher, 2.0)) == pytest.approx(by_hand, abs=1e-6)
    cross = -np.log(softmax(guess.numpy())[[0, 1], [1, 0]]).mean()
    total = student_loss((guess, torch.tensor([1, 0])), [(guess, teacher), (guess, teacher)], 2.0)
    assert float(total) == pytest.approx(0.5 * cross + 0.5 * 2 * by_hand, abs=1e-6)


def test_a_ball_of_beliefs_shrinks_around_its_label():
    """The best q for lam * CE + (1 - lam) * KL is lam * onehot + (1 - lam) * p."""
    p, other, y = np.array([0.6, 0.3, 0.1]), np.array([0.4, 0.4, 0.2]), np.array([1.0, 0, 0])
    assert np.linalg.norm(p - other) == pytest.approx(0.244949, abs=1e-6)
    assert np.linalg.norm((0.5 * y + 0.5 * p) - (0.5 * y + 0.5 * other)) == pytest.approx(0.122474, abs=1e-6)
    logits = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([logits], max_iter=200, tolerance_grad=1e-10)

    def closure():
        optimiser.zero_grad()
        pair = [(logits, torch.tensor(np.log(p)[None]))]
        loss = student_loss((logits, torch.tensor([0])), pair, 1.0)
        loss.backward()
        return loss

    optimiser.step(closure)
    assert torch.softmax(logits, 1).detach().numpy()[0].tolist() == pytest.approx([0.8, 0.15, 0.05], abs=1e-4)


def problem(seed=0, n=120):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 3).astype(np.int32)
    x = (2 * np.eye(6)[y] + 0.4 * rng.normal(size=(n, 6))).astype(np.float32)
    return x, y, 8 * np.eye(3, dtype=np.float32)[np.minimum(y, 1)]  # a teacher that never says the third class


SMALL = StudentPlan(width=16, layers=1, steps=80, batch=16)


def test_two_heads_learn_from_two_sources():
    x, y, teacher = problem()
    rows = np.arange(12)
    student = fit_student(x, rows, y[:12], 3, teacher, plan=SMALL)
    assert (student.label_logits.argmax(1) == y).mean() > 0.9
    assert (student.distilled_logits.argmax(1) == np.minimum(y, 1)).mean() > 0.9
    assert student.features.shape == (120, 16)
    assert student.probabilities().sum(1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("layers", [0, 1])
def test_the_same_seed_gives_the_same_bits_whatever_the_threads_and_the_order(layers):
    x, y, teacher = problem()
    plan = StudentPlan(width=16, layers=layers, steps=20, batch=16)
    rows = np.array([40, 3, 17, 88, 5])
    first = fit_student(x, rows, y[rows], 3, teacher, plan=plan, seed=4)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        again = fit_student(x, rows[::-1], y[rows[::-1]], 3, teacher, plan=plan, seed=4)
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(first.label_logits, again.label_logits)
    assert np.array_equal(first.distilled_logits, again.distilled_logits)
    assert not np.array_equal(
        fit_student(x, rows, y[rows], 3, teacher, plan=plan, seed=5).label_logits, first.label_logits
    )


def test_without_a_teacher_there_is_no_distilled_head_and_without_labels_it_follows_the_teacher():
    x, y, teacher = problem()
    assert fit_student(x, np.arange(9), y[:9], 3, plan=SMALL).distilled_logits is None
    empty = np.empty(0, np.int64)
    follower = fit_student(x, empty, empty.astype(np.int32), 3, teacher, plan=SMALL)
    assert (follower.distilled_logits.argmax(1) == teacher.argmax(1)).mean() > 0.9


def test_a_fit_can_be_stopped():
    x, y, teacher = problem()
    asked = []
    task = Task(cancelled=lambda: asked.append(1) or len(asked) > 3)
    with pytest.raises(Cancelled):
        fit_student(x, np.arange(9), y[:9], 3, teacher, plan=SMALL, task=task)
    assert len(asked) < 8
