# One line an entry: its identity, then the columns of the job. awk takes copies out and adds up.
[ .logName, .timestamp, .insertId
, (.resource.labels.project_id // "")
, (.protoPayload.serviceName // "")
, (.protoPayload.methodName // "")
, (.protoPayload.authenticationInfo | .principalEmail // .principalSubject // "(none)")
, .timestamp[0:10]
, ( .protoPayload.metadata.jobChange.job.jobStats.queryStats.totalBilledBytes
  // .protoPayload.serviceData.jobCompletedEvent.job.jobStatistics.totalBilledBytes
  // "0")
] | @tsv
