-- The job in ClickHouse, in its best known way: JSONEachRow with explicit tuples, so that other fields are skipped.
-- {files} is a pattern, {threads} the number of threads, {output} the CSV file.
SELECT project, service, method, principal, day, count() AS calls, sum(billed_bytes) AS billed_bytes
FROM (
    SELECT
        any(resource.labels.project_id) AS project,
        any(protoPayload.serviceName) AS service,
        any(protoPayload.methodName) AS method,
        any(multiIf(
            protoPayload.authenticationInfo.principalEmail != '', protoPayload.authenticationInfo.principalEmail,
            protoPayload.authenticationInfo.principalSubject != '', protoPayload.authenticationInfo.principalSubject,
            '(none)')) AS principal,
        any(substring(timestamp, 1, 10)) AS day,
        any(protoPayload.metadata.jobChange.job.jobStats.queryStats.totalBilledBytes
            + protoPayload.serviceData.jobCompletedEvent.job.jobStatistics.totalBilledBytes) AS billed_bytes
    FROM file('{files}', 'JSONEachRow', '
        logName String,
        timestamp String,
        insertId String,
        resource Tuple(labels Tuple(project_id String)),
        protoPayload Tuple(
            serviceName String,
            methodName String,
            authenticationInfo Tuple(principalEmail String, principalSubject String),
            metadata Tuple(jobChange Tuple(job Tuple(jobStats Tuple(queryStats Tuple(totalBilledBytes UInt64))))),
            serviceData Tuple(jobCompletedEvent Tuple(job Tuple(jobStatistics Tuple(totalBilledBytes UInt64)))))
    ')
    GROUP BY logName, timestamp, insertId
)
GROUP BY project, service, method, principal, day
INTO OUTFILE '{output}' TRUNCATE
FORMAT CSV
SETTINGS
    max_threads = {threads},
    input_format_skip_unknown_fields = 1,
    input_format_json_ignore_unknown_keys_in_named_tuple = 1,
    input_format_json_defaults_for_missing_elements_in_named_tuple = 1
