//! The catalogue: what is known about each Google Cloud service, and how one of its methods is metered.
//!
//! The rows are data (`services.csv`, read by [`super::service_csv`]); how a payer is found is left to the kinds.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use super::service_csv::{self, CatalogueError};
use crate::model::closed_list::closed_list;
use crate::model::reason::{Driver, Reason};

/// The rows of the built-in catalogue.
pub const BUILT_IN_ROWS: &str = include_str!("services.csv");

/// The day on which the built-in catalogue was last held against its sources.
pub const CATALOGUE_DATE: &str = "2026-11-21";

closed_list! {
    /// Which rule finds the payer of a service's calls.
    pub enum ServiceKind {
        Resource = "resource": "the project that contains the resource",
        Parent = "parent": "stateless, with the project in the request's parent",
        Client = "client": "stateless: the consumer project, where the call is logged",
        CloudStorage = "cloud_storage": "the bucket's project, or the requester's if the request names one",
        BigqueryJob = "bigquery_job": "the project that runs the job, or the one that owns the reservation",
        BigqueryStorageApi = "bigquery_storage_api": "the parent of the read session, or the table's project for writes",
        Pubsub = "pubsub": "the project of the topic or of the subscription",
        VertexAi = "vertex_ai": "the project of the endpoint or of the publisher's model",
        ControlPlane = "control_plane": "manages other services and is free of charge",
        Kubernetes = "kubernetes": "the API server of a cluster, which is free of charge",
    }
}

closed_list! {
    /// How well the sources support a row.
    pub enum Sure {
        Sourced = "sourced": "the service's own page, and nothing of importance from memory",
        Partly = "partly": "names come from public definitions or samples; how the service is billed comes partly from memory",
        Unverified = "unverified": "from memory, or added by the user without a word on it",
    }
}

/// How the catalogue classes a method; the order decides between suffixes that match equally well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MethodClass {
    /// The call itself is metered.
    Billable,
    /// The call starts or changes what is metered by time or size.
    Runtime,
    /// The call is listed as free.
    Free,
    /// No suffix of the row matches.
    Other,
}

/// The end of a method's name as a row lists it: whole segments, of which the last may be open (`Get*`).
///
/// Suffix `S` matches method `M` if `M` is `S` or ends with `.S`; a `*` at the end stands for any rest of the last
/// segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodSuffix {
    text: String,
    last: usize,
    open: bool,
}

/// One service, or one version of it: a row of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The `serviceName` of the entries, such as `vision.googleapis.com`.
    pub service: String,
    /// The major version of the API that the row is for; `None` for all that have no row of their own.
    pub version: Option<u32>,
    /// The name that people use.
    pub display: String,
    /// Which rule finds the payer.
    pub kind: ServiceKind,
    /// See [`Service::optional_parent`].
    pub(super) optional_parent: bool,
    /// How the service is metered, as far as a method does not differ; see [`Service::classify`].
    pub driver: Driver,
    /// What the bill counts, in words.
    pub unit: String,
    /// The names of the service in the bill (`service.description`), separated by `; `; see [`Service::billing_names`].
    pub billing_name: String,
    /// What the audit logs show, in words.
    pub audit: String,
    /// How well the sources support the row.
    pub sure: Sure,
    /// The page that supports the row; empty if there is none.
    pub source: String,
    /// What else is worth knowing.
    pub note: String,
    /// The listed methods, in the order of [`most_specific_first`].
    pub(super) methods: Vec<(MethodSuffix, MethodClass)>,
}

/// All rows, found by service and version.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Sorted by service, then version: the rows of a service stand together, the one without a version first.
    services: Vec<Service>,
    index: HashMap<String, Range<usize>, Xxh3DefaultBuilder>,
}

impl MethodSuffix {
    /// Reads a suffix; `None` if a segment is empty or a `*` stands elsewhere than at the end.
    pub fn parse(text: &str) -> Option<Self> {
        let (literal, open) = text.strip_suffix('*').map_or((text, false), |literal| (literal, true));
        let last = literal.rfind('.').map_or(0, |dot| dot + 1);
        let whole = literal.split('.').rev().enumerate().all(|(i, segment)| !segment.is_empty() || (i == 0 && open));
        (whole && !literal.contains('*')).then(|| Self { text: literal.to_owned(), last, open })
    }

