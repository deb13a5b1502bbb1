"""Pictures of a network and its answers: one self-contained page a view. Never solves."""
