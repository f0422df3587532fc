//! Why a record, an entry or a call ended where it did: the closed lists behind the tally and the columns.

use super::closed_list::closed_list;

closed_list! {
    /// Why a call is not billable. The order is the order of precedence: the first that holds is the reason.
    pub enum Reason {
        PolicyDenied = "policy_denied": "refused by a security policy before the service did anything",
        SystemEvent = "system_event": "done by Google, not called by a customer",
        Kubernetes = "kubernetes": "a call to the API server of a cluster; clusters are billed by time",
        ControlPlane = "control_plane": "a service that manages others and is free of charge",
        JobError = "job_error": "the BigQuery job ended in an error, which is not charged",
        CacheHit = "cache_hit": "the query was answered from the cache",
        DryRun = "dry_run": "a dry run estimates and does not run",
        ScriptParent = "script_parent": "the parent of a script repeats what its children report",
        LoadCopyExtract = "load_copy_extract": "load, copy and extract jobs are free on the shared pool",
        JobSideEntry = "job_side_entry": "tells more of a job or session that is counted elsewhere",
        Denied = "denied": "permission was denied (status code 7)",
        Failed = "failed": "the call failed (status code other than 0 and 7)",
        OpenOperation = "open_operation": "the operation began in this input and its end is not in it",
        FreeMethod = "free_method": "the catalogue lists the method as free",
        Runtime = "runtime": "what it works on is metered by time or size; the bill meters that, not the call",
        MeteredElsewhere = "metered_elsewhere": "the service is billed by other quantities than the calls that are logged",
        UnknownService = "unknown_service": "the catalogue has no row for the service, or the entry names none",
        Admin = "admin": "administration of a known service; not metered",
    }
}

closed_list! {
    /// Why a call has no payer, or what is special about the payer it has.
    pub enum PayerReason {
        NoProject = "no_project": "no field of the entry names a project",
        ContainerLog = "container_log": "the log belongs to an organisation, a folder or a billing account, which pays for no call",
        InvalidProject = "invalid_project": "the field that names the payer holds a placeholder or an impossible id",
        GoogleSdkProject = "google_sdk_project": "a project of Google's own command-line tools: set a quota project (`gcloud auth application-default set-quota-project`)",
        RedactedJob = "redacted_job": "the job belongs to another organisation and its name is withheld",
        UnknownReservation = "unknown_reservation": "the job ran in a reservation whose administration project is not stated",
        TenantProject = "tenant_project": "a project that Google runs for a managed service",
        OwnerNumberUnknown = "owner_number_unknown": "the requester is known by number and the owner by id only: they may be the same project; add the owner to --projects",
        FallbackLabel = "fallback_label": "the field that decides was not in the entry; the resource's project stands in for it",
    }
}

closed_list! {
    /// Why a record could not be read.
    pub enum RejectReason {
        InvalidJson = "invalid_json": "not valid JSON",
        InvalidUtf8 = "invalid_utf8": "not valid UTF-8",
        InvalidEscape = "invalid_escape": "a field that is read holds an escape that cannot be decoded",
        WrongType = "wrong_type": "a field that decides the payer or the call's identity has the wrong type",
        NotJson = "not_json": "the file holds no JSON at all",
        TooLarge = "too_large": "larger than --max-record",
        Envelope = "envelope": "the payload of a message envelope cannot be decoded",
        CsvExport = "csv_export": "a CSV download of log entries loses fields; export JSON",
    }
}

closed_list! {
    /// Why a readable record is not counted as an entry.
    pub enum SkipReason {
        NotAnEntry = "not_an_entry": "a JSON value that is no log entry",
        NotAudit = "not_audit": "a log entry of another log",
        AccessTransparency = "access_transparency": "tells of Google staff, not of a customer's call",
        ExternalAudit = "external_audit": "an audit entry of a third party",
        Text = "text": "a line of text beside the JSON",
        OutsidePeriod = "outside_period": "an entry of a call outside --from/--to",
        Where = "where": "an entry that --where does not select",
    }
}

closed_list! {
    /// Why a readable entry told of a call that another entry had told of already.
    pub enum MergeCause {
        Duplicate = "duplicate": "an entry with the same log, time and insertId once more: re-delivered, or from a second sink",
        Split = "split": "another part of an entry that was too large for one",
        Operation = "operation": "another entry of the same long-running operation",
        BigqueryJob = "bigquery_job": "another entry of the same BigQuery job",
    }
}

