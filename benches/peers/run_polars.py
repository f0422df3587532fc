"""Runs the job in Polars, in its best known way (lazy scan with a schema, streaming): run_polars.py FOLDER ENDING THREADS OUTPUT."""

import os
import pathlib
import sys

folder, ending, threads, output = sys.argv[1:]
os.environ["POLARS_MAX_THREADS"] = threads

import polars as pl  # noqa: E402  (reads the variable when it is loaded)

text = pl.String
billed = pl.Struct({"totalBilledBytes": text})
schema = {
    "logName": text,
    "timestamp": text,
    "insertId": text,
    "resource": pl.Struct({"labels": pl.Struct({"project_id": text})}),
    "protoPayload": pl.Struct(
        {
            "serviceName": text,
            "methodName": text,
            "authenticationInfo": pl.Struct({"principalEmail": text, "principalSubject": text}),
            "metadata": pl.Struct(
                {"jobChange": pl.Struct({"job": pl.Struct({"jobStats": pl.Struct({"queryStats": billed})})})}
            ),
            "serviceData": pl.Struct(
                {"jobCompletedEvent": pl.Struct({"job": pl.Struct({"jobStatistics": billed})})}
            ),
        }
    ),
}


def field(*path):
    column = pl.col(path[0])
    for name in path[1:]:
        column = column.struct.field(name)
    return column


caller = ("protoPayload", "authenticationInfo")
v2 = ("protoPayload", "metadata", "jobChange", "job", "jobStats", "queryStats", "totalBilledBytes")
v1 = ("protoPayload", "serviceData", "jobCompletedEvent", "job", "jobStatistics", "totalBilledBytes")
key = ["project", "service", "method", "principal", "day"]
files = sorted(pathlib.Path(folder).rglob(f"*{ending}"))
rows = (
    pl.scan_ndjson(files, schema=schema)
    .select(
        "logName",
        "timestamp",
        "insertId",
        field("resource", "labels", "project_id").fill_null("").alias("project"),
        field("protoPayload", "serviceName").fill_null("").alias("service"),
        field("protoPayload", "methodName").fill_null("").alias("method"),
        pl.coalesce(field(*caller, "principalEmail"), field(*caller, "principalSubject"), pl.lit("(none)")).alias("principal"),
        pl.col("timestamp").str.slice(0, 10).alias("day"),
        pl.coalesce(field(*v2), field(*v1), pl.lit("0")).cast(pl.UInt64).alias("billed_bytes"),
    )
    .unique(subset=["logName", "timestamp", "insertId"], keep="any")
    .group_by(key)
    .agg(pl.len().alias("calls"), pl.col("billed_bytes").sum())
    .collect(engine="streaming")
)
rows.select(*key, "calls", "billed_bytes").write_csv(output, include_header=False)
