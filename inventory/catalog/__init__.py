"""The catalogue: items, the units they are counted in, their barcodes, packagings and limits. Archived, never deleted."""
