"""The snippets are scripts: test_snippets.py runs them, and pytest must not import them."""

collect_ignore = ["snippets"]
