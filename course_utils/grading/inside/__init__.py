"""What stands in the sandbox with the student: untrusted from the first student cell on.

This folder, and nothing else of the grader, is visible to student processes. It holds no secret and trusts
nobody: it runs cells, keeps the student's objects and answers the judge's questions about them. Its files
import only the standard library, numpy, torch, matplotlib and IPython, and each other by relative imports,
because inside the sandbox the folder is a top-level package named ``inside``.

- ``codec``: plain data to bytes and back (used on both sides of the wall)
- ``channel``: length-framed messages with deadlines over a socket (both sides)
- ``confine``: the private namespaces, limits and system-call filter of one submission
- ``student``: runs the student's cells and serves the judge's requests
- ``graphs``: the student's end of a backward pass that crosses the wall
- ``figures``: what a cell has drawn, as pictures (both sides)
- ``warm``, ``large_pages``: what a zygote does before it forks; ``forking``: how it is told to (both sides)
- ``zygote``: imports the libraries once and forks one confined student process per submission
"""
