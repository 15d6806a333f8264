"""Exceptions: what the books could not foresee and somebody has to look into.

`oversold`: more left than there was on the books; a correction row of the ledger stands for it until somebody settles it.
`overpromised`: more is promised than is there; it is gone by itself once stock comes or promises are given back.
"""
