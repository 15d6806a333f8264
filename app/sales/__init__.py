"""The replay of real sales: an export of invoice lines becomes a year of stock, played through tills and proven.

A *line* is one row of the export. `lines` reads them strictly, `sorting` says what each one is (its *fate*), `plan` makes
*events* of those that move goods and works out the *opening stock* that lets every event happen in its turn. All three are
pure. `shop` prepares the company over REST, `till` is a WebSocket that does not lose a command, `play` sends the events in an
order that causes allow, `proof` recomputes every balance from the file alone and compares, `report` tells what became of
every line.
"""
