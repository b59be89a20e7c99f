"""Worker processes: how many a machine bears, and that they end with the process they work for."""

import multiprocessing
import os
import signal
import threading

CORES = os.cpu_count() or 1
MOST = min(4 * CORES, 256)
WHY_MOST = f"four for each of this machine's {CORES} cores, and never more than 256"


def begin(*_: object) -> None:
    """Prepares this process as a worker; the first thing that it does.

    It ends when its parent does, however that ends, and leaves it to the parent to say that it was
    interrupted. The arguments are those that a pool gives, and are not read.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)  # it was killed: nobody waits for what is made here
