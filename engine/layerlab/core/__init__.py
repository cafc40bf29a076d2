"""Variables, symbolic tensors, layers: what models are made of. Imports L0 and backend."""
