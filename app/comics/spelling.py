"""Pure: words that a misspelt one may have meant."""

from collections.abc import Iterator

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def near(word: str) -> set[str]:
    """Every word at one edit from this one: a letter left out, added, changed, or two neighbours swapped."""
    splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    return {*_edits(splits)} - {word}


def _edits(splits: list[tuple[str, str]]) -> Iterator[str]:
    for head, tail in splits:
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in LETTERS:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
