"""Array engines: everything here takes arrays and returns arrays."""
