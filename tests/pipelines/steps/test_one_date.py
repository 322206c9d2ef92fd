"""A table of one date with a churn label: examples/telco makes a dataset of it, and the label is what the file says."""

import csv
from pathlib import Path

import numpy as np
import pytest

from experiments.dataset import read_dataset
from experiments.predict import prepare
from experiments.studies import load_study
from features.errors import BadConfig
from pipelines.ingest.canonical import ingest
from pipelines.sources import load_source
from pipelines.sources.source import EXAMPLES
from pipelines.steps.dataset import build_dataset
from pipelines.workspace import Workspace

HEADER = """customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,InternetService,
OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,PaperlessBilling,
PaymentMethod,MonthlyCharges,TotalCharges,Churn"""
COLUMNS = [name.strip() for name in HEADER.replace("\n", "").split(",")]


def row(number: int) -> dict[str, object]:
    """A made-up customer; of ``tenure`` 0 there are some, as in the original, and their total is blank."""
    answers = {name: "Yes" if (number + len(name)) % 3 else "No" for name in COLUMNS}
    return answers | {
        "customerID": f"{number:04d}-MADE",
        "tenure": number % 30,
        "Contract": ("Month-to-month", "One year", "Two year")[number % 3],
        "MonthlyCharges": 20 + number / 4,
        "TotalCharges": " " if number % 30 == 0 else 1.0,
        "Churn": "Yes" if number % 4 == 0 else "No",
    }


def test_the_label_and_the_tenure_are_those_of_the_file(tmp_path: Path) -> None:
    rows = [row(number) for number in range(180)]
    with (tmp_path / "WA_Fn-UseC_-Telco-Customer-Churn.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    made, study = Workspace(tmp_path / "home"), load_study(EXAMPLES / "telco" / "churn.toml")
    ingest(made, load_source("telco"), tmp_path)
    dataset = read_dataset(build_dataset(made, study))
    found = dataset.frame.set_index("customer_id")
    assert found["label"].to_dict() == {str(each["customerID"]): float(each["Churn"] == "Yes") for each in rows}
    months = found["loyalty_contract_tenure_days"] / 30.44
    assert np.abs(months - [each["tenure"] for each in rows]).max() < 0.2
    assert found["ordered_contract"].tolist() == [float(number % 3) for number in range(180)]
    assert len(prepare(study, dataset).tests) == 5


def test_profiles_alone_are_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "source.toml").write_text('name = "mine"\ntitle = "Mine"\n[files]\ntelco = "telco.csv"\n')
    (tmp_path / "customers.sql").write_text("SELECT customerID AS customer_id, gender FROM telco")
    with pytest.raises(BadConfig, match=r"on one date has no times.*examples/telco"):
        load_source(tmp_path)
