"""What may allies put together, hand on, and prove later? Tables of several parties, coarser tables, proofs."""

from chainnet.sharing._commit import Commitment, commit, prove, read_secret, verify
from chainnet.sharing._join import join
from chainnet.sharing._merge import Merge, merge

__all__ = ["Commitment", "Merge", "commit", "join", "merge", "prove", "read_secret", "verify"]
