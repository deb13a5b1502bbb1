"""What says a chance without its other end, or what is likeliest of all there is."""

from __future__ import annotations

import re

ODDS = r"(?:\d+ in [\d,]+|none|nearly certain)"
COLUMNS = ("chance_low", "chance_high", "p_low", "p_high", "exact_chance_low", "exact_chance_high")


def lacks_an_end(text: str) -> list[str]:
    """Chances in words that stand alone, columns of one end alone, and what is likeliest of all there is."""
    left = re.sub(rf"between {ODDS} and {ODDS}", "", text)
    said = re.findall(rf"\b{ODDS}(?= chance)|chance (?:is|of) {ODDS}|\d in \d+", left)
    columns = {word for word in COLUMNS if re.search(rf"\b{word}\b", text)}
    said += [
        word for word in columns if word.replace("low", "high") not in text or word.replace("high", "low") not in text
    ]
    return said + re.findall(
        r"likeliest(?! of the events listed)(?!['_\w])", re.sub(r"\w+_likeliest|\"likeliest\"", "", text)
    )
