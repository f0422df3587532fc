"""Runs the job in DuckDB or ClickHouse: run_sql.py duckdb|clickhouse FOLDER ENDING THREADS OUTPUT."""

import pathlib
import sys

engine, folder, ending, threads, output = sys.argv[1:]
query = (pathlib.Path(__file__).parent / f"{engine}.sql").read_text()
query = query.replace("{threads}", threads).replace("{output}", output)

if engine == "duckdb":
    import duckdb

    files = sorted(str(path) for path in pathlib.Path(folder).rglob(f"*{ending}"))
    duckdb.sql(query.replace("{files}", repr(files)))
else:
    import chdb

    chdb.query(query.replace("{files}", f"{folder}/**/*{ending}"))
