"""Other processes: whether one is alive, and letting them go first."""

from __future__ import annotations

import os

NICE = 5
BELOW_NORMAL = 0x4000
"""SetPriorityClass of Windows."""


def is_running(pid: int) -> bool:
    """True when there is a process of this number, whoever owns it."""
    if os.name == "nt":  # os.kill would end it there
        import ctypes

        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
        handle = kernel.OpenProcess(0x1000, False, pid)
        if handle:
            kernel.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def let_others_first() -> None:
    """Give this process a lower priority than the window has, which then answers though every core is busy here.

    It costs nothing while nobody else wants the processor. A system that does not allow it is left as it is.
    """
    try:
        if os.name == "nt":
            import ctypes

            kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
            kernel.SetPriorityClass(kernel.GetCurrentProcess(), BELOW_NORMAL)
        else:
            os.nice(NICE)
    except OSError:
        return
