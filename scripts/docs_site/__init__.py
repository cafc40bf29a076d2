"""The site of the documents: guides, lessons and a reference made of the docstrings, for Sphinx.

`scripts/build_docs.py` runs the parts one after the other. `names` finds what is public, `topics`
divides it into pages, `docstring`, `members` and `reference` write them as reStructuredText; `guides`
copies documents, `lessons` executes notebooks; `links` reads what Sphinx made of it. Nothing here
imports Sphinx, so that the tests need none.
"""
