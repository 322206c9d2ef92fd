"""The schemas of MLflow's and Optuna's databases: each library makes and migrates its own tables, in a draft."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.tracking.databases import Schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


def mlflow_schema(artifact_uri: str | None) -> Schema:
    """MLflow's tables; the default experiment's artifacts go below ``artifact_uri``, or where MLflow likes."""
    import mlflow.store.db_migrations
    from mlflow.store.db.utils import _initialize_tables, _upgrade_db
    from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    def create(path: Path) -> None:
        run_unsynced(_initialize_tables, path)
        # The first store of a database adds the default experiment.
        root = artifact_uri or DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
        store = SqlAlchemyStore(f"sqlite:///{path}", root)  # type: ignore[no-untyped-call]
        store.engine.dispose()

    def migrate(path: Path) -> None:
        run_unsynced(_upgrade_db, path)

    return Schema("MLflow", Path(*mlflow.store.db_migrations.__path__), create, migrate)


def run_unsynced(work: "Callable[[Engine], None]", path: Path) -> None:
    """Run one of MLflow's own functions on a draft; MLflow's 1,700 statements take a third of the time unsynced."""
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
