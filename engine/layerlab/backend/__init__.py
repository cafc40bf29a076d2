"""The only folder that may import jax or torch. `active` tells which back end is in use."""
