"""The vault: how to reach people, where the file that describes them says so. Nothing of it goes into another table."""

from collections.abc import Sequence

from features.tables import REACHED_BY
from pipelines.guesses.mapping import Filled, match


def with_contacts(filled: Sequence[Filled]) -> list[Filled]:
    """The same tables, and ``contacts`` from the file of customers if it says how to reach them.

    Not where the id is the address itself: beside pseudonyms the vault would say who is who.
    """
    customers = next((each for each in filled if each.table == "customers"), None)
    if customers is None:
        return list(filled)
    id_ = customers.matches["customer_id"]
    found = match("contacts", customers.raw)
    ways = {found[name].column.name for name in REACHED_BY if name in found}
    if not ways or id_.column.name in ways:
        return list(filled)
    reached = {name: each for name, each in found.items() if each.column.name != id_.column.name}
    return [*filled, Filled("contacts", customers.raw, {"customer_id": id_, **reached})]
