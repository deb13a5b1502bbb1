"""What do members gain together, and what do others gain by choosing a side? Alliance, alignment, retaliation.

Words: *member*, *pool* (what members share), *world* (who belongs to which bloc), *instrument* (an exclusion, cap or
cut), *cut* (what the rival stops).
"""

from chainnet.blocs._alignment import Alignment, alignment
from chainnet.blocs._alliance import alliance
from chainnet.blocs._partners import partners
from chainnet.blocs._retaliation import retaliation
from chainnet.blocs._split import fair_split
from chainnet.blocs._stockpile import joint_stockpile

__all__ = ["Alignment", "alignment", "alliance", "fair_split", "joint_stockpile", "partners", "retaliation"]
