"""Variables, symbolic tensors, layers: what models are made of. Imports L0, backend and, from `layer` on, ops."""
