"""Pure: how a page arranges the comics of a selection, and which comics come after them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.comics.found import Found
from app.comics.selection import MISSING, MOST, Latest, Randomly, Selection, Since, existing
from app.errors import BadRequest, NoSuchComic
from app.gathering.gathered import Failure, Gathered
from app.web.query import quoted

VIEWS = ("list", "grid")
"""The values of the parameter `view`: each comic in full, or small in a grid."""

IN_FULL = 6
"""Up to so many comics are shown in full, unless `view` says otherwise."""

STEP = 5
"""Comics that come after a single one."""


class More(NamedTuple):
    """The words of a link to further comics, and the parameters that select them."""

    label: str
    parameters: Mapping[str, str]


class Overview(NamedTuple):
    """The comics and failures of a page in their order, and what the page says about them.

    `numbers` are those of comics that exist, as far as is known.
    """

    heading: str
    outcomes: Sequence[Found | Failure]
    numbers: Sequence[int]
    view: str
    more: More


def arranged(selection: Selection, gathered: Gathered, view: str | None, latest: int | None) -> Overview:
    """The page of a repeatable selection. `latest` is the latest comic's number, if it is known."""
    outcomes = in_order(selection, gathered)
    nums = [_num(outcome) for outcome in outcomes if not _is_absent(outcome)]
    view = view or VIEWS[len(outcomes) > IN_FULL]
    return Overview(heading(selection, nums), outcomes, nums, view, after(selection, nums, latest))


def parse_view(query: Mapping[str, Sequence[str]]) -> str | None:
    """The view that the caller wants; None without a wish. Raises BadRequest."""
    if "view" not in query:
        return None
    wanted = query["view"][-1]
    if wanted not in VIEWS:
        raise BadRequest(f"'view' must be list or grid, not {quoted(wanted)}.")
    return wanted


def in_order(selection: Selection, gathered: Gathered) -> list[Found | Failure]:
    """The comics and failures as one list, in the order of a repeatable selection."""
    places = {num: place for place, num in enumerate(selection.numbers(gathered.latest or 0, 0))}
    outcomes: list[Found | Failure] = [*gathered.comics, *gathered.failures]
    return sorted(outcomes, key=lambda outcome: places.get(_num(outcome), len(places)))


def heading(selection: Selection, nums: Sequence[int]) -> str:
    """What these comics are, in a few words."""
    count = f"{len(nums)} comic{'' if len(nums) == 1 else 's'}"
    match selection:
        case Latest():
            return "The latest comic" if len(nums) == 1 else f"The latest {count}"
        case Since(num):
            return f"{count} since {num}"
        case Randomly():
            return "A random comic" if len(nums) == 1 else f"{count} at random"
    if len(nums) > 1 and _is_run(nums):
        return f"Comics {nums[0]} to {nums[-1]}"
    return f"Comic {nums[0]}" if len(nums) == 1 else count


def after(selection: Selection, nums: Sequence[int], latest: int | None) -> More:
    """The comics that come after these: older ones, newer ones, or others at random.

    None of them is above `latest`, if that is known.
    """
    count = len(nums) if len(nums) > 1 else STEP
    if isinstance(selection, Since) and len(nums) == MOST:
        return More("The comics after these", {"since": str(nums[-1])})
    if isinstance(selection, Latest) or (len(nums) > 1 and _is_run(nums[::-1])):
        older = existing(range(min(nums, default=1) - 1, 0, -1))[:count]
        if older:
            return More(_words(len(older), "older"), {"n": _listed(older)})
    elif not isinstance(selection, Randomly) and nums and _is_run(nums):
        last = nums[-1] + count if latest is None else min(nums[-1] + count, latest)
        newer = existing(range(nums[-1] + 1, last + 1))
        if newer:
            return More(_words(len(newer), "more"), {"n": _listed(newer)})
    return More(f"{_words(count, 'more')} at random", {"random": str(count)})


def _num(outcome: Found | Failure) -> int:
    return outcome.comic.num if isinstance(outcome, Found) else outcome.num


def _is_absent(outcome: Found | Failure) -> bool:
    return isinstance(outcome, Failure) and isinstance(outcome.error, NoSuchComic)


def _is_run(nums: Sequence[int]) -> bool:
    """Whether they follow each other, each higher than the one before."""
    is_near = nums[-1] - nums[0] < len(nums) + len(MISSING)
    return is_near and list(nums) == list(existing(range(nums[0], nums[-1] + 1)))


def _listed(nums: Sequence[int]) -> str:
    """These numbers as the parameter `n` has them."""
    is_range = len(nums) > 1 and nums[-1] - nums[0] == len(nums) - 1
    return f"{nums[0]}-{nums[-1]}" if is_range else ",".join(map(str, nums))


def _words(count: int, kind: str) -> str:
    names = ("One", "Two", "Three", "Four", "Five", "Six")
    return f"{names[count - 1] if count <= len(names) else count} {kind}"
