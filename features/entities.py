"""Who a row is about: a customer with all their ids, or the company they buy for, as known at ``as_of``."""

from typing import Literal

import narwhals as nw

from features.engines import Tables
from features.errors import BadInput, BadTable
from features.past import latest_version, newest_known, of_customers
from features.windows import Frame, history

Entity = Literal["customer", "company"]


def about(tables: Tables, as_of: float, entity: Entity = "customer") -> Tables:
    """The tables with ``customer_id`` naming the entity; rows of all times stay.

    Rows under a further id of a customer become theirs from the moment the link is known. For companies,
    ``customer_id`` becomes the company's id, ``contact_id`` the customer's, and customers without a company are left
    out.

    Raises:
        BadInput: the entity is unknown.
        BadTable: companies without a customers table.
    """
    if "identities" in tables:
        tables = _one_id(tables, as_of)
    if entity == "customer":
        return tables
    if entity == "company":
        return _by_company(tables, as_of)
    raise BadInput(f"entity '{entity}' is unknown: use 'customer' or 'company'")


def _one_id(tables: Tables, as_of: float) -> Tables:
    links = newest_known(history(tables["identities"], as_of), "alias_id").select("alias_id", main_id="customer_id")
    whose = {name: _linked(table, links) for name, table in of_customers(tables).items() if name != "customers"}
    if "customers" in tables:
        # The profile of the main id is the one to use: ingest has merged the others into it.
        whose["customers"] = tables["customers"].join(links, left_on="customer_id", right_on="alias_id", how="anti")
    return {**tables, **whose}


def _linked(table: Frame, links: Frame) -> Frame:
    columns = table.collect_schema().names()
    joined = table.join(links, left_on="customer_id", right_on="alias_id", how="left")
    main = nw.coalesce(nw.col("main_id"), nw.col("customer_id"))
    return joined.with_columns(customer_id=main).select(columns)


def _by_company(tables: Tables, as_of: float) -> Tables:
    if "customers" not in tables:
        raise BadTable("companies are asked for, but there is no 'customers' table with a company_id: ingest one")
    known = latest_version(history(tables["customers"], as_of))
    employer = known.filter(~nw.col("company_id").is_null()).select(contact_id="customer_id", employer_id="company_id")
    return {**tables, **{name: _of_company(table, employer) for name, table in of_customers(tables).items()}}


def _of_company(table: Frame, employer: Frame) -> Frame:
    columns = table.collect_schema().names()
    joined = table.with_columns(contact_id=nw.col("customer_id")).join(employer, on="contact_id")
    return joined.with_columns(customer_id=nw.col("employer_id")).select(*columns, "contact_id")
