"""What shops do to a stock service, each in a file of its own, for locust to repeat with many users at once.

A *scenario* is a kind of user: what it asks, how often, and what every answer must be. An answer that is not right is a failure, also
when its status is 200; a refusal that is right is none. *Goods* are items made for the run, so that nobody else moves them; the *books*
hold what the acknowledged commands add up to, and at the end the stock must be exactly that. Scenarios speak HTTP and WebSocket only.
"""