closed_list! {
    /// What is worth saying about an entry, a call or the input, and changes no total by itself.
    pub enum DiagnosticKind {
        DuplicateConflict = "duplicate_conflict": "another entry with the same log, time and insertId has other content; the first by log, file and line counts",
        SplitIncomplete = "split_incomplete": "parts of a split entry are missing",
        ProjectConflict = "project_conflict": "fields of one call name different projects",
        ContradictedPair = "contradicted_pair": "entries pair one project number with several ids, or one id with several numbers; nothing is learnt from them",
        OwnerNumberUnknown = "owner_number_unknown": "a requester known by number may be the bucket's owner, whose number is not known",
        HexWidth = "hex_width": "a hexadecimal project number that is not 16 digits wide",
        InvalidProject = "invalid_project": "a project reference that can be none",
        UnknownService = "unknown_service": "a service that the catalogue does not know; add a row with --services",
        UnresolvedNumber = "unresolved_number": "a project number without an id; give an inventory with --projects",
        WrongType = "wrong_type": "a field that does not decide anything has the wrong type",
        MissingTime = "missing_time": "an entry without a readable timestamp",
        OrphanLast = "orphan_last": "the end of an operation whose beginning is not in the input",
        JobLocation = "job_location": "an entry without a location joined the lowest of several locations of a job id",
        GoogleSdkProject = "google_sdk_project": "a call was charged to a project of Google's command-line tools",
        TenantProject = "tenant_project": "a payer that Google runs for a managed service and that the mapping does not list",
        UnmappedPayer = "unmapped_payer": "a payer without a row in the mapping",
        UnusedMapping = "unused_mapping": "a row of the mapping that matched no payer",
        UnusedPrice = "unused_price": "a price of the price book that no billable call has",
        MappingTie = "mapping_tie": "two rows of the mapping are equally near to a call and name different units; the smaller selector decided",
        InputTwice = "input_twice": "one file was given more than once and is read once",
        InputTruncated = "input_truncated": "an input ended in the middle of its data",
        InputChanged = "input_changed": "an input was written to while it was read",
        InputUnreadable = "input_unreadable": "an input could not be read",
        NoRecords = "no_records": "the input holds no records",
        MissingHours = "missing_hours": "hours of the period for which the sink wrote no file",
        LateShards = "late_shards": "files with entries that arrived late: the newest hours may still grow",
        SampledService = "sampled_service": "the configuration declares that a service's entries are sampled; its numbers are estimates",
        OverlappingSinks = "overlapping_sinks": "two inputs hold the same entries; each is counted once",
        LateCalls = "late_calls": "calls of a closed month that its statement does not have; what they change of its costs is a correction in the open month",
        ClosedMonthUnread = "closed_month_unread": "a closed month of which the bill has nothing: it is taken to be as it was",
    }
}

impl DiagnosticKind {
    /// Whether its examples are calls, or what few calls told.
    pub const fn is_about_calls(self) -> bool {
        match self {
            Self::InputTwice
            | Self::InputTruncated
            | Self::InputChanged
            | Self::InputUnreadable
            | Self::NoRecords
            | Self::MissingHours
            | Self::LateShards
            | Self::SampledService
            | Self::UnusedMapping
            | Self::UnusedPrice
            | Self::UnknownService
            | Self::LateCalls
            | Self::ClosedMonthUnread => false,
            Self::DuplicateConflict
            | Self::SplitIncomplete
            | Self::ProjectConflict
            | Self::ContradictedPair
            | Self::OwnerNumberUnknown
            | Self::HexWidth
            | Self::InvalidProject
            | Self::UnresolvedNumber
            | Self::WrongType
            | Self::MissingTime
            | Self::OrphanLast
            | Self::JobLocation
            | Self::GoogleSdkProject
            | Self::TenantProject
            | Self::UnmappedPayer
            | Self::MappingTie
            | Self::OverlappingSinks => true,
        }
    }
}

closed_list! {
    /// How a service or a method is billed.
    pub enum Driver {
        Call = "call": "each call is metered",
        Bytes = "bytes": "bytes that the call processed are metered",
        SlotMs = "slot_ms": "slot time that the call used is shared out",
        Hybrid = "hybrid": "calls are metered, and time or size as well",
        Runtime = "runtime": "metered by running time; calls only start and stop it",
        Storage = "storage": "metered by stored size; calls only change it",
        MeteredElsewhere = "metered_elsewhere": "metered traffic leaves no audit entry",
        Free = "free": "not metered",
        Fee = "fee": "a fixed fee",
    }
}

closed_list! {
    /// The unit of a call's consumed quantity.
    pub enum QuantityUnit {
        Call = "call": "one metered call",
        Byte = "byte": "billed bytes",
        SlotMs = "slot_ms": "slot milliseconds",
    }
}

closed_list! {
    /// What is special about a call.
    pub enum Flag {
        Capacity = "capacity": "ran in a reservation",
        Cancelled = "cancelled": "was cancelled; what it had used by then may be charged",
        CreateModel = "create_model": "trains a model; on demand its bytes cost more than a query's",
        Script = "script": "belongs to a script",
        CrossProject = "cross_project": "joins resources of two projects",
        OpenOperation = "open_operation": "the end is not in the input",
        Impersonated = "impersonated": "the caller acted through another identity",
        Redacted = "redacted": "the caller's identity is withheld",
        Split = "split": "written as several entries",
        Estimate = "estimate": "the service's entries are declared to be sampled",
    }
}
