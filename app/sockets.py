"""The port of the web: one socket for each web process, bound and kept by the supervisor.

The kernel spreads connections evenly over the sockets that listen. As the supervisor holds them too, a web process that falls leaves
its socket behind: whoever connects meanwhile waits for the next process instead of being refused.
"""

from __future__ import annotations

import os
import socket

_INHERITED = "ONHAND_SOCKET_FD"


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound, but refuses connections until somebody listens on it. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def handed_down(bound: socket.socket) -> dict[str, str]:
    """What a child's environment says of the socket that is passed to it."""
    return {_INHERITED: str(bound.fileno())}


def inherited_socket() -> socket.socket | None:
    """The socket that the supervisor has passed to this process, if it has one."""
    descriptor = os.environ.pop(_INHERITED, None)
    return socket.socket(fileno=int(descriptor)) if descriptor else None


def is_listening(bound: socket.socket) -> bool:
    """Whether some process has begun to listen on it, and none has ended that: it listens on when that process falls."""
    return bool(bound.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
