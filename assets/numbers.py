"""Running numbers behind a prefix, such as LT-000001: each is given once, whoever asks at once."""

from collections.abc import Callable, Collection

from assets.models import TagSequence


def take(prefix: str, count: int, taken: Callable[[list[str]], Collection[str]]) -> list[str]:
    """The next `count` free numbers, in the caller's transaction.

    `taken` says which of those it is given are in use already: one of this form may have come in
    with an import.
    """
    TagSequence.objects.get_or_create(prefix=prefix)
    # The row's lock is the queue: two clerks get different numbers.
    sequence = TagSequence.objects.select_for_update().get(prefix=prefix)
    numbers: list[str] = []
    while len(numbers) < count:
        following = range(sequence.last + 1, sequence.last + 1 + count - len(numbers))
        sequence.last = following[-1]
        candidates = [f"{prefix}-{number:06}" for number in following]
        used = set(taken(candidates))
        numbers += [number for number in candidates if number not in used]
    sequence.save()
    return numbers
