-- The job in DuckDB, in its best known way: explicit columns, so that no schema is inferred and other fields are skipped.
-- {files} is the list of files, {threads} the number of threads, {output} the CSV file.
SET threads = {threads};
SET preserve_insertion_order = false;
COPY (
    SELECT project, service, method, principal, day, count(*) AS calls, sum(billed_bytes)::HUGEINT AS billed_bytes
    FROM (
        SELECT
            any_value(coalesce(resource.labels.project_id, '')) AS project,
            any_value(coalesce(protoPayload.serviceName, '')) AS service,
            any_value(coalesce(protoPayload.methodName, '')) AS method,
            any_value(coalesce(
                protoPayload.authenticationInfo.principalEmail,
                protoPayload.authenticationInfo.principalSubject,
                '(none)')) AS principal,
            any_value("timestamp"[:10]) AS day,
            any_value(coalesce(
                protoPayload.metadata.jobChange.job.jobStats.queryStats.totalBilledBytes,
                protoPayload.serviceData.jobCompletedEvent.job.jobStatistics.totalBilledBytes,
                0)) AS billed_bytes
        FROM read_json({files}, format = 'newline_delimited', columns = {
            'logName': 'VARCHAR',
            'timestamp': 'VARCHAR',
            'insertId': 'VARCHAR',
            'resource': 'STRUCT(labels STRUCT(project_id VARCHAR))',
            'protoPayload': 'STRUCT(
                serviceName VARCHAR,
                methodName VARCHAR,
                authenticationInfo STRUCT(principalEmail VARCHAR, principalSubject VARCHAR),
                metadata STRUCT(jobChange STRUCT(job STRUCT(jobStats STRUCT(queryStats STRUCT(totalBilledBytes UBIGINT))))),
                serviceData STRUCT(jobCompletedEvent STRUCT(job STRUCT(jobStatistics STRUCT(totalBilledBytes UBIGINT)))))'
        })
        GROUP BY logName, "timestamp", insertId
    )
    GROUP BY project, service, method, principal, day
) TO '{output}' (FORMAT csv, HEADER false);
