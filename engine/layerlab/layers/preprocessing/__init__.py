"""Layers that prepare text and tables: on the host, before the step, where they work with texts."""
