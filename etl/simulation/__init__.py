"""The sample company, part by part: every module draws from its own seeded stream."""
