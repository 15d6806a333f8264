"""Load: what Onhand is held against. `bench` measures the engine beside its peers, `scenarios` load a whole system as shops do and
hold it to `targets`; nothing here is part of the product."""
