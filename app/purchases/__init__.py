"""The import of real purchases: a delivery history becomes suppliers, items, orders and receipts, and is proven.

A *line* is one row of the history. `lines` reads them, `sorting` says what each one is (imported, with remarks, or refused),
`plan` makes *orders* with their *deliveries* of those that are imported. All three are pure. `shop` prepares the company over
REST, `play` orders and receives, `proof` compares the file with what is read back, `report` tells what became of every line.
"""
