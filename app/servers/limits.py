"""What a connection may cost, whichever server carries it."""

from __future__ import annotations

GRACE_S = 3.0
"""How long requests may go on after a stop."""
HEADERS_MAX = 16 * 1024
MESSAGE_MAX = 64 * 1024
"""Bytes of a WebSocket message."""
BACKLOG = 1024
KEEP_ALIVE_S = 75.0
"""How long a connection may stay open without a whole request head: the first one, or the next. Longer than proxies keep theirs."""
PING_S = 20.0
"""Between two pings of a WebSocket."""
STALL_S = 60.0
"""How long a reader may take nothing at all while something waits for it. Then its connection is cut."""
UNSENT_MAX = 64 * 1024
"""Bytes that may lie in a connection's buffer before who sends more waits for its reader."""
SETTLE_S = 0.2
"""A connection that was taken at the moment of a stop is given so long to say what it wants."""
