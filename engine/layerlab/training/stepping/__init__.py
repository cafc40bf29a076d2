"""How the steps of a model are run: made pure, put together in groups, run and committed.

`Stepper` is what a model has; the others are its parts, from the inside: `state_layout`, `pure_step`,
`step_runner`, `pace`, `batch_groups`.
"""
