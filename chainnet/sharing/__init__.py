"""What may allies put together, hand on, and prove later? Merged, coarser and redacted tables, and roots over rows.

Words: *party* (whose tables they are), *conflict* (a cell of which parties say different things), *class* (plants that
stand as one), *outer* and *inner* (networks that can serve at least, and at most, what the truth can), *band* (what is
handed on in place of a figure), *root* (what fixes every row and tells none).
"""

from chainnet.sharing._aggregate import aggregate
from chainnet.sharing._attack import attack
from chainnet.sharing._bands import at_bounds
from chainnet.sharing._bracket import bracket
from chainnet.sharing._commit import Commitment, commit, prove, read_secret, verify
from chainnet.sharing._join import join
from chainnet.sharing._joint import Joint, first_ask, joint_ask, joint_value
from chainnet.sharing._merge import Merge, merge
from chainnet.sharing._offer import offer
from chainnet.sharing._partition import Partition, partition
from chainnet.sharing._redact import readme, redact
from chainnet.sharing._sign import check_signature, new_key, read_key, sign, write_keys

__all__ = [
    "Commitment",
    "Joint",
    "Merge",
    "Partition",
    "aggregate",
    "at_bounds",
    "attack",
    "bracket",
    "check_signature",
    "commit",
    "first_ask",
    "join",
    "joint_ask",
    "joint_value",
    "merge",
    "new_key",
    "offer",
    "partition",
    "prove",
    "read_key",
    "read_secret",
    "readme",
    "redact",
    "sign",
    "verify",
    "write_keys",
]
