"""A worker process of Beam's DirectRunner on this machine: `python -m task_registry.beam_worker`.

It says nothing of its own start and end, which Beam's own would, leaves it to the process that
started it to say that it was interrupted, and ends with that process, however that ends.
"""

import logging
import os
import signal
import sys
import threading
import time

_LOOK_EVERY_S = 1.0


def main() -> None:
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)


if __name__ == "__main__":
    main()
