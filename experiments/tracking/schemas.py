"""The schemas of MLflow's and Optuna's databases, created and migrated by the libraries themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.tracking.databases import Schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


def mlflow_schema(artifact_uri: str | None) -> Schema:
    """MLflow's tables; ``artifact_uri`` is for the default experiment, None leaves its location to MLflow."""
    import mlflow.store.db_migrations
    from mlflow.store.db.utils import _initialize_tables, _upgrade_db
    from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    def create(path: Path) -> None:
        run_unsynced(_initialize_tables, path)
        # Opening a store adds the default experiment.
        root = f"{artifact_uri}/" if artifact_uri else DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
        store = SqlAlchemyStore(f"sqlite:///{path}", root)  # type: ignore[no-untyped-call]
        store.engine.dispose()

    def migrate(path: Path) -> None:
        run_unsynced(_upgrade_db, path)

    return Schema("MLflow", Path(*mlflow.store.db_migrations.__path__), create, migrate)


def run_unsynced(work: "Callable[[Engine], None]", path: Path) -> None:
    """Run one of MLflow's functions on a draft without syncing: its 1,700 statements take a third of the time."""
    from mlflow.store.db.utils import create_sqlalchemy_engine
    from sqlalchemy import event

    def unsynced(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    engine: Engine = create_sqlalchemy_engine(f"sqlite:///{path}")  # type: ignore[no-untyped-call]
    event.listen(engine, "connect", unsynced)
    try:
        work(engine)
    finally:
        engine.dispose()


def optuna_schema() -> Schema:
    """Optuna's tables."""
    import optuna.storages._rdb

    def create(path: Path) -> None:
        storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
        storage.engine.dispose()

    def migrate(path: Path) -> None:
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{path}", skip_compatibility_check=True, skip_table_creation=True
        )
        storage.upgrade()
        storage.engine.dispose()

    return Schema("Optuna", Path(*optuna.storages._rdb.__path__) / "alembic", create, migrate)
