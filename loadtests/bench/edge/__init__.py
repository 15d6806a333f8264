"""The edge of the bench: Onhand's own web as `onhand web` starts it, in a process of its own, and clients in another.

The clients (`driver.py`) speak HTTP/1.1 and WebSocket over raw sockets, because they share the machine with what they measure.
Beside the web stand *P6*, the same server with the engine left out (`floor.py`); *naive*, the route that most would write
(`naive.py`); and *P7*, a bare fan-out (`fanout.py`). Each runs in a process of its own on the same server program.
"""
