"""The shared package of the course *ConvNets: from image features to transfer learning*.

Importing it brings in nothing heavy; each room is imported by name
(``from course_utils import layers``) and only loads what it needs.
"""

__version__ = "0.1.0"
