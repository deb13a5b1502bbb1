"""Method in one page: from files to proofs, and what each step leaves out."""

from __future__ import annotations

from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Section, Sentence, make_section
from chainnet.reporting.texts import METHOD


def section(_facts: Facts) -> Section:
    """Return the method."""
    return make_section("Method in one page", tuple(Sentence(text, (), head) for head, text in METHOD))
