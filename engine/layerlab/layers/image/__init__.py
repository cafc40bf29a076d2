"""Layers that prepare and vary images; one file per family, all on `base`."""
