"""Live: the feed over server-sent events for browsers, and over WebSocket for tills, which also send their commands there.

Both read `events.feed`; a row is turned into bytes once (`reader.py`), however many screens show it.
"""
