"""The versions of installed packages."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def package_version(package: str = "chainnet") -> str:
    """Return the version of a package that is installed."""
    try:
        return version(package)
    except PackageNotFoundError:  # run from a tree that nobody installed
        return "unknown"
