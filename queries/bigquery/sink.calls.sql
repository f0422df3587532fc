-- calls: one row a call, with its payer and the proof.
-- Printed by `billtrail sql`, for tables of a BigQuery sink, one a day (DATASET.cloudaudit_googleapis_com_data_access_YYYYMMDD).
-- It reads the partitions from 2026-09-30T00:00:00Z to 2026-11-02T00:00:00Z. It gives the calls from 2026-10-01T00:00:00Z to 2026-11-01T00:00:00Z.
-- Where SQL cannot follow a rule of billtrail to the last, sql_exact is false and sql_note says why: docs/bigquery.md.
WITH
-- tables of a BigQuery sink, one a day (DATASET.cloudaudit_googleapis_com_data_access_YYYYMMDD): the columns that rules read, from the partitions that can matter
stored AS (
  SELECT
    NULLIF(row_of.logName, '') AS log_text,
    row_of.timestamp AS stamp,
    NULLIF(row_of.insertId, '') AS insert_id,
    TO_JSON(row_of.resource.labels) AS labels,
    TO_JSON(row_of.operation) AS operation,
    TO_JSON(row_of.split) AS split,
    NULLIF(row_of.protopayload_auditlog.serviceName, '') AS service,
    NULLIF(row_of.protopayload_auditlog.methodName, '') AS method,
    NULLIF(row_of.protopayload_auditlog.resourceName, '') AS resource,
    TO_JSON(row_of.protopayload_auditlog.status) AS status,
    JSON_QUERY_ARRAY(TO_JSON(row_of.protopayload_auditlog.authorizationInfo)) AS check_list,
    SAFE.PARSE_JSON(row_of.protopayload_auditlog.requestJson, wide_number_mode => 'round') AS request,
    SAFE.PARSE_JSON(row_of.protopayload_auditlog.metadataJson, wide_number_mode => 'round') AS metadata,
    TO_JSON(row_of.protopayload_auditlog.servicedata_v1_bigquery) AS service_data,
    TO_HEX(SHA256(TO_JSON_STRING(STRUCT(row_of.logName, row_of.timestamp, row_of.insertId)))) AS own_bytes,
    FALSE AS strayed
  FROM `my_logs.cloudaudit_googleapis_com_activity_*` AS row_of
  WHERE _TABLE_SUFFIX BETWEEN '20260930' AND '20261102'
  UNION ALL
  SELECT
    NULLIF(row_of.logName, '') AS log_text,
    row_of.timestamp AS stamp,
    NULLIF(row_of.insertId, '') AS insert_id,
    TO_JSON(row_of.resource.labels) AS labels,
    TO_JSON(row_of.operation) AS operation,
    TO_JSON(row_of.split) AS split,
    NULLIF(row_of.protopayload_auditlog.serviceName, '') AS service,
    NULLIF(row_of.protopayload_auditlog.methodName, '') AS method,
    NULLIF(row_of.protopayload_auditlog.resourceName, '') AS resource,
    TO_JSON(row_of.protopayload_auditlog.status) AS status,
    JSON_QUERY_ARRAY(TO_JSON(row_of.protopayload_auditlog.authorizationInfo)) AS check_list,
    SAFE.PARSE_JSON(row_of.protopayload_auditlog.requestJson, wide_number_mode => 'round') AS request,
    SAFE.PARSE_JSON(row_of.protopayload_auditlog.metadataJson, wide_number_mode => 'round') AS metadata,
    TO_JSON(row_of.protopayload_auditlog.servicedata_v1_bigquery) AS service_data,
    TO_HEX(SHA256(TO_JSON_STRING(STRUCT(row_of.logName, row_of.timestamp, row_of.insertId)))) AS own_bytes,
    FALSE AS strayed
  FROM `my_logs.cloudaudit_googleapis_com_data_access_*` AS row_of
  WHERE _TABLE_SUFFIX BETWEEN '20260930' AND '20261102'
),

-- the log's name with its escapes decoded, the stated version of the API, and the permission checks
decoded AS (
  SELECT
    *,
    REPLACE(REPLACE(REPLACE(REPLACE(REGEXP_REPLACE(log_text, r'^/', ''), '%2F', '/'), '%2f', '/'), '%3A', ':'), '%3a', ':') AS log_name,
    NULLIF(JSON_VALUE(labels, '$.project_id'), '') AS label,
    IFNULL(SAFE_CAST(REGEXP_EXTRACT(method, r'(?:^|\.)v0*([0-9]{1,9})(?:[A-Za-z][0-9A-Za-z]*)?(?:\.|$)') AS INT64), 0) AS stated_version,
    ARRAY(
      SELECT STRUCT(position AS place, NULLIF(JSON_VALUE(item, '$.resource'), '') AS resource, NULLIF(JSON_VALUE(item, '$.permission'), '') AS permission, IFNULL(JSON_VALUE(item, '$.granted') IN ('true', 'True', 'TRUE'), FALSE) AS granted)
      FROM UNNEST(check_list) AS item WITH OFFSET AS position
    ) AS checks
  FROM stored
),

