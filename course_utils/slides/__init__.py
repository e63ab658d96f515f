"""Every checkable number of the lecture slides, what the code gives for it, and the verdict.

>>> from course_utils import slides
>>> claim = slides.claim("d1-alex64-fc6-params-long")
>>> claim.printed, claim.compute(), claim.verdict
('37,725,832', 37752832, 'wrong')

The facts stand in ``decks/``, one TOML file a deck; `Claim` says what their fields mean.
"""

from .facts import VERDICTS, Claim, Deck, claim, claims, counts, decks

__all__ = ["VERDICTS", "Claim", "Deck", "claim", "claims", "counts", "decks"]