    /// Tells whether a method, cut before its last segment, ends with this suffix under an equality of bytes.
    fn matches(&self, (head, tail): (&[u8], &[u8]), equal: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let (own_head, own_tail) = self.text.as_bytes().split_at(self.last);
        let long_enough = if self.open { tail.len() >= own_tail.len() } else { tail.len() == own_tail.len() };
        long_enough
            && equal(&tail[..own_tail.len()], own_tail)
            && head.len().checked_sub(own_head.len()).is_some_and(|start| {
                equal(&head[start..], own_head) && (start == 0 || own_head.is_empty() || head[start - 1] == b'.')
            })
    }
}

impl std::fmt::Display for MethodSuffix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.text, if self.open { "*" } else { "" })
    }
}

impl Service {
    /// Finds the class of a method by the most specific suffix that matches in exact case.
    ///
    /// Only if none does, the most specific one that matches in any case decides.
    ///
    /// Reads of a service that is metered by time or size change nothing, so that they are free although no row lists them.
    pub fn classify(&self, method: &str) -> MethodClass {
        match (self.listed_class(method), self.driver) {
            (MethodClass::Other, Driver::Runtime | Driver::Storage) if reads(method) => MethodClass::Free,
            (class, _) => class,
        }
    }

    fn listed_class(&self, method: &str) -> MethodClass {
        let cut = method.as_bytes().split_at(method.rfind('.').map_or(0, |dot| dot + 1));
        let mut any_case = MethodClass::Other;
        for (suffix, class) in &self.methods {
            if suffix.matches(cut, <[u8]>::eq_ignore_ascii_case) {
                if suffix.matches(cut, <[u8]>::eq) {
                    return *class;
                }
                any_case = if any_case == MethodClass::Other { *class } else { any_case };
            }
        }
        any_case
    }

    /// Tells why a method of this class is not billable, as far as the catalogue knows; `None` if the call itself is metered.
    ///
    /// What the entry says (denied, failed, …) and what the kind decides come before this.
    pub fn reason(&self, class: MethodClass) -> Option<Reason> {
        match class {
            MethodClass::Billable => None,
            MethodClass::Free => Some(Reason::FreeMethod),
            MethodClass::Runtime => Some(Reason::Runtime),
            MethodClass::Other => Some(match self.driver {
                Driver::Runtime | Driver::Storage => Reason::Runtime,
                Driver::Fee | Driver::MeteredElsewhere => Reason::MeteredElsewhere,
                Driver::Free => Reason::FreeMethod,
                Driver::Call | Driver::Bytes | Driver::SlotMs | Driver::Hybrid => Reason::Admin,
            }),
        }
    }

    /// The suffixes that the row lists in a class, the most specific first.
    pub fn listed(&self, class: MethodClass) -> impl Iterator<Item = &MethodSuffix> {
        self.methods.iter().filter(move |(_, of)| *of == class).map(|(suffix, _)| suffix)
    }

    /// Whether requests of this client service may name a parent project, which then pays.
    pub fn optional_parent(&self) -> bool {
        self.optional_parent
    }

    /// The names of the service in the bill.
    pub fn billing_names(&self) -> impl Iterator<Item = &str> {
        self.billing_name.split("; ").filter(|name| !name.is_empty())
    }

    fn key(&self) -> (String, Option<u32>) {
        (self.service.clone(), self.version)
    }
}

/// Whether a method only reads: `Get…`, `List…` and `aggregatedList` in any case.
fn reads(method: &str) -> bool {
    let last = method.rsplit('.').next().unwrap_or_default().as_bytes();
    ["get", "list", "aggregatedlist"]
        .iter()
        .any(|verb| last.get(..verb.len()).is_some_and(|head| head.eq_ignore_ascii_case(verb.as_bytes())))
}