-- what an entry says beside its payload; logs of third parties and of Google's staff are left out
entries AS (
  SELECT
    *,
    REGEXP_EXTRACT(log_text, r'^/?(organizations|folders|billingAccounts)/[^/]') AS container,
    REGEXP_EXTRACT(log_text, r'^/?projects/([^/]+)') AS log_token,
    CASE
      WHEN ENDS_WITH(log_name, '/logs/cloudaudit.googleapis.com/activity') THEN 'activity'
      WHEN ENDS_WITH(log_name, '/logs/cloudaudit.googleapis.com/data_access') THEN 'data_access'
      WHEN ENDS_WITH(log_name, '/logs/cloudaudit.googleapis.com/system_event') THEN 'system_event'
      WHEN ENDS_WITH(log_name, '/logs/cloudaudit.googleapis.com/policy') THEN 'policy'
      ELSE 'unstated'
    END AS stream,
    IF(JSON_VALUE(status, '$.code') IS NOT NULL, IFNULL(SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(status, '$.code'), r'^-?[0-9]+$') AS INT64), 2), 0) AS status_code,
    NULLIF(JSON_VALUE(operation, '$.id'), '') AS operation_id,
    IFNULL(NULLIF(JSON_VALUE(operation, '$.producer'), ''), '') AS operation_producer,
    CASE
      WHEN NOT IFNULL(JSON_TYPE(operation) = 'object', FALSE) OR (IFNULL(JSON_VALUE(operation, '$.first') IN ('true', 'True', 'TRUE'), FALSE) AND IFNULL(JSON_VALUE(operation, '$.last') IN ('true', 'True', 'TRUE'), FALSE)) THEN 'whole'
      WHEN IFNULL(JSON_VALUE(operation, '$.first') IN ('true', 'True', 'TRUE'), FALSE) THEN 'first'
      WHEN IFNULL(JSON_VALUE(operation, '$.last') IN ('true', 'True', 'TRUE'), FALSE) THEN 'last'
      ELSE 'middle'
    END AS phase,
    NULLIF(JSON_VALUE(split, '$.uid'), '') AS split_uid,
    IF(IFNULL(JSON_TYPE(split) = 'object', FALSE) AND IFNULL(JSON_VALUE(split, '$.index'), '0') = '0', 1, 0) AS first_part,
    REGEXP_EXTRACT(IFNULL(method, ''), r'[^.]*$') AS method_last,
    REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)') AS resource_token,
    ARRAY(
      SELECT CONCAT('protoPayload.authorizationInfo[', CAST(item.place AS STRING), '].resource') FROM UNNEST(checks) AS item
      WHERE NULLIF(REGEXP_EXTRACT(item.resource, r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)'), '_') != '-'
      ORDER BY item.place
      LIMIT 1
    )[SAFE_OFFSET(0)] AS check_path,
    ARRAY(
      SELECT item.resource FROM UNNEST(checks) AS item
      WHERE NULLIF(REGEXP_EXTRACT(item.resource, r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)'), '_') != '-'
      ORDER BY item.place
      LIMIT 1
    )[SAFE_OFFSET(0)] AS check_text,
    ARRAY(
      SELECT REGEXP_EXTRACT(item.resource, r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)') FROM UNNEST(checks) AS item
      WHERE NULLIF(REGEXP_EXTRACT(item.resource, r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)'), '_') != '-'
      ORDER BY item.place
      LIMIT 1
    )[SAFE_OFFSET(0)] AS check_token,
    NULLIF(JSON_VALUE(request, '$.parent'), '') AS parent,
    REGEXP_EXTRACT(NULLIF(JSON_VALUE(request, '$.parent'), ''), r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)') AS parent_token,
    NULLIF(JSON_VALUE(request, '$.readStream'), '') AS read_stream,
    REGEXP_EXTRACT(NULLIF(JSON_VALUE(request, '$.readStream'), ''), r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)') AS read_stream_token,
    CONCAT('entry', CHR(31), IFNULL(log_name, ''), CHR(31), CAST(UNIX_MICROS(stamp) AS STRING), CHR(31), insert_id) AS entry_identity
  FROM decoded
  WHERE NOT REGEXP_CONTAINS(IFNULL(log_name, ''), r'/logs/(?:externalaudit\.googleapis\.com/|cloudaudit\.googleapis\.com/access_transparency$)')
),

-- the catalogue: what is known of each service
services AS (
  SELECT
    service,
    version,
    kind,
    driver,
    optional_parent,
    ARRAY_CONCAT(
      ARRAY(
        SELECT STRUCT('billable' AS class, 1 AS place, REPLACE(suffix, '*', '') AS literal, ENDS_WITH(suffix, '*') AS open)
        FROM UNNEST(SPLIT(billable_methods, ' ')) AS suffix
        WHERE suffix != ''
      ),
      ARRAY(
        SELECT STRUCT('runtime' AS class, 2 AS place, REPLACE(suffix, '*', '') AS literal, ENDS_WITH(suffix, '*') AS open)
        FROM UNNEST(SPLIT(runtime_methods, ' ')) AS suffix
        WHERE suffix != ''
      ),
      ARRAY(
        SELECT STRUCT('free' AS class, 3 AS place, REPLACE(suffix, '*', '') AS literal, ENDS_WITH(suffix, '*') AS open)
        FROM UNNEST(SPLIT(free_methods, ' ')) AS suffix
        WHERE suffix != ''
      )
    ) AS listed
  FROM UNNEST([
    STRUCT('accessapproval.googleapis.com' AS service, 0 AS version, 'control_plane' AS kind, 'free' AS driver, FALSE AS optional_parent, '' AS billable_methods, '' AS runtime_methods, '' AS free_methods),
    STRUCT('accesscontextmanager.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('addressvalidation.googleapis.com', 0, 'client', 'call', FALSE, 'AddressValidation.ValidateAddress', '', 'ProvideValidationFeedback'),
    STRUCT('aerialview.googleapis.com', 0, 'client', 'call', FALSE, 'LookupVideo RenderVideo', '', ''),
    STRUCT('aiplatform.googleapis.com', 0, 'vertex_ai', 'call', FALSE, 'PredictionService.ServerStreamingPredict PredictionService.StreamDirectRawPredict PredictionService.StreamGenerateContent PredictionService.StreamDirectPredict PredictionService.PredictLongRunning JobService.CreateBatchPredictionJob PredictionService.DirectRawPredict PredictionService.StreamRawPredict PredictionService.StreamingPredict PipelineService.CreatePipelineJob PredictionService.GenerateContent PredictionService.DirectPredict PredictionService.EmbedContent PredictionService.RawPredict PredictionService.Explain PredictionService.Predict', 'EndpointService.DeployModel JobService.CreateCustomJob', 'ComputeTokens CountTokens List* Get*'),
    STRUCT('alloydb.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance CreateCluster', ''),
    STRUCT('analyticshub.googleapis.com', 0, 'resource', 'free', FALSE, '', '', ''),
    STRUCT('anthos.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('anthosconfigmanagement.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('anthosgke.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('apigateway.googleapis.com', 0, 'resource', 'call', FALSE, '', '', 'CreateGateway'),
    STRUCT('apigee.googleapis.com', 0, 'resource', 'call', FALSE, '', '', ''),
    STRUCT('apikeys.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('appengine.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'Versions.CreateVersion', ''),
    STRUCT('artifactregistry.googleapis.com', 0, 'resource', 'storage', FALSE, '', 'Docker-GetManifest', ''),
    STRUCT('assuredworkloads.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('automl.googleapis.com', 0, 'resource', 'call', FALSE, 'PredictionService.BatchPredict PredictionService.Predict', 'AutoMl.CreateModel AutoMl.DeployModel', ''),
    STRUCT('backupdr.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateBackupVault TriggerBackup', ''),
    STRUCT('baremetalsolution.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'Create*', ''),
    STRUCT('batch.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateJob', ''),
    STRUCT('biglake.googleapis.com', 0, 'resource', 'call', FALSE, '', '', ''),
    STRUCT('bigquery.googleapis.com', 0, 'bigquery_job', 'bytes', FALSE, 'jobservice.jobcompleted JobService.InsertJob jobservice.insert JobService.Query jobservice.query', '', 'JobService.GetQueryResults jobservice.getqueryresults TableDataService.List tabledataservice.list'),
    STRUCT('bigqueryconnection.googleapis.com', 0, 'resource', 'free', FALSE, '', '', ''),
    STRUCT('bigquerydatatransfer.googleapis.com', 0, 'resource', 'call', FALSE, 'StartManualTransferRuns', 'CreateTransferConfig', ''),
    STRUCT('bigquerymigration.googleapis.com', 0, 'resource', 'free', FALSE, '', '', ''),
    STRUCT('bigqueryreservation.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateCapacityCommitment CreateReservation UpdateReservation CreateAssignment', 'Search* List*'),
    STRUCT('bigquerystorage.googleapis.com', 0, 'bigquery_storage_api', 'call', FALSE, 'BigQueryRead.CreateReadSession BigQueryWrite.AppendRows', '', 'BigQueryRead.SplitReadStream BatchCommitWriteStreams BigQueryRead.ReadRows FinalizeWriteStream GetWriteStream'),
    STRUCT('bigtable.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'ReadModifyWriteRow CheckAndMutateRow SampleRowKeys MutateRows MutateRow ReadRows', 'PingAndWarm'),
    STRUCT('bigtableadmin.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance CreateCluster UpdateCluster', ''),
    STRUCT('binaryauthorization.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', 'ValidateAttestation*'),
    STRUCT('certificatemanager.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateCertificate', ''),
    STRUCT('cloudaicompanion.googleapis.com', 0, 'resource', 'fee', FALSE, '', '', ''),
    STRUCT('cloudasset.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', 'ExportAssets'),
    STRUCT('cloudbilling.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', 'UpdateProjectBillingInfo'),
    STRUCT('cloudbuild.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CloudBuild.RunBuildTrigger CloudBuild.CreateBuild CloudBuild.RetryBuild', 'List* Get*'),
    STRUCT('cloudcommerceconsumerprocurement.googleapis.com', 0, 'resource', 'fee', FALSE, '', '', ''),
    STRUCT('clouddeploy.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateDeliveryPipeline CreateRelease', ''),
    STRUCT('clouderrorreporting.googleapis.com', 0, 'resource', 'free', FALSE, '', '', ''),
    STRUCT('cloudfunctions.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CloudFunctionsService.CreateFunction CloudFunctionsService.UpdateFunction CallFunction', ''),
    STRUCT('cloudiot.googleapis.com', 0, 'resource', 'call', FALSE, '', '', ''),
    STRUCT('cloudkms.googleapis.com', 0, 'resource', 'call', FALSE, 'GenerateRandomBytes AsymmetricDecrypt AsymmetricSign GetPublicKey Decapsulate RawDecrypt RawEncrypt MacVerify Decrypt Encrypt MacSign', 'CreateCryptoKeyVersion', 'List* Get*'),
    STRUCT('cloudoptimization.googleapis.com', 0, 'parent', 'call', FALSE, 'FleetRouting.BatchOptimizeTours FleetRouting.OptimizeTours', '', ''),
    STRUCT('cloudprofiler.googleapis.com', 0, 'resource', 'free', FALSE, '', '', ''),
    STRUCT('cloudresourcemanager.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('cloudscheduler.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateJob', 'RunJob'),
    STRUCT('cloudsql.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'cloudsql.instances.restart cloudsql.instances.create cloudsql.instances.update cloudsql.instances.clone', 'cloudsql.instances.connect cloudsql.instances.query'),
    STRUCT('cloudsupport.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('cloudtasks.googleapis.com', 0, 'resource', 'call', FALSE, 'CloudTasks.CreateTask CloudTasks.RunTask', '', ''),
    STRUCT('cloudtrace.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('composer.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateEnvironment', ''),
    STRUCT('compute.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'compute.instances.insert compute.instances.start compute.disks.insert', 'aggregatedList list get'),
    STRUCT('connectors.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateConnection', ''),
    STRUCT('contactcenterinsights.googleapis.com', 0, 'resource', 'call', FALSE, 'BulkAnalyzeConversations CreateAnalysis', '', ''),
    STRUCT('container.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'ClusterManager.CreateNodePool ClusterManager.CreateCluster', ''),
    STRUCT('containeranalysis.googleapis.com', 0, 'resource', 'call', FALSE, '', '', ''),
    STRUCT('containerregistry.googleapis.com', 0, 'resource', 'storage', FALSE, '', '', ''),
    STRUCT('datacatalog.googleapis.com', 0, 'resource', 'call', FALSE, 'SearchCatalog GetEntry', '', ''),
    STRUCT('dataflow.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'FlexTemplatesService.LaunchFlexTemplate dataflow.jobs.create', ''),
    STRUCT('dataform.googleapis.com', 0, 'resource', 'free', FALSE, '', '', ''),
    STRUCT('datafusion.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance', ''),
    STRUCT('datalabeling.googleapis.com', 0, 'resource', 'call', FALSE, 'LabelImage LabelVideo LabelText', '', ''),
    STRUCT('datamigration.googleapis.com', 0, 'resource', 'call', FALSE, '', 'CreateMigrationJob', ''),
    STRUCT('dataplex.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateDataScan RunDataScan', ''),
    STRUCT('dataproc.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'ClusterController.CreateCluster BatchController.CreateBatch JobController.SubmitJob', ''),
    STRUCT('datastore.googleapis.com', 0, 'resource', 'call', FALSE, 'RunAggregationQuery RunQuery Commit Lookup', '', 'BeginTransaction AllocateIds ReserveIds Rollback'),
    STRUCT('datastream.googleapis.com', 0, 'resource', 'call', FALSE, 'StartBackfillJob', 'CreateStream', ''),
    STRUCT('dialogflow.googleapis.com', 0, 'resource', 'call', FALSE, 'Participants.StreamingAnalyzeContent Sessions.ServerStreamingDetectIntent Sessions.StreamingDetectIntent Participants.AnalyzeContent Sessions.DetectIntent', '', 'MatchIntent'),
    STRUCT('directions-backend.googleapis.com', 0, 'client', 'call', FALSE, '', '', ''),
    STRUCT('discoveryengine.googleapis.com', 0, 'resource', 'call', FALSE, 'GroundedGenerationService.StreamGenerateGroundedContent GroundedGenerationService.GenerateGroundedContent ConversationalSearchService.ConverseConversation ConversationalSearchService.StreamAnswerQuery GroundedGenerationService.CheckGrounding ConversationalSearchService.AnswerQuery RecommendationService.Recommend AssistantService.StreamAssist SearchService.SearchLite SearchService.Search RankService.Rank', '', 'CompletionService.* UserEventService.*'),
    STRUCT('distance-matrix-backend.googleapis.com', 0, 'client', 'call', FALSE, '', '', ''),
    STRUCT('dlp.googleapis.com', 0, 'parent', 'call', FALSE, 'DlpService.HybridInspectJobTrigger DlpService.HybridInspectDlpJob DlpService.ActivateJobTrigger DlpService.DeidentifyContent DlpService.ReidentifyContent DlpService.InspectContent DlpService.CreateDlpJob DlpService.RedactImage', '', 'ListInfoTypes'),
    STRUCT('dns.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('documentai.googleapis.com', 0, 'resource', 'call', FALSE, 'DocumentProcessorService.BatchProcessDocuments DocumentProcessorService.ProcessDocument', 'DocumentProcessorService.TrainProcessorVersion', 'CreateProcessor ReviewDocument Fetch* List* Get*'),
    STRUCT('domains.googleapis.com', 0, 'resource', 'call', FALSE, 'RegisterDomain', '', ''),
    STRUCT('edgecontainer.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('edgenetwork.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('endpoints.googleapis.com', 0, 'resource', 'call', FALSE, '', '', ''),
    STRUCT('enterpriseknowledgegraph.googleapis.com', 0, 'parent', 'call', FALSE, 'Lookup Search', '', ''),
    STRUCT('essentialcontacts.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('eventarc.googleapis.com', 0, 'resource', 'call', FALSE, '', 'CreateTrigger', ''),
    STRUCT('fcm.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('file.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance CreateBackup', ''),
    STRUCT('firebase.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firebaseappcheck.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firebasedatabase.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firebasedataconnect.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firebasehosting.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firebaseml.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firebaseremoteconfig.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firebaserules.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firebasestorage.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('firestore.googleapis.com', 0, 'resource', 'call', FALSE, 'RunAggregationQuery BatchGetDocuments CreateDocument DeleteDocument UpdateDocument BatchWrite RunQuery Commit Listen Write', '', 'ListCollectionIds'),
    STRUCT('gdchardwaremanagement.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('geminidataanalytics.googleapis.com', 0, 'resource', 'call', FALSE, 'Chat', '', ''),
    STRUCT('generativelanguage.googleapis.com', 0, 'client', 'call', FALSE, 'GenerativeService.StreamGenerateContent GenerativeService.BidiGenerateContent GenerativeService.BatchEmbedContents PredictionService.PredictLongRunning GenerativeService.GenerateContent GenerativeService.GenerateAnswer GenerativeService.EmbedContent PredictionService.Predict', 'CacheService.CreateCachedContent', 'ModelService.List* ModelService.Get* FileService.* CountTokens'),
    STRUCT('geocoding-backend.googleapis.com', 0, 'client', 'call', FALSE, 'geocode', '', ''),
    STRUCT('gkebackup.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateBackup', ''),
    STRUCT('gkehub.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateMembership', ''),
    STRUCT('gkemulticloud.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('healthcare.googleapis.com', 0, 'resource', 'hybrid', FALSE, 'FhirStoreService.ExportResources FhirStoreService.ImportResources DicomService.ExportDicomData DicomService.ImportDicomData Hl7V2Service.ExportMessages Hl7V2Service.ImportMessages NlpService.AnalyzeEntities Hl7V2Service.ListMessages Hl7V2Service.GetMessage FhirService.*', '', ''),
    STRUCT('iam.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('iamcredentials.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', 'GenerateAccessToken SignBlob SignJwt'),
    STRUCT('iap.googleapis.com', 0, 'resource', 'free', FALSE, '', '', 'AuthorizeUser'),
    STRUCT('identitytoolkit.googleapis.com', 0, 'resource', 'call', FALSE, 'SendVerificationCode VerifyPhone SignInWith*', '', ''),
    STRUCT('ids.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateEndpoint', ''),
    STRUCT('integrations.googleapis.com', 0, 'resource', 'call', FALSE, 'ExecuteIntegrations', '', ''),
    STRUCT('jobs.googleapis.com', 0, 'resource', 'call', FALSE, 'JobService.SearchJobsForAlert Completion.CompleteQuery JobService.SearchJobs', '', ''),
    STRUCT('k8s.io', 0, 'kubernetes', 'free', FALSE, '', '', ''),
    STRUCT('language.googleapis.com', 0, 'client', 'call', FALSE, 'LanguageService.AnalyzeEntitySentiment LanguageService.AnalyzeSentiment LanguageService.AnalyzeEntities LanguageService.AnalyzeSyntax LanguageService.AnnotateText LanguageService.ClassifyText LanguageService.ModerateText', '', ''),
    STRUCT('lifesciences.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'RunPipeline', ''),
    STRUCT('livestream.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'StartChannel', ''),
    STRUCT('logging.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', 'ListLogEntries'),
    STRUCT('looker.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance', ''),
    STRUCT('lustre.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance', ''),
    STRUCT('managedidentities.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateDomain', ''),
    STRUCT('managedkafka.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateCluster', ''),
    STRUCT('maps-backend.googleapis.com', 0, 'client', 'call', FALSE, 'geocode', '', ''),
    STRUCT('mediatranslation.googleapis.com', 0, 'client', 'call', FALSE, 'SpeechTranslationService.StreamingTranslateSpeech', '', ''),
    STRUCT('memcache.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance', ''),
    STRUCT('memorystore.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance', ''),
    STRUCT('metastore.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateService', ''),
    STRUCT('migrationcenter.googleapis.com', 0, 'resource', 'free', FALSE, '', '', ''),
    STRUCT('ml.googleapis.com', 0, 'resource', 'call', FALSE, 'predict', 'JobService.CreateJob projects.jobs.create', ''),
    STRUCT('modelarmor.googleapis.com', 0, 'resource', 'call', FALSE, 'ModelArmor.SanitizeModelResponse ModelArmor.SanitizeUserPrompt ModelArmor.Stream*', '', ''),
    STRUCT('monitoring.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('netapp.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateStoragePool', ''),
    STRUCT('networkconnectivity.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('networksecurity.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('networkservices.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('notebooks.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance StartInstance', ''),
    STRUCT('ondemandscanning.googleapis.com', 0, 'resource', 'call', FALSE, 'AnalyzePackages', '', ''),
    STRUCT('oracledatabase.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'Create*', ''),
    STRUCT('orgpolicy.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('osconfig.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreatePatchDeployment', ''),
    STRUCT('parallelstore.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance', ''),
    STRUCT('places.googleapis.com', 0, 'client', 'call', FALSE, 'Places.AutocompletePlaces Places.GetPhotoMedia Places.SearchNearby Places.SearchText Places.GetPlace', '', ''),
    STRUCT('policysimulator.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('policytroubleshooter.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('privateca.googleapis.com', 0, 'resource', 'call', FALSE, 'CreateCertificate', 'CreateCertificateAuthority', ''),
    STRUCT('pubsub.googleapis.com', 0, 'pubsub', 'metered_elsewhere', FALSE, '', '', 'CreateSubscription SchemaService.* CreateTopic Update* Seek'),
    STRUCT('pubsublite.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateReservation', ''),
    STRUCT('recaptchaenterprise.googleapis.com', 0, 'parent', 'call', FALSE, 'RecaptchaEnterpriseService.CreateAssessment', '', 'AnnotateAssessment'),
    STRUCT('recommendationengine.googleapis.com', 0, 'resource', 'call', FALSE, 'PredictionService.Predict', '', ''),
    STRUCT('recommender.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('redis.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateInstance', ''),
    STRUCT('remotebuildexecution.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('retail.googleapis.com', 0, 'resource', 'call', FALSE, 'ConversationalSearchService.ConversationalSearch PredictionService.Predict SearchService.Search', 'ModelService.CreateModel ModelService.TuneModel', ''),
    STRUCT('routeoptimization.googleapis.com', 0, 'parent', 'call', FALSE, 'RouteOptimization.OptimizeToursLongRunning RouteOptimization.BatchOptimizeTours RouteOptimization.OptimizeTours', '', ''),
    STRUCT('routes.googleapis.com', 0, 'client', 'call', FALSE, 'Routes.ComputeRouteMatrix Routes.ComputeRoutes', '', ''),
    STRUCT('run.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'Services.ReplaceService Services.CreateService Services.UpdateService Jobs.RunJob', ''),
    STRUCT('secretmanager.googleapis.com', 0, 'resource', 'call', FALSE, 'SecretManagerService.AccessSecretVersion', 'AddSecretVersion', 'List* Get*'),
    STRUCT('securitycenter.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('serviceconsumermanagement.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('servicecontrol.googleapis.com', 0, 'resource', 'call', FALSE, '', '', ''),
    STRUCT('servicedirectory.googleapis.com', 0, 'resource', 'call', FALSE, 'ResolveService', '', 'CreateNamespace'),
    STRUCT('servicemanagement.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', ''),
    STRUCT('serviceusage.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', 'EnableService'),
    STRUCT('solar.googleapis.com', 0, 'client', 'call', FALSE, 'Solar.FindClosestBuildingInsights Solar.GetDataLayers Solar.GetGeoTiff', '', ''),
    STRUCT('sourcerepo.googleapis.com', 0, 'resource', 'storage', FALSE, '', '', ''),
    STRUCT('spanner.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'ExecuteStreamingSql CreateInstance UpdateInstance StreamingRead ExecuteSql Read', ''),
    STRUCT('speech.googleapis.com', 0, 'client', 'call', FALSE, 'Speech.LongRunningRecognize Speech.StreamingRecognize Speech.Recognize', '', ''),
    STRUCT('speech.googleapis.com', 2, 'resource', 'call', FALSE, 'Speech.StreamingRecognize Speech.BatchRecognize Speech.Recognize', '', ''),
    STRUCT('sqladmin.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'cloudsql.instances.restart cloudsql.instances.create cloudsql.instances.update cloudsql.instances.clone', 'cloudsql.instances.connect cloudsql.instances.query'),
    STRUCT('storage.googleapis.com', 0, 'cloud_storage', 'hybrid', FALSE, 'storage.defaultObjectAccessControls.list storage.bucketAccessControls.list storage.objectAccessControls.list storage.buckets.getIamPolicy storage.buckets.setIamPolicy storage.objects.getIamPolicy storage.objects.setIamPolicy storage.notifications.list storage.getIamPermissions storage.notifications.get storage.setIamPermissions storage.objects.compose storage.objects.restore storage.objects.rewrite storage.buckets.create storage.buckets.update storage.folders.rename storage.objects.create storage.objects.insert storage.objects.update storage.buckets.patch storage.objects.patch storage.buckets.list storage.folders.list storage.objects.copy storage.objects.list storage.objects.move storage.buckets.get storage.folders.get storage.objects.get storage.buckets.* storage.objects.*', '', 'storage.managedFolders.delete storage.notifications.delete storage.buckets.delete storage.folders.delete storage.objects.delete storage.channels.stop'),
    STRUCT('storagebatchoperations.googleapis.com', 0, 'resource', 'call', FALSE, 'CreateJob', '', ''),
    STRUCT('storageinsights.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('storagetransfer.googleapis.com', 0, 'resource', 'call', FALSE, 'RunTransferJob', 'CreateTransferJob', ''),
    STRUCT('sts.googleapis.com', 0, 'control_plane', 'free', FALSE, '', '', 'ExchangeToken'),
    STRUCT('testing.googleapis.com', 0, 'resource', 'metered_elsewhere', FALSE, '', '', ''),
    STRUCT('texttospeech.googleapis.com', 0, 'client', 'call', TRUE, 'TextToSpeechLongAudioSynthesize.SynthesizeLongAudio TextToSpeech.StreamingSynthesize TextToSpeech.SynthesizeSpeech', '', 'ListVoices'),
    STRUCT('tpu.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateNode', ''),
    STRUCT('transcoder.googleapis.com', 0, 'parent', 'call', FALSE, 'TranscoderService.CreateJob', '', ''),
    STRUCT('translate.googleapis.com', 0, 'parent', 'call', FALSE, 'TranslationService.BatchTranslateDocument TranslationService.AdaptiveMtTranslate TranslationService.BatchTranslateText TranslationService.TranslateDocument TranslationService.DetectLanguage TranslationService.TranslateText TranslationService.RomanizeText', 'TranslationService.CreateModel', 'GetSupportedLanguages'),
    STRUCT('translate.googleapis.com', 2, 'client', 'call', FALSE, 'DetectLanguage TranslateText', '', 'GetSupportedLanguages'),
    STRUCT('translationhub.googleapis.com', 0, 'resource', 'call', FALSE, '', '', ''),
    STRUCT('videointelligence.googleapis.com', 0, 'client', 'call', FALSE, 'StreamingVideoIntelligenceService.StreamingAnnotateVideo AnnotateVideo', '', ''),
    STRUCT('videostitcher.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateVodSession', ''),
    STRUCT('vision.googleapis.com', 0, 'client', 'call', TRUE, 'ImageAnnotator.AsyncBatchAnnotateImages ImageAnnotator.AsyncBatchAnnotateFiles ImageAnnotator.BatchAnnotateImages ImageAnnotator.BatchAnnotateFiles images.annotate', '', 'ProductSearch.*'),
    STRUCT('visionai.googleapis.com', 0, 'resource', 'runtime', FALSE, '', '', ''),
    STRUCT('vmmigration.googleapis.com', 0, 'resource', 'free', FALSE, '', '', ''),
    STRUCT('vmwareengine.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreatePrivateCloud', ''),
    STRUCT('vpcaccess.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateConnector', ''),
    STRUCT('webrisk.googleapis.com', 0, 'client', 'call', TRUE, 'WebRiskService.CreateSubmission WebRiskService.SearchHashes WebRiskService.SearchUris WebRiskService.SubmitUri', '', 'ComputeThreatListDiff'),
    STRUCT('websecurityscanner.googleapis.com', 0, 'resource', 'call', FALSE, 'StartScanRun', '', ''),
    STRUCT('workflowexecutions.googleapis.com', 0, 'resource', 'call', FALSE, 'Executions.CreateExecution', '', 'List* Get*'),
    STRUCT('workflows.googleapis.com', 0, 'resource', 'call', FALSE, '', '', 'List* Get*'),
    STRUCT('workstations.googleapis.com', 0, 'resource', 'runtime', FALSE, '', 'CreateWorkstation StartWorkstation', '')
  ])
),

-- each entry with what the catalogue knows of its service
known AS (
  SELECT
    entries.*,
    IF(versioned.kind IS NOT NULL, versioned.kind, plain.kind) AS service_kind,
    IF(versioned.kind IS NOT NULL, versioned.driver, plain.driver) AS service_driver,
    IFNULL(IF(versioned.kind IS NOT NULL, versioned.optional_parent, plain.optional_parent), FALSE) AS optional_parent,
    IF(versioned.kind IS NOT NULL, versioned.listed, plain.listed) AS listed
  FROM entries
  LEFT JOIN services AS versioned ON versioned.service = entries.service AND versioned.version = entries.stated_version
  LEFT JOIN services AS plain ON plain.service = entries.service AND plain.version = 0
),

-- BigQuery: which event of a job or of a table the entry tells of, in the old form (v1) or the new one
events AS (
  SELECT
    *,
    CASE
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.jobChange')) = 'object', FALSE) THEN 'jobChange'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.jobInsertion')) = 'object', FALSE) THEN 'jobInsertion'
    END AS event_name,
    CASE
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.jobChange')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.jobChange')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.jobInsertion')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.jobInsertion')
    END AS event,
    CASE
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableDataRead')) = 'object', FALSE) THEN 'tableDataRead'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableDataChange')) = 'object', FALSE) THEN 'tableDataChange'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableCreation')) = 'object', FALSE) THEN 'tableCreation'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableChange')) = 'object', FALSE) THEN 'tableChange'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableDeletion')) = 'object', FALSE) THEN 'tableDeletion'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.routineCreation')) = 'object', FALSE) THEN 'routineCreation'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.modelCreation')) = 'object', FALSE) THEN 'modelCreation'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.datasetCreation')) = 'object', FALSE) THEN 'datasetCreation'
    END AS side_name,
    CASE
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableDataRead')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.tableDataRead')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableDataChange')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.tableDataChange')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableCreation')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.tableCreation')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableChange')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.tableChange')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.tableDeletion')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.tableDeletion')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.routineCreation')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.routineCreation')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.modelCreation')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.modelCreation')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.datasetCreation')) = 'object', FALSE) THEN JSON_QUERY(metadata, '$.datasetCreation')
    END AS side_event,
    IF(service_kind = 'bigquery_job', service_data, NULL) AS v1,
    CASE
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(service_data, '$.jobCompletedEvent')) = 'object', FALSE) THEN 'jobCompletedEvent.job'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(service_data, '$.jobInsertResponse.resource')) = 'object', FALSE) THEN 'jobInsertResponse.resource'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(service_data, '$.jobQueryResponse.job')) = 'object', FALSE) THEN 'jobQueryResponse.job'
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(service_data, '$.jobInsertRequest.resource')) = 'object', FALSE) THEN 'jobInsertRequest.resource'
    END AS v1_path,
    CASE
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(service_data, '$.jobCompletedEvent')) = 'object', FALSE) THEN JSON_QUERY(service_data, '$.jobCompletedEvent.job')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(service_data, '$.jobInsertResponse.resource')) = 'object', FALSE) THEN JSON_QUERY(service_data, '$.jobInsertResponse.resource')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(service_data, '$.jobQueryResponse.job')) = 'object', FALSE) THEN JSON_QUERY(service_data, '$.jobQueryResponse.job')
      WHEN service_kind = 'bigquery_job' AND IFNULL(JSON_TYPE(JSON_QUERY(service_data, '$.jobInsertRequest.resource')) = 'object', FALSE) THEN JSON_QUERY(service_data, '$.jobInsertRequest.resource')
    END AS v1_job,
    NULLIF(JSON_VALUE(metadata, '$.tableDataRead.sessionName'), '') AS session_name,
    REGEXP_EXTRACT(NULLIF(JSON_VALUE(metadata, '$.tableDataRead.sessionName'), ''), r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)') AS session_token
  FROM known
),

-- BigQuery: whether the entry names its job, or only something that happened beside one
jobs AS (
  SELECT
    *,
    CASE
      WHEN IFNULL(JSON_TYPE(JSON_QUERY(event, '$.job')) = 'object', FALSE) AND REGEXP_EXTRACT(COALESCE(NULLIF(JSON_VALUE(event, '$.job.jobName'), ''), resource), r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$') IS NOT NULL THEN 'v2'
      WHEN IFNULL(JSON_TYPE(v1_job) = 'object', FALSE) AND ((NULLIF(JSON_VALUE(v1_job, '$.jobName.projectId'), '') IS NOT NULL AND NULLIF(JSON_VALUE(v1_job, '$.jobName.jobId'), '') IS NOT NULL) OR REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$') IS NOT NULL) THEN 'v1'
      WHEN service_kind = 'bigquery_job' AND LOWER(method_last) IN ('insertjob', 'query', 'insert', 'jobcompleted') AND REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$') IS NOT NULL THEN 'name'
    END AS job_form,
    NULLIF(JSON_VALUE(v1_job, '$.jobName.projectId'), '') IS NOT NULL AND NULLIF(JSON_VALUE(v1_job, '$.jobName.jobId'), '') IS NOT NULL AS v1_named,
    IFNULL(service_kind = 'bigquery_job' AND IF(side_name IS NOT NULL, (NULLIF(JSON_VALUE(side_event, '$.jobName'), '') IS NOT NULL OR IFNULL(NULLIF(JSON_VALUE(side_event, '$.reason'), ''), '') IN ('JOB', 'QUERY', 'QUERY_REQUEST', 'GET_QUERY_RESULTS_REQUEST', 'MATERIALIZED_VIEW_REFRESH', 'WRITE_API')), LOWER(method_last) = 'getqueryresults'), FALSE) AS is_side
  FROM events
),

-- BigQuery: what the entry says of the job
facts AS (
  SELECT
    *,
    CASE job_form WHEN 'v2' THEN IF(NULLIF(JSON_VALUE(event, '$.job.jobName'), '') IS NOT NULL, CONCAT('protoPayload.metadata.', event_name, '.job.jobName'), 'protoPayload.resourceName') WHEN 'v1' THEN IF(v1_named, CONCAT('protoPayload.serviceData.', v1_path, '.jobName.projectId'), 'protoPayload.resourceName') WHEN 'name' THEN 'protoPayload.resourceName' END AS job_path,
    CASE job_form WHEN 'v2' THEN COALESCE(NULLIF(JSON_VALUE(event, '$.job.jobName'), ''), resource) WHEN 'v1' THEN IF(v1_named, NULLIF(JSON_VALUE(v1_job, '$.jobName.projectId'), ''), resource) WHEN 'name' THEN resource END AS job_text,
    CASE job_form WHEN 'v2' THEN REGEXP_EXTRACT(COALESCE(NULLIF(JSON_VALUE(event, '$.job.jobName'), ''), resource), r'^(?://[^/]*/)?projects/([^/]+)/jobs/[^/]+$') WHEN 'v1' THEN IF(v1_named, NULLIF(JSON_VALUE(v1_job, '$.jobName.projectId'), ''), REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/([^/]+)/jobs/[^/]+$')) WHEN 'name' THEN REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/([^/]+)/jobs/[^/]+$') END AS job_token,
    CASE job_form WHEN 'v2' THEN REGEXP_EXTRACT(COALESCE(NULLIF(JSON_VALUE(event, '$.job.jobName'), ''), resource), r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$') WHEN 'v1' THEN IF(v1_named, NULLIF(JSON_VALUE(v1_job, '$.jobName.jobId'), ''), REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$')) WHEN 'name' THEN REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$') END AS job_id,
    LOWER(CASE job_form WHEN 'v2' THEN NULLIF(JSON_VALUE(labels, '$.location'), '') WHEN 'v1' THEN NULLIF(JSON_VALUE(v1_job, '$.jobName.location'), '') WHEN 'name' THEN NULLIF(JSON_VALUE(labels, '$.location'), '') END) AS job_location,
    IFNULL(CASE job_form WHEN 'v2' THEN event_name = 'jobChange' AND COALESCE(NULLIF(JSON_VALUE(event, '$.after'), ''), NULLIF(JSON_VALUE(event, '$.job.jobStatus.jobState'), ''), 'DONE') = 'DONE' WHEN 'v1' THEN v1_path = 'jobCompletedEvent.job' WHEN 'name' THEN FALSE END, FALSE) AS job_ended,
    CASE job_form WHEN 'v2' THEN NULLIF(JSON_VALUE(event, '$.job.jobConfig.queryConfig.statementType'), '') WHEN 'v1' THEN NULLIF(JSON_VALUE(v1_job, '$.jobConfiguration.query.statementType'), '') WHEN 'name' THEN NULL END AS statement_type,
    IFNULL(CASE job_form WHEN 'v2' THEN NULLIF(JSON_VALUE(event, '$.job.jobConfig.type'), '') IN ('IMPORT', 'COPY', 'EXPORT') WHEN 'v1' THEN CASE WHEN NULLIF(JSON_VALUE(v1, '$.jobCompletedEvent.eventName'), '') IN ('load_job_completed', 'extract_job_completed', 'table_copy_job_completed') THEN TRUE WHEN NULLIF(JSON_VALUE(v1, '$.jobCompletedEvent.eventName'), '') = 'query_job_completed' THEN FALSE ELSE IFNULL(JSON_TYPE(JSON_QUERY(v1_job, '$.jobConfiguration.load')) != 'null', FALSE) OR IFNULL(JSON_TYPE(JSON_QUERY(v1_job, '$.jobConfiguration.extract')) != 'null', FALSE) OR IFNULL(JSON_TYPE(JSON_QUERY(v1_job, '$.jobConfiguration.tableCopy')) != 'null', FALSE) END WHEN 'name' THEN FALSE END, FALSE) AS job_loads,
    (IFNULL(JSON_VALUE(v1, '$.jobInsertRequest.resource.jobConfiguration.dryRun') IN ('true', 'True', 'TRUE'), FALSE) OR IFNULL(JSON_VALUE(v1, '$.jobQueryRequest.dryRun') IN ('true', 'True', 'TRUE'), FALSE)) AS asks_dry_run,
    IFNULL(CASE job_form WHEN 'v2' THEN FALSE WHEN 'v1' THEN (IFNULL(JSON_VALUE(v1, '$.jobInsertRequest.resource.jobConfiguration.dryRun') IN ('true', 'True', 'TRUE'), FALSE) OR IFNULL(JSON_VALUE(v1, '$.jobQueryRequest.dryRun') IN ('true', 'True', 'TRUE'), FALSE) OR IFNULL(JSON_VALUE(v1_job, '$.jobConfiguration.dryRun') IN ('true', 'True', 'TRUE'), FALSE)) WHEN 'name' THEN FALSE END, FALSE) AS job_dry_run,
    IFNULL(CASE job_form WHEN 'v2' THEN IFNULL(JSON_VALUE(event, '$.job.jobStats.queryStats.cacheHit') IN ('true', 'True', 'TRUE'), FALSE) WHEN 'v1' THEN FALSE WHEN 'name' THEN FALSE END, FALSE) AS cache_hit,
    CASE job_form WHEN 'v2' THEN CASE WHEN IFNULL(SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(event, '$.job.jobStatus.errorResult.code'), r'^-?[0-9]+$') AS INT64), 0) != 0 THEN SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(event, '$.job.jobStatus.errorResult.code'), r'^-?[0-9]+$') AS INT64) WHEN NULLIF(JSON_VALUE(event, '$.job.jobStatus.errorResult.message'), '') IS NOT NULL THEN 2 END WHEN 'v1' THEN CASE WHEN IFNULL(SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(v1_job, '$.jobStatus.error.code'), r'^-?[0-9]+$') AS INT64), 0) != 0 THEN SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(v1_job, '$.jobStatus.error.code'), r'^-?[0-9]+$') AS INT64) WHEN NULLIF(JSON_VALUE(v1_job, '$.jobStatus.error.message'), '') IS NOT NULL THEN 2 END WHEN 'name' THEN NULL END AS job_error,
    CASE job_form WHEN 'v2' THEN SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(event, '$.job.jobStats.queryStats.totalBilledBytes'), r'^[0-9]+$') AS INT64) WHEN 'v1' THEN SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(v1_job, '$.jobStatistics.totalBilledBytes'), r'^[0-9]+$') AS INT64) WHEN 'name' THEN NULL END AS total_billed_bytes,
    CASE job_form WHEN 'v2' THEN SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(event, '$.job.jobStats.queryStats.totalProcessedBytes'), r'^[0-9]+$') AS INT64) WHEN 'v1' THEN SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(v1_job, '$.jobStatistics.totalProcessedBytes'), r'^[0-9]+$') AS INT64) WHEN 'name' THEN NULL END AS processed_bytes,
    CASE job_form WHEN 'v2' THEN SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(event, '$.job.jobStats.totalSlotMs'), r'^[0-9]+$') AS INT64) WHEN 'v1' THEN SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(v1_job, '$.jobStatistics.totalSlotMs'), r'^[0-9]+$') AS INT64) WHEN 'name' THEN NULL END AS total_slot_ms,
    CASE job_form WHEN 'v2' THEN CONCAT('protoPayload.metadata.', event_name, '.job.jobStats') WHEN 'v1' THEN CONCAT('protoPayload.serviceData.', v1_path, '.jobStatistics') WHEN 'name' THEN NULL END AS statistics_path,
    CASE
      WHEN IF(job_form = 'v2', NULLIF(JSON_VALUE(event, '$.job.jobStats.reservation'), ''), NULL) IS NOT NULL THEN [STRUCT(-1 AS place, IF(job_form = 'v2', NULLIF(JSON_VALUE(event, '$.job.jobStats.reservation'), ''), NULL) AS name, CAST(NULL AS INT64) AS slot_ms)]
      WHEN IF(job_form = 'v1', NULLIF(JSON_VALUE(v1_job, '$.jobStatistics.reservation'), ''), NULL) IS NOT NULL THEN [STRUCT(-1 AS place, IF(job_form = 'v1', NULLIF(JSON_VALUE(v1_job, '$.jobStatistics.reservation'), ''), NULL) AS name, CAST(NULL AS INT64) AS slot_ms)]
      ELSE ARRAY(
        SELECT STRUCT(position AS place, NULLIF(JSON_VALUE(item, '$.name'), '') AS name, SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(item, '$.slotMs'), r'^[0-9]+$') AS INT64) AS slot_ms)
        FROM UNNEST(CASE job_form WHEN 'v2' THEN JSON_QUERY_ARRAY(event, '$.job.jobStats.reservationUsage') WHEN 'v1' THEN JSON_QUERY_ARRAY(v1_job, '$.jobStatistics.reservationUsage') WHEN 'name' THEN NULL END) AS item WITH OFFSET AS position
        WHERE JSON_TYPE(item) = 'object'
      )
    END AS reservations,
    CASE WHEN side_name IS NOT NULL THEN CONCAT('protoPayload.metadata.', side_name, '.jobName') WHEN NULLIF(JSON_VALUE(v1, '$.jobGetQueryResultsResponse.job.jobName.projectId'), '') IS NOT NULL THEN 'protoPayload.serviceData.jobGetQueryResultsResponse.job.jobName.projectId' WHEN REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$') IS NOT NULL THEN 'protoPayload.resourceName' END AS side_path,
    CASE WHEN side_name IS NOT NULL THEN NULLIF(JSON_VALUE(side_event, '$.jobName'), '') WHEN NULLIF(JSON_VALUE(v1, '$.jobGetQueryResultsResponse.job.jobName.projectId'), '') IS NOT NULL THEN NULLIF(JSON_VALUE(v1, '$.jobGetQueryResultsResponse.job.jobName.projectId'), '') WHEN REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$') IS NOT NULL THEN resource END AS side_text,
    CASE WHEN side_name IS NOT NULL THEN REGEXP_EXTRACT(NULLIF(JSON_VALUE(side_event, '$.jobName'), ''), r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)') WHEN NULLIF(JSON_VALUE(v1, '$.jobGetQueryResultsResponse.job.jobName.projectId'), '') IS NOT NULL THEN NULLIF(JSON_VALUE(v1, '$.jobGetQueryResultsResponse.job.jobName.projectId'), '') WHEN REGEXP_EXTRACT(resource, r'^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$') IS NOT NULL THEN resource_token END AS side_token
  FROM jobs
),

