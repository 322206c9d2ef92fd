"""Ten aggregates of order lines at each cutoff by Featuretools: ``theirs.py lines.parquet out.parquet CUTOFF...``.

Runs in an environment of its own (featuretools 1.31.0, pandas below 3), started by benchmarks/cutoffs.py. The clock
covers the calculation only, not reading the file nor building the entity set.
"""

import sys
import time
import warnings

import featuretools as ft
import pandas as pd

warnings.filterwarnings("ignore")


def entity_set(lines: pd.DataFrame) -> ft.EntitySet:
    """Customers and their order lines."""
    found = ft.EntitySet("shop")
    labels = {"order_id": "Categorical", "product_id": "Categorical"}
    found.add_dataframe(dataframe=lines, dataframe_name="lines", index="line", time_index="at", logical_types=labels)
    customers = lines.groupby("customer_id", as_index=False)["at"].min().rename(columns={"at": "first_at"})
    found.add_dataframe(dataframe=customers, dataframe_name="customers", index="customer_id", time_index="first_at")
    return found.add_relationship("customers", "customer_id", "lines", "customer_id")


def aggregates(shop: ft.EntitySet) -> list[ft.FeatureBase]:
    """The ten, in the order of the columns of benchmarks/cutoffs.py."""
    p = ft.primitives
    asked = [
        ("line", p.Count),
        ("order_id", p.NumUnique),
        ("product_id", p.NumUnique),
        ("quantity", p.Sum),
        ("amount", p.Sum),
        ("amount", p.Mean),
        ("amount", p.Std),
        ("amount", p.Min),
        ("amount", p.Max),
        ("at", p.TimeSinceLast),
    ]
    return [
        ft.Feature(shop["lines"].ww[column], parent_dataframe_name="customers", primitive=primitive)
        for column, primitive in asked
    ]


def main(lines: str, out: str, *cutoffs: str) -> None:
    """Prints the seconds."""
    shop = entity_set(pd.read_parquet(lines).reset_index(names="line"))
    customers = shop["customers"]
    times = pd.concat(
        [
            pd.DataFrame({"customer_id": customers.loc[customers["first_at"] < cutoff, "customer_id"], "time": cutoff})
            for cutoff in map(pd.Timestamp, cutoffs)
        ]
    )
    features = aggregates(shop)
    began = time.perf_counter()
    # Featuretools includes the moment of the cutoff; ours is half-open.
    times["time"] -= pd.Timedelta(1, "us")
    matrix = ft.calculate_feature_matrix(features, entityset=shop, cutoff_time=times, cutoff_time_in_index=True)
    seconds = time.perf_counter() - began
    matrix.reset_index().to_parquet(out)
    print(seconds)


main(*sys.argv[1:])
