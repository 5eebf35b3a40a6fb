"""A slow, plain second computation of every figure, to hold the product against.

It follows docs 02-feeds.md and 03-metrics.md word by word, shares no code with `warehouse` or
`etl`, and reads an inbox of deliveries in canonical column names:

    company = oracle.load(inbox)
    rows = oracle.query(company, ["net_sales"], date(2024, 3, 1), date(2024, 3, 31), by=["store"])

Where the definitions leave a choice, the docstring at that place says CHOICE and which one.
"""

from .campaigns import campaigns
from .company import Company, load
from .funnel_query import funnel, ring_closure_rate, unidentified
from .loyalty import cohorts, rfm
from .query import query

__all__ = ["Company", "campaigns", "cohorts", "funnel", "load", "query", "rfm", "ring_closure_rate",
           "unidentified"]  # fmt: skip