-- which rules judge the entry, and how the catalogue classes its method
classes AS (
  SELECT
    *,
    CASE
      WHEN container IS NOT NULL THEN 'container_log'
      WHEN service_kind IS NULL THEN 'unknown'
      WHEN service_kind = 'bigquery_job' AND is_side THEN 'bigquery_side'
      WHEN service_kind = 'bigquery_job' AND job_form IS NOT NULL THEN 'bigquery_job'
      WHEN service_kind = 'bigquery_job' AND LOWER(method_last) IN ('insertjob', 'query', 'insert') AND LOWER(method) LIKE '%jobservice%' THEN 'bigquery_request'
      WHEN service_kind = 'bigquery_job' THEN 'resource'
      WHEN service_kind = 'bigquery_storage_api' AND method_last IN ('CreateReadSession', 'ReadRows', 'SplitReadStream') THEN 'storage_session'
      WHEN service_kind = 'resource' THEN 'resource'
      WHEN service_kind = 'parent' THEN 'parent'
      WHEN service_kind = 'client' THEN 'client'
      WHEN service_kind = 'cloud_storage' THEN 'cloud_storage'
      WHEN service_kind = 'bigquery_storage_api' THEN 'storage_table'
      WHEN service_kind = 'pubsub' THEN 'pubsub'
      WHEN service_kind = 'vertex_ai' THEN 'vertex_ai'
      WHEN service_kind = 'control_plane' THEN 'control_plane'
      WHEN service_kind = 'kubernetes' THEN 'kubernetes'
    END AS service_branch,
    COALESCE(
      ARRAY(
        SELECT item.class FROM UNNEST(listed) AS item
        WHERE ENDS_WITH(CONCAT('.', IFNULL(REGEXP_EXTRACT(LOWER(method), r'^.*\.'), '')), CONCAT('.', IFNULL(REGEXP_EXTRACT(LOWER(item.literal), r'^.*\.'), ''))) AND IF(item.open, STARTS_WITH(REGEXP_EXTRACT(LOWER(method), r'[^.]*$'), IFNULL(REGEXP_EXTRACT(LOWER(item.literal), r'[^.]*$'), '')), REGEXP_EXTRACT(LOWER(method), r'[^.]*$') = REGEXP_EXTRACT(LOWER(item.literal), r'[^.]*$'))
        ORDER BY IF(ENDS_WITH(CONCAT('.', IFNULL(REGEXP_EXTRACT(method, r'^.*\.'), '')), CONCAT('.', IFNULL(REGEXP_EXTRACT(item.literal, r'^.*\.'), ''))) AND IF(item.open, STARTS_WITH(REGEXP_EXTRACT(method, r'[^.]*$'), IFNULL(REGEXP_EXTRACT(item.literal, r'[^.]*$'), '')), REGEXP_EXTRACT(method, r'[^.]*$') = REGEXP_EXTRACT(item.literal, r'[^.]*$')), 0, 1), LENGTH(item.literal) DESC, IF(item.open, 1, 0), item.place, item.literal
        LIMIT 1
      )[SAFE_OFFSET(0)],
      IF(service_driver IN ('runtime', 'storage') AND REGEXP_CONTAINS(IFNULL(method, ''), r'(?i)(?:^|\.)(?:get|list|aggregatedlist)[^.]*$'), 'free', 'other')
    ) AS class,
    ARRAY(
      SELECT STRUCT(item.place AS place, item.name AS name, item.slot_ms AS slot_ms) FROM UNNEST(reservations) AS item
      WHERE IFNULL(item.name, '') NOT IN ('unreserved', 'default-pipeline')
      ORDER BY item.place
      LIMIT 1
    ) AS reserved
  FROM facts
),

