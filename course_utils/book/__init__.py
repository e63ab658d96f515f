"""Builds the book, strictly: ``python -m course_utils.book``.

Jupyter Book 1.x builds happily over failed notebooks, stale outputs, missing alternative texts and pages that
need a server on the other side of the world. This room is what stands between that and the reader:

``sources``      which pages there are, and whether their sources are in order
``dependencies`` the part of ``course_utils`` that a page's code depends on
``execution``    runs the pages whose code, or whose part of the package, has changed
``extension``    what Sphinx has to do otherwise: MathJax from the book itself, figures for dark pages
``outputs``      whether the built pages are in order
``build``        all of it, in order

Chapters never import it.
"""
