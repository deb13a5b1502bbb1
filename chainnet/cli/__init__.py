"""How is it asked from a shell? The same words as the Python calls; tables to stdout, talk to stderr.

Words: *command*, *option bundle* (options that several commands share), *exit* (0 answered, 1 bad data, 2 bad usage).
"""

from chainnet.cli.app import main

__all__ = ["main"]