-- a call that a security policy refused is its project's
branches AS (
  SELECT
    *,
    IF(stream = 'policy' AND service_branch != 'container_log' AND COALESCE(IF(label IN ('_', '-'), NULL, label), IF(log_token IN ('_', '-'), NULL, log_token)) IS NOT NULL, 'policy', service_branch) AS branch
  FROM classes
),

-- the first field that names a project decides, even when what it names can be none (the empty text)
charges AS (
  SELECT
    *,
    ARRAY_LENGTH(reserved) > 0 AS in_reservation,
    ARRAY(
      SELECT STRUCT(item.rule AS rule, item.confidence AS confidence, item.path AS path, item.text AS text, CASE
          WHEN REGEXP_CONTAINS(item.token, r'^[1-9][0-9]*$') THEN IFNULL(CONCAT('number:', CAST(SAFE_CAST(item.token AS INT64) AS STRING)), '')
          -- a hexadecimal number of at most 63 bits, as Google writes it into permission checks
          WHEN REGEXP_CONTAINS(item.token, r'^[0-9][0-9A-Fa-f]{0,14}$|^[0-7][0-9A-Fa-f]{15}$')
            THEN IFNULL(CONCAT('number:', CAST(NULLIF(SAFE_CAST(CONCAT('0x', item.token) AS INT64), 0) AS STRING)), '')
          WHEN REGEXP_CONTAINS(item.token, r'^(?:[a-z0-9.-]+(?::|%3A|%3a))?[a-z][a-z0-9-]{4,28}[a-z0-9]$')
            THEN REGEXP_REPLACE(item.token, r'%3[Aa]', ':')
          ELSE ''
        END AS named)
      FROM UNNEST([
        STRUCT(0 AS place, 'unknown' AS branch, 'unknown.label' AS rule, 50 AS confidence, 'resource.labels.project_id' AS path, label AS text, label AS token),
        STRUCT(1, 'unknown', 'unknown.log_name', 50, 'logName', log_text, log_token),
        STRUCT(2, 'resource', 'resource.resource_name', 100, 'protoPayload.resourceName', resource, resource_token),
        STRUCT(3, 'resource', 'resource.authorization', 90, check_path, check_text, check_token),
        STRUCT(4, 'resource', 'resource.label', 75, 'resource.labels.project_id', label, label),
        STRUCT(5, 'resource', 'resource.log_name', 50, 'logName', log_text, log_token),
        STRUCT(6, 'parent', 'parent.resource_name', 100, 'protoPayload.resourceName', resource, resource_token),
        STRUCT(7, 'parent', 'parent.request', 100, 'protoPayload.request.parent', parent, parent_token),
        STRUCT(8, 'parent', 'resource.authorization', 90, check_path, check_text, check_token),
        STRUCT(9, 'parent', 'parent.label', 75, 'resource.labels.project_id', label, label),
        STRUCT(10, 'parent', 'parent.log_name', 50, 'logName', log_text, log_token),
        STRUCT(11, 'client', 'client.parent', 90, 'protoPayload.request.parent', parent, IF(optional_parent, parent_token, NULL)),
        STRUCT(12, 'client', 'client.parent', 90, 'protoPayload.resourceName', resource, IF(optional_parent AND resource LIKE '%/locations/%', resource_token, NULL)),
        STRUCT(13, 'client', 'client.label', 75, 'resource.labels.project_id', label, label),
        STRUCT(14, 'client', 'client.log_name', 50, 'logName', log_text, log_token),
        STRUCT(15, 'cloud_storage', 'cloud_storage.owner', 100, 'resource.labels.project_id', label, label),
        STRUCT(16, 'cloud_storage', 'cloud_storage.log_name', 50, 'logName', log_text, log_token),
        STRUCT(17, 'bigquery_side', 'bigquery_job.side_entry', 100, side_path, side_text, side_token),
        STRUCT(18, 'bigquery_job', 'bigquery_job.project', 100, job_path, job_text, job_token),
        STRUCT(19, 'bigquery_job', 'resource.label', 75, 'resource.labels.project_id', label, label),
        STRUCT(20, 'bigquery_job', 'resource.log_name', 50, 'logName', log_text, log_token),
        STRUCT(21, 'bigquery_request', 'bigquery_job.project', 100, 'protoPayload.resourceName', resource, resource_token),
        STRUCT(22, 'bigquery_request', 'bigquery_job.project', 75, 'resource.labels.project_id', label, label),
        STRUCT(23, 'bigquery_request', 'resource.log_name', 50, 'logName', log_text, log_token),
        STRUCT(24, 'storage_session', 'bigquery_storage_api.session', 75, 'protoPayload.request.parent', parent, parent_token),
        STRUCT(25, 'storage_session', 'bigquery_storage_api.session', 75, 'protoPayload.metadata.tableDataRead.sessionName', session_name, session_token),
        STRUCT(26, 'storage_session', 'bigquery_storage_api.session', 75, 'protoPayload.request.readStream', read_stream, read_stream_token),
        STRUCT(27, 'storage_session', 'bigquery_storage_api.label', 50, 'resource.labels.project_id', label, label),
        STRUCT(28, 'storage_session', 'bigquery_storage_api.label', 50, 'logName', log_text, log_token),
        STRUCT(29, 'storage_table', 'bigquery_storage_api.table', 75, 'protoPayload.resourceName', resource, resource_token),
        STRUCT(30, 'storage_table', 'bigquery_storage_api.label', 50, 'resource.labels.project_id', label, label),
        STRUCT(31, 'storage_table', 'bigquery_storage_api.label', 50, 'logName', log_text, log_token),
        STRUCT(32, 'pubsub', CASE REGEXP_EXTRACT(resource, r'^[^/]*/[^/]*/([^/]+)') WHEN 'topics' THEN 'pubsub.topic' WHEN 'subscriptions' THEN 'pubsub.subscription' ELSE 'pubsub.other' END, 100, 'protoPayload.resourceName', resource, resource_token),
        STRUCT(33, 'pubsub', 'pubsub.other', 75, 'resource.labels.project_id', label, label),
        STRUCT(34, 'pubsub', 'pubsub.other', 50, 'logName', log_text, log_token),
        STRUCT(35, 'vertex_ai', 'vertex_ai.resource_name', 100, 'protoPayload.resourceName', resource, resource_token),
        STRUCT(36, 'vertex_ai', 'vertex_ai.express', 75, 'resource.labels.project_id', label, label),
        STRUCT(37, 'vertex_ai', 'resource.log_name', 50, 'logName', log_text, log_token),
        STRUCT(38, 'control_plane', 'control_plane.label', 75, 'resource.labels.project_id', label, label),
        STRUCT(39, 'control_plane', 'control_plane.resource_name', 75, 'protoPayload.resourceName', resource, resource_token),
        STRUCT(40, 'control_plane', 'control_plane.log_name', 50, 'logName', log_text, log_token),
        STRUCT(41, 'kubernetes', 'kubernetes.cluster', 75, 'resource.labels.project_id', label, label),
        STRUCT(42, 'kubernetes', 'kubernetes.cluster', 50, 'logName', log_text, log_token),
        STRUCT(43, 'policy', 'policy.label', 75, 'resource.labels.project_id', label, label),
        STRUCT(44, 'policy', 'policy.label', 75, 'logName', log_text, log_token)
      ]) AS item
      WHERE item.branch = branches.branch AND item.token NOT IN ('_', '-')
      ORDER BY item.place
      LIMIT 1
    )[SAFE_OFFSET(0)] AS charge
  FROM branches
),

