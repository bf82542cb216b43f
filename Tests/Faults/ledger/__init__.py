"""The ledger: every invocation has an id, and ends in exactly one typed outcome, whatever goes wrong meanwhile."""
