"""The data-quality report for people to read."""

from typing import Any

from rich.table import Table

EVENT_LABELS = {
    "rows": "rows of the event log",
    "orders": "orders in it",
    "returns_applied": "returns taken out of their orders",
    "returns_without_order": "returns without their order, left out",
}
LABELS = {
    "raw_rows": "purchase rows read",
    "forgotten": "- rows of users deleted later",
    "returned": "- order lines that came back whole",
    "returns": "- returns and refunds (negative units or amount)",
    "zero_quantity": "- rows with quantity 0",
    "duplicates": "- exact duplicates",
    "unknown_product": "- products without a record",
    "excluded": "- products not to be recommended",
    "kept_rows": "= rows kept",
    "retention": "= share of rows kept",
    "zero_price_kept": "rows kept with price 0 (promotions)",
    "price_variance_items": "items with extreme price variance",
    "users": "users",
    "items": "items",
    "purchases": "user-item-days",
    "shopping_days": "shopping days",
    "users_forgotten": "users deleted, forgotten in part or whole",
}


def left_out_told(left_out: dict[str, int]) -> str:
    """Say in one line how many rows were left out by each reason that there was."""
    told = (
        f"{LABELS[name].removeprefix('- ')}: {count:,}" for name, count in left_out.items() if count
    )
    return "; ".join(told)


def quality_table(counts: dict[str, Any]) -> Table:
    """Lay out the counts of `DataQuality.as_dict` for people to read."""
    table = Table(title="Data quality", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, label in EVENT_LABELS.items() if counts["events"] else ():
        table.add_row(label, f"{counts['events'][name]:,}")
    for name, label in LABELS.items():
        value = counts[name]
        if name == "zero_price_kept" and value == counts["kept_rows"]:
            table.add_row("no price is known", "")
            continue
        table.add_row(label, f"{value:.2%}" if isinstance(value, float) else f"{value:,}")
    for span in counts["price_variance_examples"]:
        table.add_row(
            f"  item {span['item_id']}", f"{span['lowest']:,.2f} to {span['highest']:,.2f}"
        )
    return table
