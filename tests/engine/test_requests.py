import dataclasses
import pickle
from importlib import import_module

import pytest

from curator.engine import requests
from curator.engine.requests import ExportRequest, ImportRequest, ProjectionRequest, RunRequest

ALL = (
    ImportRequest(("a",)),
    RunRequest("pile", "name = 'x'"),
    ProjectionRequest("pile"),
    ExportRequest("chosen", "/tmp/out", "folder"),
)


@pytest.mark.parametrize("request_", ALL, ids=lambda r: type(r).__name__)
def test_a_request_is_plain_and_names_its_handler(request_):
    module, function = request_.handler.split(":")
    assert callable(getattr(import_module(module), function))
    assert pickle.loads(pickle.dumps(request_)) == request_
    assert request_.title
    assert "handler" not in {f.name for f in dataclasses.fields(request_)}


def test_each_request_of_the_module_is_tried():
    made = {v for v in vars(requests).values() if dataclasses.is_dataclass(v)}
    assert made == {type(r) for r in ALL}