-- Cloud Storage: granted checks on whole projects, which ask to be billed; BigQuery: whose reservation it was
requests AS (
  SELECT
    *,
    IF(
      branch = 'cloud_storage' AND NOT IFNULL(method IN ('storage.buckets.list', 'storage.buckets.create', 'storage.serviceAccounts.get', 'google.storage.NoBillingOk') OR REGEXP_EXTRACT(method, r'^storage\.([^.]*)\.') IN ('hmacKeys', 'projects'), FALSE),
      ARRAY(
        SELECT STRUCT(item.place AS place, item.resource AS text, CASE
            WHEN REGEXP_CONTAINS(REGEXP_EXTRACT(item.resource, r'^projects/([^_/][^/]*)$'), r'^[1-9][0-9]*$') THEN IFNULL(CONCAT('number:', CAST(SAFE_CAST(REGEXP_EXTRACT(item.resource, r'^projects/([^_/][^/]*)$') AS INT64) AS STRING)), '')
            -- a hexadecimal number of at most 63 bits, as Google writes it into permission checks
            WHEN REGEXP_CONTAINS(REGEXP_EXTRACT(item.resource, r'^projects/([^_/][^/]*)$'), r'^[0-9][0-9A-Fa-f]{0,14}$|^[0-7][0-9A-Fa-f]{15}$')
              THEN IFNULL(CONCAT('number:', CAST(NULLIF(SAFE_CAST(CONCAT('0x', REGEXP_EXTRACT(item.resource, r'^projects/([^_/][^/]*)$')) AS INT64), 0) AS STRING)), '')
            WHEN REGEXP_CONTAINS(REGEXP_EXTRACT(item.resource, r'^projects/([^_/][^/]*)$'), r'^(?:[a-z0-9.-]+(?::|%3A|%3a))?[a-z][a-z0-9-]{4,28}[a-z0-9]$')
              THEN REGEXP_REPLACE(REGEXP_EXTRACT(item.resource, r'^projects/([^_/][^/]*)$'), r'%3[Aa]', ':')
            ELSE ''
          END AS named)
        FROM UNNEST(checks) AS item
        WHERE item.granted AND IFNULL(item.permission, '') != 'resourcemanager.projects.createBillingAssignment' AND REGEXP_EXTRACT(item.resource, r'^projects/([^_/][^/]*)$') != '-'
        ORDER BY item.place
      ),
      []
    ) AS asked,
    IFNULL(service_kind = 'cloud_storage' AND (
      (method = 'storage.objects.get' AND IFNULL(JSON_TYPE(JSON_QUERY(metadata, '$.destination')) != 'null', FALSE))
      OR (
        method IN ('storage.objects.copy', 'storage.objects.compose', 'storage.objects.rewrite')
        AND ARRAY_LENGTH(checks) > 0
        AND NOT EXISTS (SELECT 1 FROM UNNEST(checks) AS item WHERE IFNULL(item.permission, '') != 'storage.objects.get')
      )
    ), FALSE) AS reads_source,
    reserved[SAFE_OFFSET(0)].name AS reservation,
    IF(reserved[SAFE_OFFSET(0)].place < 0, CONCAT(statistics_path, '.reservation'), CONCAT(statistics_path, '.reservationUsage[', CAST(reserved[SAFE_OFFSET(0)].place AS STRING), '].name')) AS reservation_path,
    reserved[SAFE_OFFSET(0)].slot_ms AS reserved_slot_ms,
    IFNULL(REGEXP_EXTRACT(reserved[SAFE_OFFSET(0)].name, r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)'), REGEXP_EXTRACT(reserved[SAFE_OFFSET(0)].name, r'^(.+):[^:]*[.][^:]*$')) AS reservation_token,
    CASE
      WHEN job_error IS NOT NULL AND NOT IF(job_error IS NOT NULL, job_error = 1, status_code = 1) THEN 'job_error'
      WHEN status_code != 0 AND NOT IF(job_error IS NOT NULL, job_error = 1, status_code = 1) THEN IF(job_ended, 'job_error', IF(status_code = 7, 'denied', 'failed'))
      WHEN cache_hit THEN 'cache_hit'
      WHEN job_dry_run THEN 'dry_run'
      WHEN statement_type = 'SCRIPT' THEN 'script_parent'
      WHEN job_loads AND NOT in_reservation THEN 'load_copy_extract'
    END AS job_reason
  FROM charges
),

-- what the entry says of a call: who is charged, why it is not billable, and which call it is
verdicts AS (
  SELECT
    stamp,
    insert_id,
    log_name,
    service,
    method,
    resource,
    status_code,
    label,
    log_token,
    total_billed_bytes,
    processed_bytes,
    total_slot_ms,
    entry_identity,
    strayed,
    IF(NOT EXISTS (SELECT 1 FROM UNNEST(asked) AS item WHERE item.named != '' AND (item.named != NULLIF(charge.named, '') OR NULLIF(charge.named, '') IS NULL)) AND EXISTS (SELECT 1 FROM UNNEST(asked) AS item WHERE (item.named != NULLIF(charge.named, '') OR NULLIF(charge.named, '') IS NULL)), 'requester_pays', CASE service_branch WHEN 'container_log' THEN 'container_log' WHEN 'unknown' THEN 'unknown' WHEN 'resource' THEN 'resource' WHEN 'parent' THEN 'parent' WHEN 'client' THEN 'client' WHEN 'cloud_storage' THEN 'cloud_storage' WHEN 'bigquery_side' THEN 'bigquery_job' WHEN 'bigquery_job' THEN 'bigquery_job' WHEN 'bigquery_request' THEN 'bigquery_job' WHEN 'storage_session' THEN 'bigquery_storage_api' WHEN 'storage_table' THEN 'bigquery_storage_api' WHEN 'pubsub' THEN 'pubsub' WHEN 'vertex_ai' THEN 'vertex_ai' WHEN 'control_plane' THEN 'control_plane' WHEN 'kubernetes' THEN 'kubernetes' END) AS kind,
    CASE
      -- the reservation pays
      WHEN branch = 'bigquery_job' AND in_reservation AND job_reason IS NULL AND (reservation_token IS NULL OR reservation_token IN ('_', '-')) THEN
        [STRUCT(0 AS place, FALSE AS asks, 'bigquery_job.reservation' AS rule, CAST(NULL AS STRING) AS payer, 'unknown_reservation' AS payer_reason, 0 AS confidence, IF(reservation IS NULL, NULL, reservation_path) AS path, reservation AS text)]
      WHEN branch = 'bigquery_job' AND in_reservation AND job_reason IS NULL THEN
        [STRUCT(0 AS place, FALSE AS asks, 'bigquery_job.reservation' AS rule, NULLIF(IF(reservation_token IN ('_', '-'), '', CASE
      WHEN REGEXP_CONTAINS(reservation_token, r'^[1-9][0-9]*$') THEN IFNULL(CONCAT('number:', CAST(SAFE_CAST(reservation_token AS INT64) AS STRING)), '')
      -- a hexadecimal number of at most 63 bits, as Google writes it into permission checks
      WHEN REGEXP_CONTAINS(reservation_token, r'^[0-9][0-9A-Fa-f]{0,14}$|^[0-7][0-9A-Fa-f]{15}$')
        THEN IFNULL(CONCAT('number:', CAST(NULLIF(SAFE_CAST(CONCAT('0x', reservation_token) AS INT64), 0) AS STRING)), '')
      WHEN REGEXP_CONTAINS(reservation_token, r'^(?:[a-z0-9.-]+(?::|%3A|%3a))?[a-z][a-z0-9-]{4,28}[a-z0-9]$')
        THEN REGEXP_REPLACE(reservation_token, r'%3[Aa]', ':')
      ELSE ''
    END), '') AS payer, IF(IF(reservation_token IN ('_', '-'), '', CASE
      WHEN REGEXP_CONTAINS(reservation_token, r'^[1-9][0-9]*$') THEN IFNULL(CONCAT('number:', CAST(SAFE_CAST(reservation_token AS INT64) AS STRING)), '')
      -- a hexadecimal number of at most 63 bits, as Google writes it into permission checks
      WHEN REGEXP_CONTAINS(reservation_token, r'^[0-9][0-9A-Fa-f]{0,14}$|^[0-7][0-9A-Fa-f]{15}$')
        THEN IFNULL(CONCAT('number:', CAST(NULLIF(SAFE_CAST(CONCAT('0x', reservation_token) AS INT64), 0) AS STRING)), '')
      WHEN REGEXP_CONTAINS(reservation_token, r'^(?:[a-z0-9.-]+(?::|%3A|%3a))?[a-z][a-z0-9-]{4,28}[a-z0-9]$')
        THEN REGEXP_REPLACE(reservation_token, r'%3[Aa]', ':')
      ELSE ''
    END) = '', 'invalid_project', NULL) AS payer_reason, IF(IF(reservation_token IN ('_', '-'), '', CASE
      WHEN REGEXP_CONTAINS(reservation_token, r'^[1-9][0-9]*$') THEN IFNULL(CONCAT('number:', CAST(SAFE_CAST(reservation_token AS INT64) AS STRING)), '')
      -- a hexadecimal number of at most 63 bits, as Google writes it into permission checks
      WHEN REGEXP_CONTAINS(reservation_token, r'^[0-9][0-9A-Fa-f]{0,14}$|^[0-7][0-9A-Fa-f]{15}$')
        THEN IFNULL(CONCAT('number:', CAST(NULLIF(SAFE_CAST(CONCAT('0x', reservation_token) AS INT64), 0) AS STRING)), '')
      WHEN REGEXP_CONTAINS(reservation_token, r'^(?:[a-z0-9.-]+(?::|%3A|%3a))?[a-z][a-z0-9-]{4,28}[a-z0-9]$')
        THEN REGEXP_REPLACE(reservation_token, r'%3[Aa]', ':')
      ELSE ''
    END) = '', 0, 90) AS confidence, reservation_path AS path, reservation AS text)]
      -- requesters in the order of the entry, and the bucket's owner, who pays if all of them are the owner
      WHEN EXISTS (SELECT 1 FROM UNNEST(asked) AS item WHERE item.named != '' AND (item.named != NULLIF(charge.named, '') OR NULLIF(charge.named, '') IS NULL)) THEN ARRAY_CONCAT(
        ARRAY(
          SELECT STRUCT(item.place AS place, TRUE AS asks, 'requester_pays.requester' AS rule, item.named AS payer, CAST(NULL AS STRING) AS payer_reason, 90 AS confidence, CONCAT('protoPayload.authorizationInfo[', CAST(item.place AS STRING), '].resource') AS path, item.text AS text)
          FROM UNNEST(asked) AS item WHERE item.named != '' AND (item.named != NULLIF(charge.named, '') OR NULLIF(charge.named, '') IS NULL)
        ),
        IF(
          NULLIF(charge.named, '') IS NULL,
          [],
          [STRUCT(1000000 AS place, FALSE AS asks, charge.rule AS rule, NULLIF(charge.named, '') AS payer, CAST(NULL AS STRING) AS payer_reason, charge.confidence AS confidence, charge.path AS path, charge.text AS text)]
        )
      )
      -- a requester that can be nobody is never replaced by the owner
      WHEN EXISTS (SELECT 1 FROM UNNEST(asked) AS item WHERE (item.named != NULLIF(charge.named, '') OR NULLIF(charge.named, '') IS NULL)) THEN ARRAY(
        SELECT STRUCT(0 AS place, FALSE AS asks, 'requester_pays.requester' AS rule, CAST(NULL AS STRING) AS payer, 'invalid_project' AS payer_reason, 0 AS confidence, CONCAT('protoPayload.authorizationInfo[', CAST(item.place AS STRING), '].resource') AS path, item.text AS text)
        FROM UNNEST(asked) AS item WHERE (item.named != NULLIF(charge.named, '') OR NULLIF(charge.named, '') IS NULL) ORDER BY item.place LIMIT 1
      )
      WHEN charge.named IS NULL OR (branch = 'bigquery_side' AND charge.named = '') THEN
        [STRUCT(0 AS place, FALSE AS asks, CASE branch WHEN 'container_log' THEN 'container_log.nobody' WHEN 'unknown' THEN 'unknown.label' WHEN 'resource' THEN 'resource.log_name' WHEN 'parent' THEN 'parent.log_name' WHEN 'client' THEN 'client.log_name' WHEN 'cloud_storage' THEN 'cloud_storage.owner' WHEN 'bigquery_side' THEN 'bigquery_job.side_entry' WHEN 'bigquery_job' THEN 'bigquery_job.project' WHEN 'bigquery_request' THEN 'bigquery_job.project' WHEN 'storage_session' THEN 'bigquery_storage_api.label' WHEN 'storage_table' THEN 'bigquery_storage_api.table' WHEN 'pubsub' THEN 'pubsub.other' WHEN 'vertex_ai' THEN 'vertex_ai.express' WHEN 'control_plane' THEN 'control_plane.label' WHEN 'kubernetes' THEN 'kubernetes.cluster' WHEN 'policy' THEN 'policy.label' END AS rule, CAST(NULL AS STRING) AS payer, CASE branch WHEN 'container_log' THEN 'container_log' WHEN 'bigquery_side' THEN 'redacted_job' ELSE 'no_project' END AS payer_reason, 0 AS confidence, IF(branch = 'container_log', 'logName', NULL) AS path, IF(branch = 'container_log', log_text, NULL) AS text)]
      ELSE
        [STRUCT(0 AS place, FALSE AS asks, charge.rule AS rule, NULLIF(charge.named, '') AS payer, CASE WHEN charge.named = '' THEN 'invalid_project' WHEN charge.rule = 'bigquery_storage_api.label' THEN 'fallback_label' END AS payer_reason, IF(charge.named = '', 0, charge.confidence) AS confidence, charge.path AS path, charge.text AS text)]
    END AS claims,
    IF(service_branch = 'cloud_storage', NULLIF(charge.named, ''), NULL) AS storage_reference,
    CASE
      WHEN stream = 'policy' THEN 'policy_denied'
      WHEN stream = 'system_event' THEN 'system_event'
      ELSE COALESCE(
        CASE
          WHEN branch IN ('container_log', 'control_plane', 'kubernetes') AND service_kind = 'control_plane' THEN 'control_plane'
          WHEN branch IN ('container_log', 'control_plane', 'kubernetes') AND service_kind = 'kubernetes' THEN 'kubernetes'
          WHEN branch = 'container_log' THEN NULL
          WHEN branch = 'bigquery_job' THEN job_reason
          WHEN branch = 'bigquery_side' THEN 'job_side_entry'
          WHEN branch = 'bigquery_request' AND asks_dry_run AND status_code = 0 THEN 'dry_run'
          WHEN branch = 'storage_session' AND method_last != 'CreateReadSession' THEN 'job_side_entry'
        END,
        CASE
          WHEN status_code = 0 THEN NULL
          WHEN status_code = 7 THEN 'denied'
          WHEN status_code = 1 AND service_kind = 'bigquery_job' AND job_form IS NOT NULL THEN NULL
          ELSE 'failed'
        END
      )
    END AS hard_reason,
    CASE
      WHEN service_branch = 'bigquery_job' THEN NULL
      WHEN service_branch = 'bigquery_request' THEN 'open_operation'
      WHEN reads_source AND container IS NULL THEN 'free_method'
      ELSE CASE
        WHEN service_kind IS NULL THEN 'unknown_service'
        WHEN class = 'billable' THEN NULL
        WHEN class = 'free' THEN 'free_method'
        WHEN class = 'runtime' THEN 'runtime'
        WHEN service_driver IN ('runtime', 'storage') THEN 'runtime'
        WHEN service_driver IN ('fee', 'metered_elsewhere') THEN 'metered_elsewhere'
        WHEN service_driver = 'free' THEN 'free_method'
        ELSE 'admin'
      END
    END AS method_reason,
    IF(service_branch = 'bigquery_job' AND in_reservation AND job_reason IS NULL, 'slot_ms', CASE
      WHEN service_kind IS NULL THEN 'free'
      WHEN class = 'billable' THEN service_driver
      WHEN class = 'runtime' THEN 'runtime'
      WHEN class = 'free' THEN 'free'
      WHEN service_driver IN ('runtime', 'storage', 'metered_elsewhere', 'fee') THEN service_driver
      ELSE 'free'
    END) AS driver,
    IF(service_branch = 'bigquery_job' AND in_reservation AND job_reason IS NULL, reserved_slot_ms, NULL) AS metered_slot_ms,
    status_code != 0 OR job_error IS NOT NULL AS failed,
    IFNULL(service_kind = 'bigquery_job' AND job_form IS NOT NULL AND NOT is_side, FALSE) AS is_job,
    IF(service_kind = 'bigquery_job' AND job_form IS NOT NULL AND NOT is_side, job_location, NULL) AS job_location,
    CASE
      WHEN service_kind = 'bigquery_job' AND job_form IS NOT NULL AND NOT is_side THEN CONCAT('bigquery_job', CHR(31), job_token, CHR(31), job_id)
      WHEN operation_id IS NOT NULL THEN CONCAT('operation', CHR(31), operation_producer, CHR(31), operation_id)
      WHEN split_uid IS NOT NULL THEN CONCAT('split', CHR(31), split_uid)
      WHEN entry_identity IS NOT NULL THEN entry_identity
      ELSE CONCAT('bytes', CHR(31), own_bytes)
    END AS family,
    IF(service_kind = 'bigquery_job' AND job_form IS NOT NULL AND NOT is_side, CASE WHEN job_form = 'v2' AND job_ended THEN 60 WHEN job_form = 'v1' AND job_ended THEN 50 WHEN job_form = 'v2' THEN 30 WHEN job_form = 'v1' THEN 20 ELSE 10 END, first_part + CASE phase WHEN 'first' THEN 20 WHEN 'middle' THEN 10 ELSE 40 END) AS entry_rank,
    CASE
      WHEN service_kind = 'bigquery_job' AND job_form IS NOT NULL AND NOT is_side THEN IF(job_ended, 'last', 'first')
      WHEN operation_id IS NULL AND split_uid IS NULL THEN 'whole'
      ELSE phase
    END AS phase
  FROM requests
),

-- one call, one identity: `call_key` of billtrail is the XXH3-128 of this text
identified AS (
  SELECT
    *,
    IF(is_job, CONCAT(family, CHR(31), COALESCE(job_location, MIN(job_location) OVER (PARTITION BY family), '')), family) AS call_identity,
    CASE
      WHEN is_job THEN entry_rank
      WHEN claims[SAFE_OFFSET(0)].payer IS NOT NULL THEN claims[SAFE_OFFSET(0)].confidence
      WHEN claims[SAFE_OFFSET(0)].payer_reason = 'no_project' THEN 0
      ELSE 101
    END AS charge_rank,
    IF(phase = 'middle', -UNIX_MICROS(stamp), UNIX_MICROS(stamp)) AS voice,
    TO_HEX(MD5(TO_JSON_STRING(STRUCT(log_name, UNIX_MICROS(stamp) AS micros, insert_id, service, method, resource, status_code, kind, claims, storage_reference, hard_reason, method_reason, driver, failed, phase, entry_rank, total_billed_bytes, processed_bytes, total_slot_ms)))) AS content
  FROM verdicts
),

-- copies of one entry (delivered twice, a second sink) count once
told AS (
  SELECT
    *,
    COUNT(*) OVER copies AS copies,
    MIN(content) OVER copies != MAX(content) OVER copies AS copies_differ
  FROM identified
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER first_copy = 1
  WINDOW copies AS (PARTITION BY call_identity, IFNULL(entry_identity, call_identity)),
    first_copy AS (PARTITION BY call_identity, IFNULL(entry_identity, call_identity) ORDER BY log_name, content)
),

-- the loudest entry speaks for the call, and others fill what it leaves open; the surest evidence names the payer
calls_told AS (
  SELECT
    call_identity,
    FIRST_VALUE(stamp IGNORE NULLS) OVER loudest AS stamp,
    FIRST_VALUE(service IGNORE NULLS) OVER loudest AS service,
    FIRST_VALUE(method IGNORE NULLS) OVER loudest AS method,
    FIRST_VALUE(resource IGNORE NULLS) OVER loudest AS resource,
    FIRST_VALUE(storage_reference IGNORE NULLS) OVER loudest AS storage_reference,
    insert_id,
    log_name,
    kind,
    driver,
    status_code,
    failed,
    metered_slot_ms,
    FIRST_VALUE(total_billed_bytes IGNORE NULLS) OVER loudest AS total_billed_bytes,
    FIRST_VALUE(processed_bytes IGNORE NULLS) OVER loudest AS processed_bytes,
    FIRST_VALUE(total_slot_ms IGNORE NULLS) OVER loudest AS total_slot_ms,
    FIRST_VALUE(claims) OVER surest AS claims,
    COALESCE(hard_reason, IF(LOGICAL_OR(phase = 'first') OVER call AND NOT LOGICAL_OR(phase IN ('last', 'whole')) OVER call, 'open_operation', NULL), method_reason) AS reason,
    SUM(copies) OVER call AS entries,
    IFNULL(ARRAY_TO_STRING(
      [
        IF(entry_identity IS NULL, 'no_identity', NULL),
        IF(LOGICAL_OR(strayed) OVER call, 'strayed_fields', NULL),
        IF(LOGICAL_OR(copies_differ) OVER call, 'copies_differ', NULL),
        IF(COUNT(*) OVER equals > 1, 'equal_voices', NULL),
        IF(REGEXP_CONTAINS(log_name, r'%[0-9A-Fa-f]{2}'), 'escaped_log_name', NULL)
      ],
      ', '
    ), '') AS sql_note
  FROM told
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER speaker = 1
  WINDOW call AS (PARTITION BY call_identity),
    equals AS (PARTITION BY call_identity, entry_rank, voice),
    speaker AS (PARTITION BY call_identity ORDER BY entry_rank DESC, voice DESC, log_name, insert_id),
    loudest AS (PARTITION BY call_identity ORDER BY entry_rank DESC, voice DESC, log_name, insert_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING),
    surest AS (PARTITION BY call_identity ORDER BY charge_rank DESC, entry_rank DESC, voice DESC, log_name, insert_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
),

-- ids and numbers of projects, if a table of them was named
inventory AS (
  SELECT
    CAST(NULL AS STRING) AS id,
    CAST(NULL AS INT64) AS number
  FROM UNNEST([0])
  WHERE FALSE
),

-- pairs that entries state themselves: one in the label, the other in the log's name
stated AS (
  SELECT
    IF(label IN ('_', '-'), NULL, CASE
      WHEN REGEXP_CONTAINS(label, r'^[1-9][0-9]*$') THEN IFNULL(CONCAT('number:', CAST(SAFE_CAST(label AS INT64) AS STRING)), '')
      -- a hexadecimal number of at most 63 bits, as Google writes it into permission checks
      WHEN REGEXP_CONTAINS(label, r'^[0-9][0-9A-Fa-f]{0,14}$|^[0-7][0-9A-Fa-f]{15}$')
        THEN IFNULL(CONCAT('number:', CAST(NULLIF(SAFE_CAST(CONCAT('0x', label) AS INT64), 0) AS STRING)), '')
      WHEN REGEXP_CONTAINS(label, r'^(?:[a-z0-9.-]+(?::|%3A|%3a))?[a-z][a-z0-9-]{4,28}[a-z0-9]$')
        THEN REGEXP_REPLACE(label, r'%3[Aa]', ':')
      ELSE ''
    END) AS label_reference,
    IF(log_token IN ('_', '-'), NULL, CASE
      WHEN REGEXP_CONTAINS(log_token, r'^[1-9][0-9]*$') THEN IFNULL(CONCAT('number:', CAST(SAFE_CAST(log_token AS INT64) AS STRING)), '')
      -- a hexadecimal number of at most 63 bits, as Google writes it into permission checks
      WHEN REGEXP_CONTAINS(log_token, r'^[0-9][0-9A-Fa-f]{0,14}$|^[0-7][0-9A-Fa-f]{15}$')
        THEN IFNULL(CONCAT('number:', CAST(NULLIF(SAFE_CAST(CONCAT('0x', log_token) AS INT64), 0) AS STRING)), '')
      WHEN REGEXP_CONTAINS(log_token, r'^(?:[a-z0-9.-]+(?::|%3A|%3a))?[a-z][a-z0-9-]{4,28}[a-z0-9]$')
        THEN REGEXP_REPLACE(log_token, r'%3[Aa]', ':')
      ELSE ''
    END) AS log_reference
  FROM (SELECT DISTINCT label, log_token FROM entries WHERE label IS NOT NULL AND log_token IS NOT NULL AND label != log_token)
),

-- one of the two is a number, the other an id
pairs AS (
  SELECT
    IF(STARTS_WITH(label_reference, 'number:'), log_reference, label_reference) AS id,
    SAFE_CAST(REGEXP_EXTRACT(IF(STARTS_WITH(label_reference, 'number:'), label_reference, log_reference), r'^number:([0-9]+)$') AS INT64) AS number
  FROM stated
  WHERE (STARTS_WITH(label_reference, 'number:') != STARTS_WITH(log_reference, 'number:'))
    AND label_reference != ''
    AND log_reference != ''
    AND SAFE_CAST(REGEXP_EXTRACT(IF(STARTS_WITH(label_reference, 'number:'), label_reference, log_reference), r'^number:([0-9]+)$') AS INT64) NOT IN (764086051850, 32555940559)
  GROUP BY id, number
),

-- a pair that is contradicted teaches nothing, and the inventory wins
aliases AS (
  SELECT
    CONCAT('number:', CAST(number AS STRING)) AS reference,
    id,
    number
  FROM inventory
  WHERE id IS NOT NULL
    AND number IS NOT NULL
  UNION ALL
  SELECT
    id AS reference,
    id,
    number
  FROM inventory
  WHERE id IS NOT NULL
    AND number IS NOT NULL
  UNION ALL
  SELECT
    CONCAT('number:', CAST(pair.number AS STRING)) AS reference,
    pair.id,
    pair.number
  FROM (
    SELECT id, number FROM pairs WHERE TRUE
    QUALIFY COUNT(*) OVER (PARTITION BY id) = 1 AND COUNT(*) OVER (PARTITION BY number) = 1
  ) AS pair
  LEFT JOIN inventory AS by_number ON by_number.number = pair.number
  LEFT JOIN inventory AS by_id ON by_id.id = pair.id
  WHERE IFNULL(by_number.id = pair.id, TRUE)
    AND IFNULL(by_id.number = pair.number, TRUE)
    AND (by_number.id IS NULL OR by_id.id IS NULL)
  UNION ALL
  SELECT
    pair.id AS reference,
    pair.id,
    pair.number
  FROM (
    SELECT id, number FROM pairs WHERE TRUE
    QUALIFY COUNT(*) OVER (PARTITION BY id) = 1 AND COUNT(*) OVER (PARTITION BY number) = 1
  ) AS pair
  LEFT JOIN inventory AS by_number ON by_number.number = pair.number
  LEFT JOIN inventory AS by_id ON by_id.id = pair.id
  WHERE IFNULL(by_number.id = pair.id, TRUE)
    AND IFNULL(by_id.number = pair.number, TRUE)
    AND (by_number.id IS NULL OR by_id.id IS NULL)
),

-- the first requester that is not the owner pays; when all are the owner, the owner does
resolved AS (
  SELECT
    calls_told.* EXCEPT (claims),
    claim.asks,
    claim.rule,
    COALESCE(alias.id, claim.payer) AS payer,
    COALESCE(alias.number, SAFE_CAST(REGEXP_EXTRACT(claim.payer, r'^number:([0-9]+)$') AS INT64)) AS payer_number,
    IF(claim.asks AND IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer) IS NOT NULL AND IF(COALESCE(alias.number, SAFE_CAST(REGEXP_EXTRACT(claim.payer, r'^number:([0-9]+)$') AS INT64)) IS NOT NULL AND COALESCE(owner.number, SAFE_CAST(REGEXP_EXTRACT(IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer), r'^number:([0-9]+)$') AS INT64)) IS NOT NULL, COALESCE(alias.number, SAFE_CAST(REGEXP_EXTRACT(claim.payer, r'^number:([0-9]+)$') AS INT64)) = COALESCE(owner.number, SAFE_CAST(REGEXP_EXTRACT(IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer), r'^number:([0-9]+)$') AS INT64)), IF(STARTS_WITH(COALESCE(alias.id, claim.payer), 'number:'), NULL, COALESCE(alias.id, claim.payer)) = IF(STARTS_WITH(COALESCE(owner.id, IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer)), 'number:'), NULL, COALESCE(owner.id, IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer)))) IS NULL, 'owner_number_unknown', claim.payer_reason) AS claim_reason,
    claim.confidence,
    claim.path AS evidence_path,
    claim.text AS evidence_text,
    COALESCE(storage.id, storage_reference) AS storage_payer
  FROM calls_told
  CROSS JOIN UNNEST(calls_told.claims) AS claim
  LEFT JOIN aliases AS alias ON alias.reference = claim.payer
  LEFT JOIN aliases AS owner ON owner.reference = IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer)
  LEFT JOIN aliases AS storage ON storage.reference = calls_told.storage_reference
  WHERE stamp >= TIMESTAMP '2026-10-01T00:00:00Z'
    AND stamp < TIMESTAMP '2026-11-01T00:00:00Z'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY call_identity ORDER BY IF(claim.asks AND IFNULL(IF(COALESCE(alias.number, SAFE_CAST(REGEXP_EXTRACT(claim.payer, r'^number:([0-9]+)$') AS INT64)) IS NOT NULL AND COALESCE(owner.number, SAFE_CAST(REGEXP_EXTRACT(IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer), r'^number:([0-9]+)$') AS INT64)) IS NOT NULL, COALESCE(alias.number, SAFE_CAST(REGEXP_EXTRACT(claim.payer, r'^number:([0-9]+)$') AS INT64)) = COALESCE(owner.number, SAFE_CAST(REGEXP_EXTRACT(IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer), r'^number:([0-9]+)$') AS INT64)), IF(STARTS_WITH(COALESCE(alias.id, claim.payer), 'number:'), NULL, COALESCE(alias.id, claim.payer)) = IF(STARTS_WITH(COALESCE(owner.id, IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer)), 'number:'), NULL, COALESCE(owner.id, IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer)))), FALSE), 1, 0), claim.place) = 1
)

