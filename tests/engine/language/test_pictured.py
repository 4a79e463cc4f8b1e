"""Numbers and gradients of records with pictures, by a tiny random vision-language model, beside autograd."""

import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tiny_model import SENTENCE  # noqa: E402

from curator.engine.language.conversation import Conversation  # noqa: E402
from curator.engine.language.gradient import Projection, written_out  # noqa: E402
from curator.engine.language.pictured import PicturedPass, reads_pictures  # noqa: E402
from curator.engine.language.response import RESPONSE  # noqa: E402
from curator.engine.language.source import ModelSource  # noqa: E402
from curator.engine.project import Project  # noqa: E402
from curator.engine.recipe import Recipe  # noqa: E402
from curator.engine.registry import registry  # noqa: E402

registry().discover()
WORDS = SENTENCE.split()
SAID = Conversation((("user", "the cat runs"),), "a blue sky")


def picture(seed):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (20, 20, 3), np.uint8))


def test_gradients_with_a_picture_equal_autograd(vision_folder):
    source = ModelSource(vision_folder)
    assert reads_pictures(source)
    projection = Projection(24, 0, "rademacher", "cpu")
    work, written = PicturedPass(source, "float32", "cpu", 200, -1, projection), []
    sketch = projection.sketch
    projection.sketch = lambda parts: (written.append(written_out(parts).double().numpy()), sketch(parts))[1]
    with work.capture.watching():
        found = [work.of(SAID, pictures) for pictures in ([picture(0)], [picture(1)], [])]
    processor, model = work.vision.processor, work.vision.model
    for number, pictures in enumerate(([picture(0)], [picture(1)], None)):
        prompt = f"<user> {'<image> ' if pictures else ''}the cat runs <end> <assistant> "
        asked = processor(text=[prompt], images=pictures, return_tensors="pt")
        answer = torch.tensor([processor.tokenizer.convert_tokens_to_ids(["a", "blue", "sky"])])
        inputs = {"input_ids": torch.cat([asked["input_ids"], answer], 1)}
        if pictures:
            inputs["pixel_values"] = asked["pixel_values"]
        matrices = [m.weight.requires_grad_(True) for m in work.capture.matrices]
        logits = model(**inputs).logits[0, -4:-1]
        loss = torch.nn.functional.cross_entropy(logits, answer[0])
        exact = torch.cat([g.flatten() for g in torch.autograd.grad(loss, matrices)]).double().numpy()
        assert np.abs(written[number] - exact).max() < 1e-5
        assert found[number][0] == pytest.approx(loss.item(), abs=1e-5)
        assert found[number][RESPONSE.index("tokens")] == 3
        assert found[number][len(RESPONSE)] == pytest.approx(np.linalg.norm(exact), rel=1e-4)
        for weight in matrices:
            weight.requires_grad_(False)
    assert np.abs(found[0] - found[1]).max() > 1e-3  # the picture counts


def test_a_long_response_is_cut_and_the_picture_stays(vision_folder):
    work = PicturedPass(ModelSource(vision_folder), "float32", "cpu", 16)
    long = Conversation(SAID.turns, " ".join(["red"] * 30))
    found = work.of(long, [picture(0)])
    assert found[RESPONSE.index("cut")] + found[RESPONSE.index("tokens")] == 30
    assert found[RESPONSE.index("tokens")] >= 4
    assert np.isnan(work.of(Conversation(SAID.turns, " "), [picture(0)])).all()


def test_a_pile_with_pictures_by_one_pass(vision_folder, tmp_path):
    lines = []
    for i in range(8):
        picture(i).save(tmp_path / f"{i}.png")
        asked = ("<image>\n" if i < 6 else "") + " ".join(WORDS[i : i + 4])
        turns = [{"from": "human", "value": asked}, {"from": "gpt", "value": " ".join(WORDS[7 : 9 + i % 3])}]
        lines.append({"conversations": turns, **({"image": f"{i}.png"} if i < 6 else {})})
    (tmp_path / "pile.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    named = f"model = '{vision_folder.as_posix()}'\n"
    scorers = "".join(f'[[scorers]]\nname = "{s}"\n{named}' for s in ("perplexity", "grand", "ifd", "image-grounding"))
    recipe = Recipe.from_toml(
        f'[encoder]\nname = "gradient"\nwidth = 32\n{named}[clusterer]\nname = "kmeans"\nk = 2\n'
        f'{scorers}[[selectors]]\nname = "multi-way"\nbudget = 4\n'
    )
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([tmp_path / "pile.jsonl"], "pile").result()
        subset = project.submit_run("pile", recipe).result().focus[1]
        assert len(project.subset_rows(subset)) == 4
        assert not any(s.problem for s in project.samples(1))
        scores = {name: project.browse.column(1, f"score.{name}").values for name in ("perplexity", "image-grounding")}
        assert np.isfinite(scores["perplexity"]).all()
        assert np.isfinite(scores["image-grounding"]).tolist() == [True] * 6 + [False] * 2
        hidden = Recipe.from_toml(
            f'[encoder]\nname = "hidden-states"\n{named}[[selectors]]\nname = "k-center"\nbudget = 3\n'
        )
        assert len(project.subset_rows(project.submit_run("pile", hidden).result().focus[1])) == 3