impl Catalogue {
    /// The catalogue that the program carries.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(|| {
            let rows = service_csv::rows("services.csv", BUILT_IN_ROWS)
                .expect("a test of this file reads the same embedded text");
            Catalogue::of(rows.into_iter().map(|row| (row.key(), row)).collect())
        });
        &BUILT_IN
    }

    /// Takes the rows of a user's file in: a row replaces the whole row of the same service and version, or is added.
    ///
    /// The file may leave out every column except `service`, `kind` and `driver`; what it leaves out is empty.
    ///
    /// # Errors
    /// An unknown column or value, a missing column or a row that is there twice; the error names file and line.
    pub fn with_overrides(self, file_name: &str, text: &str) -> Result<Self, CatalogueError> {
        let own = service_csv::rows(file_name, text)?;
        Ok(Self::of(self.services.into_iter().chain(own).map(|row| (row.key(), row)).collect()))
    }

    fn of(rows: BTreeMap<(String, Option<u32>), Service>) -> Self {
        let services: Vec<Service> = rows.into_values().collect();
        let mut index = HashMap::<String, Range<usize>, Xxh3DefaultBuilder>::default();
        for (at, row) in services.iter().enumerate() {
            index.entry(row.service.clone()).or_insert(at..at).end = at + 1;
        }
        Self { services, index }
    }

    /// The row for a method of a service: that of the version which the method's name states (`v2`, `v2beta1` and `v2p1`
    /// are all 2), else the row without a version.
    pub fn find(&self, service: &str, method: &str) -> Option<&Service> {
        let rows = self.exact(service);
        let (default, versions) = match rows {
            [first, rest @ ..] if first.version.is_none() => (Some(first), rest),
            _ => (None, rows),
        };
        if versions.is_empty() {
            return default;
        }
        let stated = method.split('.').find_map(major_version);
        versions.iter().find(|row| stated.is_some() && row.version == stated).or(default)
    }

    /// The rows of a service by its name, for people: `.googleapis.com` may be left out.
    pub fn named(&self, name: &str) -> &[Service] {
        match self.exact(name) {
            [] => self.exact(&format!("{name}.googleapis.com")),
            rows => rows,
        }
    }

    /// Every row, by service and version.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &Service> {
        self.services.iter()
    }

    fn exact(&self, service: &str) -> &[Service] {
        self.index.get(service).map_or(&[], |range| &self.services[range.clone()])
    }
}

/// Sorts listed methods: more literal characters first, then closed before open, then the order of [`MethodClass`].
pub(super) fn most_specific_first(methods: &mut [(MethodSuffix, MethodClass)]) {
    methods.sort_by(|(a, a_class), (b, b_class)| {
        (b.text.len(), a.open, a_class, &a.text).cmp(&(a.text.len(), b.open, b_class, &b.text))
    });
}

