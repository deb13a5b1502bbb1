"""The program: ``chainnet``, or ``python -m chainnet``."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly, from the first import on."""
    try:
        from chainnet.cli import main as run

        run()
    except KeyboardInterrupt:
        print("chainnet: stopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
