"""sqlite-utils without pandas, which it would load wherever it is installed: a second at every start, for nothing."""

from __future__ import annotations

import sys

_absent = "pandas" not in sys.modules
if _absent:
    sys.modules["pandas"] = None  # type: ignore[assignment]  # to whoever imports it now, it is not installed
try:
    from sqlite_utils import Database
finally:
    if _absent:
        del sys.modules["pandas"]

__all__ = ["Database"]
