"""Grading behind a wall: nbgrader's notebooks and gradebook, and marks that no submission can talk its way
into.

::

    submitted notebook ──rebuild──► the instructor's cells, order, tests and points, with the student's
    answers in place
       answers and ordinary cells ──► student process (sandboxed, untrusted)     inside/
       test cells                 ──► judge process (trusted)                    judge, session, proxies,
       tensors
    judge's verdicts ──► engine ──► run (dask) ──► one writer ──► nbgrader's gradebook

Where to look:

- what a submission may decide: ``rebuild``, ``attached``; what an assignment is: ``assignment``, ``names``,
  ``policy``
- what keeps student code in: ``sandbox``, ``step_out_of_root``, ``inside/confine``, ``inside/zygote``
- what may cross the wall: ``inside/codec``, ``inside/channel``; who talks: ``inside/student`` and ``session``
- what a test sees: ``proxies``, ``tensors``; who decides: ``judge``, ``judge_zygote``, ``verdicts``
- one submission: ``engine``; a class: ``submissions``, ``run``, ``gradebook``, ``report``; the command:
  ``cli``
"""