/// Reads the major version off a segment of a method's name: `v1`, `v1beta2`, `v2p1`.
fn major_version(segment: &str) -> Option<u32> {
    let rest = segment.strip_prefix('v')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[digits..].bytes().all(|b| b.is_ascii_alphanumeric()).then(|| rest[..digits].parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "service,version,kind,driver,billable_methods,runtime_methods,free_methods\n";

    fn class(service: &str, method: &str) -> MethodClass {
        Catalogue::built_in().find(service, method).expect("a service of the catalogue").classify(method)
    }

    fn one(row: &str) -> Catalogue {
        let nothing = Catalogue::of(BTreeMap::new());
        nothing.with_overrides("my.csv", &format!("{HEADER}{row}")).expect("a row that is written right")
    }

    #[test]
    fn a_suffix_matches_whole_segments() {
        let suffix = MethodSuffix::parse("PredictionService.Predict").expect("a suffix");
        let matches = |m: &str| suffix.matches(m.as_bytes().split_at(m.rfind('.').map_or(0, |d| d + 1)), <[u8]>::eq);
        assert!(matches("PredictionService.Predict"));
        assert!(matches("google.cloud.aiplatform.v1.PredictionService.Predict"));
        assert!(!matches("Predict"));
        assert!(!matches("google.OtherPredictionService.Predict"));
        assert!(!matches("PredictionService.PredictLongRunning"));
        assert!(!matches("PredictionService.Predict.more"));
    }

    #[test]
    fn a_suffix_is_open_only_at_its_end() {
        for wrong in ["", ".", "a.", ".a", "a..b", "*.a", "a*b", "a.*.b", "**"] {
            assert_eq!(MethodSuffix::parse(wrong), None, "{wrong}");
        }
        for right in ["a", "a.b", "Get*", "a.*", "*", "Docker-GetManifest"] {
            assert_eq!(MethodSuffix::parse(right).map(|s| s.to_string()).as_deref(), Some(right));
        }
    }

    #[test]
    fn the_most_specific_suffix_wins_then_billable_then_runtime() {
        let catalogue = one("a.example.com,,resource,call,GetKey S.Get A,Get* A B,S.Get* B\n");
        let row = catalogue.find("a.example.com", "").expect("the row");
        assert_eq!(row.classify("x.GetKey"), MethodClass::Billable);
        assert_eq!(row.classify("x.GetKeys"), MethodClass::Runtime);
        assert_eq!(row.classify("x.S.GetKeys"), MethodClass::Free);
        assert_eq!(row.classify("x.S.Get"), MethodClass::Billable);
        assert_eq!(row.classify("A"), MethodClass::Billable);
        assert_eq!(row.classify("B"), MethodClass::Runtime);
        assert_eq!(row.classify(""), MethodClass::Other);
    }

    #[test]
    fn exact_case_goes_before_any_case() {
        let catalogue = one("a.example.com,,resource,call,Predict,,predict\n");
        let row = catalogue.find("a.example.com", "").expect("the row");
        assert_eq!(row.classify("v1.Predict"), MethodClass::Billable);
        assert_eq!(row.classify("v1.predict"), MethodClass::Free);
        assert_eq!(row.classify("v1.PREDICT"), MethodClass::Billable);
    }

    #[test]
    fn methods_are_classed_as_the_documentation_says() {
        use MethodClass::{Billable, Free, Other, Runtime};
        for (service, method, expected) in [
            ("storage", "storage.objects.get", Billable),
            ("storage", "google.storage.objects.get", Billable),
            ("storage", "storage.buckets.create", Billable),
            ("storage", "storage.setIamPermissions", Billable),
            ("storage", "storage.objects.delete", Free),
            ("storage", "storage.buckets.delete", Free),
            ("storage", "storage.channels.stop", Free),
            ("storage", "storage.hmacKeys.create", Other),
            ("cloudkms", "Decrypt", Billable),
            ("cloudkms", "GetPublicKey", Billable),
            ("cloudkms", "GetCryptoKey", Free),
            ("cloudkms", "CreateCryptoKeyVersion", Runtime),
            ("bigquery", "google.cloud.bigquery.v2.JobService.InsertJob", Billable),
            ("bigquery", "jobservice.jobcompleted", Billable),
            ("bigquery", "jobservice.getqueryresults", Free),
            ("bigquery", "datasetservice.insert", Other),
            ("aiplatform", "google.cloud.aiplatform.internal.PredictionService.CountTokens", Free),
            ("compute", "beta.compute.instances.insert", Runtime),
            ("compute", "v1.compute.urlMaps.get", Free),
        ] {
            assert_eq!(class(&format!("{service}.googleapis.com"), method), expected, "{service} {method}");
        }
    }

    #[test]
    fn an_unlisted_method_has_the_reason_of_its_service() {
        let reason = |service, method| {
            let row = Catalogue::built_in().find(service, method).expect("a row");
            row.reason(row.classify(method))
        };
        assert_eq!(reason("vision.googleapis.com", "google.cloud.vision.v1.ImageAnnotator.BatchAnnotateImages"), None);
        assert_eq!(reason("vision.googleapis.com", "SetIamPolicy"), Some(Reason::Admin));
        assert_eq!(reason("container.googleapis.com", "SetIamPolicy"), Some(Reason::Runtime));
        assert_eq!(reason("artifactregistry.googleapis.com", "SetIamPolicy"), Some(Reason::Runtime));
        assert_eq!(reason("logging.googleapis.com", "UpdateSink"), Some(Reason::MeteredElsewhere));
        assert_eq!(reason("cloudaicompanion.googleapis.com", "X"), Some(Reason::MeteredElsewhere));
        assert_eq!(reason("iap.googleapis.com", "X"), Some(Reason::FreeMethod));
        let deploy = "google.cloud.aiplatform.v1.EndpointService.DeployModel";
        assert_eq!(reason("aiplatform.googleapis.com", deploy), Some(Reason::Runtime));
    }

    #[test]
    fn the_version_in_the_method_chooses_the_row() {
        let kind = |service, method| Catalogue::built_in().find(service, method).map(|row| row.kind);
        let speech = "speech.googleapis.com";
        assert_eq!(kind(speech, "google.cloud.speech.v1p1beta1.Speech.Recognize"), Some(ServiceKind::Client));
        assert_eq!(kind(speech, "google.cloud.speech.v2.Speech.Recognize"), Some(ServiceKind::Resource));
        assert_eq!(kind(speech, "Recognize"), Some(ServiceKind::Client));
        let translate = "translate.googleapis.com";
        assert_eq!(kind(translate, "google.cloud.translation.v3.T.TranslateText"), Some(ServiceKind::Parent));
        assert_eq!(kind(translate, "google.cloud.translation.v2beta1.T.TranslateText"), Some(ServiceKind::Client));
        assert_eq!(kind("login.googleapis.com", "X"), None);
        let segments = ["v1", "v2beta1", "v2p1", "v", "vision", "v1-x", "x1", "v99999999999"].map(major_version);
        assert_eq!(segments, [Some(1), Some(2), Some(2), None, None, None, None, None]);
        let versions_only = one("a.example.com,v2,client,call,,,\n");
        assert!(versions_only.find("a.example.com", "v1.X").is_none());
        assert!(versions_only.find("a.example.com", "v2.X").is_some());
    }

    #[test]
    fn a_row_of_the_user_replaces_or_adds() {
        let built_in = Catalogue::built_in();
        let text = "speech.googleapis.com,,control_plane,free,,,\nnew.example.com,,resource,call,Go,,\n";
        let own = built_in.clone().with_overrides("my.csv", &format!("{HEADER}{text}")).expect("two good rows");
        assert_eq!(own.services().len(), built_in.services().len() + 1);
        let kind = |method| own.find("speech.googleapis.com", method).map(|row| row.kind);
        assert_eq!(kind("google.cloud.speech.v1.Speech.Recognize"), Some(ServiceKind::ControlPlane));
        assert_eq!(kind("google.cloud.speech.v2.Speech.Recognize"), Some(ServiceKind::Resource));
        let added = own.find("new.example.com", "v1.Go").expect("the added row");
        assert_eq!((added.reason(added.classify("v1.Go")), added.sure), (None, Sure::Unverified));
    }

    #[test]
    fn a_name_for_people_may_be_short() {
        let versions = |name| Catalogue::built_in().named(name).iter().map(|row| row.version).collect::<Vec<_>>();
        assert_eq!(versions("speech"), [None, Some(2)]);
        assert_eq!(versions("k8s.io"), [None]);
        assert!(versions("nothing").is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn the_order_of_rows_changes_nothing(
            rows in Just(include_str!("services.csv").lines().skip(1).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let header = include_str!("services.csv").lines().next().expect("a header");
            let text = [&[header][..], &rows].concat().join("\n");
            let shuffled = Catalogue::of(BTreeMap::new()).with_overrides("s.csv", &text).expect("good rows");
            let built_in = Catalogue::built_in();
            prop_assert!(shuffled.services().eq(built_in.services()));
            for row in built_in.services() {
                let method = format!("google.v{}.Anything", row.version.unwrap_or(1));
                prop_assert_eq!(shuffled.find(&row.service, &method), Some(row));
            }
        }

        #[test]
        fn the_order_of_suffixes_changes_nothing(
            suffixes in Just(vec!["A", "A*", "Ab", "S.A", "S.A*", "*", "T.S.A"]).prop_shuffle(),
            method in "(T[.])?(S[.])?A?b?",
        ) {
            let classify = |billable: &[&str], free: &[&str]| {
                let row = one(&format!("a.b,,client,call,{},,{}\n", billable.join(" "), free.join(" ")));
                row.find("a.b", &method).map(|row| row.classify(&method))
            };
            let (billable, free) = suffixes.split_at(4);
            let reversed = |of: &[&'static str]| of.iter().rev().copied().collect::<Vec<_>>();
            prop_assert_eq!(classify(billable, free), classify(&reversed(billable), &reversed(free)));
        }
    }
}
