"""The public contract for plugins: import from here and nothing deeper.

``curator.engine.vectors`` (torch kernels) may be imported too, inside functions, so that the window can read a
plugin's parameters without loading torch.
"""

from curator.engine.caps import Quota
from curator.engine.errors import (
    Cancelled,
    CuratorError,
    DeviceError,
    InputError,
    NotReadyError,
    PluginError,
)
from curator.engine.params import param
from curator.engine.quotas import apportion, water_fill
from curator.engine.registry import clusterer, encoder, exporter, importer, projector, scorer, selector
from curator.engine.task import Task
from curator.engine.types import (
    Clustering,
    Draft,
    EncoderSession,
    ExportInfo,
    ExportItem,
    Inputs,
    Kind,
    Ranking,
    SampleReader,
    Skip,
    Source,
)

__all__ = [
    "Cancelled",
    "Clustering",
    "CuratorError",
    "DeviceError",
    "Draft",
    "EncoderSession",
    "ExportInfo",
    "ExportItem",
    "InputError",
    "Inputs",
    "Kind",
    "NotReadyError",
    "PluginError",
    "Quota",
    "Ranking",
    "SampleReader",
    "Skip",
    "Source",
    "Task",
    "apportion",
    "clusterer",
    "encoder",
    "exporter",
    "importer",
    "param",
    "projector",
    "scorer",
    "selector",
    "water_fill",
]
