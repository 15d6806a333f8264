"""Places: warehouses (an outlet is one too) and the zones, aisles and bins inside them."""
