"""The warehouse: every table, figure and query, and the one place that talks to the engine."""
