"""Mail that comes in: polled, understood, and made a ticket, an answer, or a case for the desk.

`polling` takes each mail of the mailbox once. `letters` reads it, with `words`, `html` and `quotes`
for what it says. `automatic` knows what no human wrote, `bounces` what came back. `routing` says
where it belongs, `taking` writes it down in one transaction, `deciding` is the desk's word on what
was kept back.
"""
