"""The per-layer account of any model: shapes, parameters, MACs, memory, receptive field.

>>> from torch import nn
>>> from course_utils.ledger import account
>>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 6 * 6, 10))
>>> ledger = account(net, (3, 8, 8))
>>> ledger.parameters, ledger.macs, ledger.flops
(3114, 10656, 21312)
>>> ledger.rows[0].receptive_field
(3, 3)
"""

from .comparison import Comparison, compare
from .rows import Ledger, Row
from .trace import account

__all__ = ["Comparison", "Ledger", "Row", "account", "compare"]
