"""Load: what Onhand is held against. `bench` measures the engine beside its peers; nothing here is part of the product."""
