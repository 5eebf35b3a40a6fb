"""Load the deliveries of one feed: `python -m etl.load_footfall`."""

from etl.__main__ import run_one

if __name__ == "__main__":
    run_one("footfall")
