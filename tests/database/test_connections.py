"""Connections by login, on a real server."""

from __future__ import annotations

from cutter.database.connections import ConnectionProvider, identity


def test_a_connection_has_time_limits_and_a_name_and_is_in_a_transaction(
    provider: ConnectionProvider,
) -> None:
    with provider("OWNER") as connection:
        found = [
            connection.execute(f"SHOW {name}").fetchone()
            for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        ]
        assert found == [("5s",), ("10min",), ("1min",)]
        assert connection.execute("SHOW application_name").fetchone() == ("cutter",)
        assert connection.autocommit is False


def test_an_identity_names_cluster_database_and_name(provider: ConnectionProvider) -> None:
    with provider("OWNER") as one, provider("OWNER") as two:
        assert identity(one) == identity(two)
        assert identity(one).startswith("postgresql:")
        assert identity(one).endswith(str(provider.database.dbname))
