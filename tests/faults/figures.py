"""Figures of a run, each printed with its limit; one that falls short fails the test."""


def figure(what, value, *, most=None, least=None):
    """Print it, and fail where it is more than `most` or less than `least`."""
    shown = f"{value:.1f}" if isinstance(value, float) else value
    limits = [("at most", most), ("at least", least)]
    limit = ", ".join(f"{word} {bound}" for word, bound in limits if bound is not None)
    print(f"  {what}: {shown}" + (f" ({limit})" if limit else ""))
    assert most is None or value <= most, f"{what}: {shown}, {limit}"
    assert least is None or value >= least, f"{what}: {shown}, {limit}"


def title(text):
    print(f"\n{text}:")
