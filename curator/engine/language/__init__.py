"""Causal language models over instruction records: losses, entropies and gradients of their responses.

Everything heavy (torch, transformers) is imported inside functions. The packages are the optional extra ``llm``.
"""

from curator.engine.language.conversation import Conversation, read_conversation
from curator.engine.language.settings import LanguageModelParams
from curator.engine.language.source import INSTALL, ModelSource, find_model

__all__ = ["INSTALL", "Conversation", "LanguageModelParams", "ModelSource", "find_model", "read_conversation"]
