"""Why a view has nothing to show yet, in the same words everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curator.ui.language import noop, tr

if TYPE_CHECKING:
    from curator.ui.state import AppState

NO_DATASET = noop("Nothing is open. Drop a folder of pictures or a file of records anywhere in the window.")
STILL_IMPORTING = noop("The import is still running. This comes when it is done.")


def waiting_words(state: AppState) -> str:
    """What to wait for or to do first; "" once a Dataset is shown whose import has finished."""
    if state.dataset is None:
        return tr(NO_DATASET)
    return "" if state.ready else tr(STILL_IMPORTING)
