"""``python -m chainnet``: the same program as ``chainnet``."""

from chainnet.cli import main

if __name__ == "__main__":
    main()
