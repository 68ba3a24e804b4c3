"""Budgets as tests need them."""

from retold import Budget


def spent(name: str = "spent", **options: float) -> Budget:
    """A budget without a retry; none is ever added to it, unless the options say so."""
    given = {"ratio": 0.0, "min_per_second": 1e-12, "capacity": 1.0}
    budget = Budget(name, **given | options)
    while budget.bucket.spend(lambda: 0.0):
        pass
    return budget
