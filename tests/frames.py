"""Room for the frames of whatever a function calls.

Python keeps the frames of a thread in pieces of 16 KB, and asks the system for the next piece, and
returns it, at every single call that happens at the edge of one: a sixth of the suite's time, until
the releases of 2026 (Python issue 142183). The frame of a function that says it needs a large stack
begins a piece of the size asked for, in which all that it calls finds room. What is never written
to takes no memory.
"""

SLOTS = 16_000  # of 8 bytes: half of a piece of 256 KB, the other half is for the frames


def give_room(function):
    """Have `function` called with room for the frames of hundreds of calls inside it."""
    function.__code__ = function.__code__.replace(co_stacksize=SLOTS)
