"""What can allies serve together whose tables never meet? Offers travel, tables stay at home.

Words: *part* (the rows that a party holds), *border* (relations between parts), *ask* (prices that the desk sends),
*offer* (what a party answers: a plan at its border, and a plane that all its plans lie below).
"""

from chainnet.sharing.joint._joint import Joint, first_ask, joint_ask, joint_value
from chainnet.sharing.joint._offer import offer
from chainnet.sharing.joint._partition import Partition, partition

__all__ = ["Joint", "Partition", "first_ask", "joint_ask", "joint_value", "offer", "partition"]