SELECT
  stamp AS timestamp,
  service,
  method,
  IF(asks, 'requester_pays', kind) AS kind,
  rule,
  payer,
  payer_number,
  storage_payer,
  resource,
  reason IS NULL AS billable,
  reason,
  CASE WHEN payer_number IN (764086051850, 32555940559) THEN 'google_sdk_project' WHEN (ENDS_WITH(payer, '-tp') OR REGEXP_CONTAINS(payer, r'^tp-[0-9A-Za-z]{8}$')) THEN 'tenant_project' ELSE claim_reason END AS payer_reason,
  driver,
  IF(reason IS NULL, CASE driver WHEN 'bytes' THEN total_billed_bytes WHEN 'slot_ms' THEN COALESCE(metered_slot_ms, total_slot_ms) ELSE 1 END, NULL) AS quantity,
  IF(reason IS NULL, CASE driver WHEN 'bytes' THEN 'byte' WHEN 'slot_ms' THEN 'slot_ms' ELSE 'call' END, NULL) AS quantity_unit,
  total_billed_bytes,
  processed_bytes,
  total_slot_ms,
  status_code,
  failed,
  confidence,
  evidence_path,
  evidence_text,
  entries,
  log_name,
  insert_id,
  call_identity,
  sql_note = '' AS sql_exact,
  NULLIF(sql_note, '') AS sql_note
FROM resolved
