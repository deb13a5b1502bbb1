"""What may allies put together, hand on, and prove later? Merged, coarser and redacted tables, and roots over rows.

Words: *party* (whose tables they are), *conflict* (a cell of which parties say different things), *band* (what is
handed on in place of a figure), *root* (what fixes every row and tells none). Two annexes have words of their own:
``coarse`` (plants that stand as one) and ``joint`` (an answer of parties whose tables never meet).
"""

from chainnet.sharing._attack import attack
from chainnet.sharing._bands import at_bounds
from chainnet.sharing._commit import Commitment, commit, prove, read_secret, verify
from chainnet.sharing._join import join
from chainnet.sharing._merge import Merge, merge
from chainnet.sharing._redact import readme, redact
from chainnet.sharing._sign import check_signature, new_key, read_key, sign, write_keys
from chainnet.sharing.coarse import aggregate, bracket
from chainnet.sharing.joint import Joint, Partition, first_ask, joint_ask, joint_value, offer, partition

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
