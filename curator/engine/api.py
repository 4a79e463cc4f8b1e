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
from curator.engine.falling import LAST, falling_ranking
from curator.engine.looking import header_scores, picture_scores
from curator.engine.memberships import centre_membership, cosine_to_own_skill
from curator.engine.naming import skill_names
from curator.engine.params import param
from curator.engine.picking import (
    PINNED,
    farthest_ranking,
    inner_selector,
    named_score,
    ordered_ranking,
    pinned_first,
    stopped,
    told_of_outliers,
    trim_param,
    uncertain_ranking,
    without_outliers,
)
from curator.engine.quotas import SPLITS, apportion, divide, water_fill
from curator.engine.registry import clusterer, encoder, exporter, importer, projector, scorer, selector
from curator.engine.sharing import share_over_skills
from curator.engine.strata import histogram, strata_order
from curator.engine.task import Task
from curator.engine.types import (
    Clustering,
    Draft,
    EncoderSession,
    ExportInfo,
    ExportItem,
    Floats,
    Inputs,
    Ints,
    Kind,
    Ranking,
    Rows,
    SampleReader,
    SkillChoice,
    Skip,
    Source,
)
from curator.engine.unit import unit_rows

__all__ = [
    "LAST",
    "PINNED",
    "SPLITS",
    "Cancelled",
    "Clustering",
    "CuratorError",
    "DeviceError",
    "Draft",
    "EncoderSession",
    "ExportInfo",
    "ExportItem",
    "Floats",
    "InputError",
    "Inputs",
    "Ints",
    "Kind",
    "NotReadyError",
    "PluginError",
    "Quota",
    "Ranking",
    "Rows",
    "SampleReader",
    "SkillChoice",
    "Skip",
    "Source",
    "Task",
    "apportion",
    "centre_membership",
    "clusterer",
    "cosine_to_own_skill",
    "divide",
    "encoder",
    "exporter",
    "falling_ranking",
    "farthest_ranking",
    "header_scores",
    "histogram",
    "importer",
    "inner_selector",
    "named_score",
    "ordered_ranking",
    "param",
    "picture_scores",
    "pinned_first",
    "projector",
    "scorer",
    "selector",
    "share_over_skills",
    "skill_names",
    "stopped",
    "strata_order",
    "told_of_outliers",
    "trim_param",
    "uncertain_ranking",
    "unit_rows",
    "water_fill",
    "without_outliers",
]
