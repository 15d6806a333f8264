"""A tiny process that outlives the supervisor by a moment and ends whatever a run left behind.

The kernel ends our own children with us, and Ray's with its node; but helpers that Ray starts of itself linger for
minutes after a kill -9. Everything of a run carries a mark in its environment, which is how they are found. Linux only:
elsewhere Ray starts a reaper of its own. Run as a script without any package, so that it costs little.
"""

import contextlib
import os
import signal
import sys
import time

MARK = "ONHAND_RUN"
_GRACE_SECONDS = 1.0
_GIVE_UP_SECONDS = 10.0


def main(token: str) -> None:
    """Wait for the end of standard input, which comes when the supervisor ends in whatever way, then clear up."""
    sys.stdin.buffer.read()
    begun = time.monotonic()
    while (left := marked(token)) and time.monotonic() - begun < _GIVE_UP_SECONDS:
        if time.monotonic() - begun > _GRACE_SECONDS:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def marked(token: str) -> list[int]:
    """Living processes of ours that were started with the mark."""
    mark = f"{MARK}={token}".encode()
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as environ:
                # A zombie has an empty environment, so it is not waited for.
                if mark in environ.read().split(b"\0"):
                    found.append(int(name))
    return found


if __name__ == "__main__":
    main(sys.argv[1])
