//! Plain entries: what rules read of an entry that has nothing odd about it, in one pass over its tokens.
//!
//! Nearly all entries are plain. An entry is not if it has a field of the wrong type, one that is `null` or stands twice, an escape in
//! a text that is read (but for the resource's name, which users choose), a field of another log or of a re-export, or more of something than there is room for; and neither are parts
//! of divided entries and jobs of BigQuery, which are rarely like others. [`super::log_entry`] reads all of these.

use std::borrow::Cow;

use super::scan::{Index, Quoted, Walk};

/// A plain entry. A text may be empty where it is optional; names are those of [`super::log_entry::LogEntry`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plain<'e> {
    /// `projects/P/logs/ID` and the like, with the id URL-encoded; not empty.
    pub log_name: &'e str,
    /// The event's time; not empty.
    pub timestamp: &'e str,
    /// When Cloud Logging took it in.
    pub receive_timestamp: Option<&'e str>,
    /// Identity among entries of one log and time; not empty.
    pub insert_id: &'e str,
    /// What the entry is about.
    pub resource: Resource<'e>,
    /// The long-running operation it belongs to.
    pub operation: Option<Operation<'e>>,
    /// The audit payload.
    pub audit: Audit<'e>,
}

/// The monitored resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resource<'e> {
    /// Its type, such as `gcs_bucket`.
    pub kind: Option<&'e str>,
    /// Its labels.
    pub labels: Option<Labels<'e>>,
}

/// Its labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels<'e> {
    /// The project: id, or number.
    pub project_id: Option<&'e str>,
    /// Region or multi-region.
    pub location: Option<&'e str>,
    /// Zone.
    pub zone: Option<&'e str>,
    /// Region.
    pub region: Option<&'e str>,
}

/// The operation that the entry belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Operation<'e> {
    /// Unique together with the producer.
    pub id: Option<&'e str>,
    /// Who issued the id.
    pub producer: Option<&'e str>,
    /// The entry tells of the beginning.
    pub first: Option<bool>,
    /// The entry tells of the end.
    pub last: Option<bool>,
}

/// The audit payload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit<'e> {
    /// `@type`; not empty.
    pub type_url: &'e str,
    /// The service that was called; not empty.
    pub service_name: &'e str,
    /// The method that was called.
    pub method_name: Option<&'e str>,
    /// What it was called on.
    pub resource_name: Option<Cow<'e, str>>,
    /// `resourceLocation`, and in it `currentLocations`.
    pub locations: Option<Option<List<&'e str, 4>>>,
    /// `status`, and in it `code`.
    pub status: Option<Option<i64>>,
    /// Who called.
    pub authentication: Option<Authentication<'e>>,
    /// Which permissions were checked on what.
    pub authorization: Option<List<Check<'e>, 6>>,
    /// The request, as far as rules use it.
    pub request: Option<Request<'e>>,
    /// `metadata`, and whether a `destination` is in it.
    pub metadata: Option<bool>,
    /// Whether there is `serviceData`, which holds nothing of BigQuery's.
    pub service_data: bool,
}

/// Who called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Authentication<'e> {
    /// E-mail address of a user or service account.
    pub principal_email: Option<&'e str>,
    /// Identity in another form.
    pub principal_subject: Option<&'e str>,
    /// The key that a service account used.
    pub service_account_key_name: Option<&'e str>,
    /// Who impersonated whom, origin first.
    pub delegation: Option<List<Delegation<'e>, 3>>,
}

/// A link of a delegation chain: `firstPartyPrincipal`, in it `principalEmail`, and `principalSubject`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delegation<'e> {
    /// A Google identity, and its e-mail address.
    pub first_party: Option<Option<&'e str>>,
    /// Identity in another form.
    pub principal_subject: Option<&'e str>,
}

/// What a permission was checked on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Checked<'e> {
    /// The check does not say.
    #[default]
    Unstated,
    /// The resource that the entry names.
    Named,
    /// Another text, or an empty one.
    Other(&'e str),
}

/// A permission check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Check<'e> {
    /// What the permission was checked on.
    pub resource: Checked<'e>,
    /// The permission.
    pub permission: Option<&'e str>,
    /// Whether it was granted.
    pub granted: Option<bool>,
}

/// The request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Request<'e> {
    /// The parent of a collection.
    pub parent: Option<&'e str>,
    /// The topic of a new subscription.
    pub topic: Option<&'e str>,
    /// The stream that a BigQuery Storage read is from.
    pub read_stream: Option<&'e str>,
    /// Sorted by name.
    pub labels: Option<List<(&'e str, &'e str), 6>>,
}

/// A short list that needs no memory of its own.
#[derive(Debug, Clone, Copy)]
pub struct List<T, const MOST: usize> {
    items: [T; MOST],
    length: usize,
}

impl<T: Copy + Default, const MOST: usize> Default for List<T, MOST> {
    fn default() -> Self {
        Self { items: [T::default(); MOST], length: 0 }
    }
}

impl<T: PartialEq, const MOST: usize> PartialEq for List<T, MOST> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Eq, const MOST: usize> Eq for List<T, MOST> {}

impl<T, const MOST: usize> List<T, MOST> {
    /// The items.
    pub fn as_slice(&self) -> &[T] {
        &self.items[..self.length]
    }

    /// The same of what each item becomes; `None` when one becomes nothing.
    fn try_map<U: Copy + Default>(self, become_of: impl Fn(T) -> Option<U>) -> Option<List<U, MOST>>
    where
        T: Copy,
    {
        let mut list = List::default();
        self.as_slice().iter().try_for_each(|item| list.push(become_of(*item)?))?;
        Some(list)
    }

    /// Adds an item; `None` when there is no room.
    pub fn push(&mut self, item: T) -> Option<()> {
        *self.items.get_mut(self.length)? = item;
        self.length += 1;
        Some(())
    }
}

/// Reads a record that is one plain entry. What is returned is what [`super::log_entry::read`] reads of it.
pub fn read<'r>(record: &'r [u8], index: &mut Index) -> Option<Plain<'r>> {
    let text = simdutf8::basic::from_utf8(record).ok()?;
    index.read(text).ok()?;
    let mut walk = Walk::new(text, index);
    let plain = entry(&mut walk)?;
    walk.is_at_end().then_some(plain)
}

/// Sets what was not set before: of fields that stand twice the last counts, which is left to others.
fn once<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    match place.replace(value?) {
        None => Some(()),
        Some(_) => None,
    }
}

fn entry<'r>(walk: &mut Walk<'r, '_>) -> Option<Plain<'r>> {
    let (mut log_name, mut timestamp, mut receive_timestamp, mut insert_id) = (None, None, None, None);
    let (mut found_resource, mut found_operation, mut found_audit) = (None, None, None);
    walk.object(|walk, name| match name.as_bytes() {
        b"logName" => once(&mut log_name, walk.text()),
        b"timestamp" => once(&mut timestamp, walk.text()),
        b"receiveTimestamp" => once(&mut receive_timestamp, walk.text()),
        b"insertId" => once(&mut insert_id, walk.text()),
        b"resource" => once(&mut found_resource, resource(walk)),
        b"operation" => once(&mut found_operation, operation(walk)),
        b"protoPayload" => once(&mut found_audit, audit(walk)),
        // Parts of divided entries, entries of other logs, fields that strayed here, wrappers around entries.
        b"split"
        | b"jsonPayload"
        | b"textPayload"
        | b"httpRequest"
        | b"serviceName"
        | b"methodName"
        | b"status"
        | b"authorizationInfo"
        | b"authenticationInfo"
        | b"entries"
        | b"receivedMessages" => None,
        _ => walk.skip(),
    })?;
    let stated = |text: Option<&'r str>| text.filter(|text| !text.is_empty());
    Some(Plain {
        log_name: stated(log_name)?,
        timestamp: stated(timestamp)?,
        receive_timestamp,
        insert_id: stated(insert_id)?,
        resource: found_resource?,
        operation: found_operation,
        audit: found_audit?,
    })
}

fn resource<'r>(walk: &mut Walk<'r, '_>) -> Option<Resource<'r>> {
    let mut resource = Resource::default();
    walk.object(|walk, name| match name.as_bytes() {
        b"type" => once(&mut resource.kind, walk.text()),
        b"labels" => once(&mut resource.labels, labels(walk)),
        _ => walk.skip(),
    })?;
    Some(resource)
}

fn labels<'r>(walk: &mut Walk<'r, '_>) -> Option<Labels<'r>> {
    let mut labels = Labels::default();
    walk.object(|walk, name| match name.as_bytes() {
        b"project_id" => once(&mut labels.project_id, walk.text()),
        b"location" => once(&mut labels.location, walk.text()),
        b"zone" => once(&mut labels.zone, walk.text()),
        b"region" => once(&mut labels.region, walk.text()),
        _ => walk.skip(),
    })?;
    Some(labels)
}

fn operation<'r>(walk: &mut Walk<'r, '_>) -> Option<Operation<'r>> {
    let mut operation = Operation::default();
    walk.object(|walk, name| match name.as_bytes() {
        b"id" => once(&mut operation.id, walk.text()),
        b"producer" => once(&mut operation.producer, walk.text()),
        b"first" => once(&mut operation.first, walk.flag()),
        b"last" => once(&mut operation.last, walk.flag()),
        _ => walk.skip(),
    })?;
    Some(operation)
}

fn audit<'r>(walk: &mut Walk<'r, '_>) -> Option<Audit<'r>> {
    let (mut type_url, mut service_name, mut service_data) = (None, None, None);
    let (mut resource_name, mut checks, mut audit) = (None, None, Audit::default());
    walk.object(|walk, name| match name.as_bytes() {
        b"@type" => once(&mut type_url, walk.text()),
        b"serviceName" => once(&mut service_name, walk.text()),
        b"methodName" => once(&mut audit.method_name, walk.text()),
        b"resourceName" => once(&mut resource_name, walk.string()),
        b"resourceLocation" => once(&mut audit.locations, locations(walk)),
        b"status" => once(&mut audit.status, status(walk)),
        b"authenticationInfo" => once(&mut audit.authentication, authentication(walk)),
        b"authorizationInfo" => once(&mut checks, authorization(walk)),
        b"request" => once(&mut audit.request, request(walk)),
        b"metadata" => once(&mut audit.metadata, metadata(walk)),
        b"serviceData" => once(&mut service_data, other_service_data(walk)),
        // Fields that strayed here.
        b"insertId"
        | b"logName"
        | b"operation"
        | b"receiveTimestamp"
        | b"resource"
        | b"severity"
        | b"timestamp"
        | b"authorizat ionInfo" => None,
        _ => walk.skip(),
    })?;
    let stated = |text: Option<&'r str>| text.filter(|text| !text.is_empty());
    audit.authorization = match checks {
        None => None,
        Some(checks) => Some(checks.try_map(|(mut check, on)| {
            check.resource = match on {
                None => Checked::Unstated,
                Some(on) if !on.text.is_empty() && Some(on) == resource_name => Checked::Named,
                Some(on) => Checked::Other(on.without_escapes()?),
            };
            Some(check)
        })?),
    };
    audit.resource_name = match resource_name {
        None => None,
        Some(name) => Some(name.decoded()?),
    };
    let (type_url, service_name) = (stated(type_url)?, stated(service_name)?);
    Some(Audit { type_url, service_name, service_data: service_data.is_some(), ..audit })
}

/// Passes `serviceData` that is not what BigQuery v1 says of jobs.
fn other_service_data(walk: &mut Walk<'_, '_>) -> Option<()> {
    walk.object(|walk, name| match name.as_bytes() {
        b"jobCompletedEvent"
        | b"jobInsertRequest"
        | b"jobInsertResponse"
        | b"jobQueryRequest"
        | b"jobQueryResponse"
        | b"jobGetQueryResultsResponse" => None,
        _ => walk.skip(),
    })
}

fn locations<'r>(walk: &mut Walk<'r, '_>) -> Option<Option<List<&'r str, 4>>> {
    let mut locations = None;
    walk.object(|walk, name| match name.as_bytes() {
        b"currentLocations" => {
            let mut current = List::default();
            walk.array(|walk| current.push(walk.text()?))?;
            once(&mut locations, Some(current))
        }
        _ => walk.skip(),
    })?;
    Some(locations)
}

fn status(walk: &mut Walk<'_, '_>) -> Option<Option<i64>> {
    let (mut code, mut message) = (None, None);
    walk.object(|walk, name| match name.as_bytes() {
        b"code" => once(&mut code, walk.integer()),
        b"message" if walk.peek() == b'"' => once(&mut message, walk.skip()),
        b"message" => None,
        _ => walk.skip(),
    })?;
    Some(code)
}

fn authentication<'r>(walk: &mut Walk<'r, '_>) -> Option<Authentication<'r>> {
    let mut info = Authentication::default();
    walk.object(|walk, name| match name.as_bytes() {
        b"principalEmail" => once(&mut info.principal_email, walk.text()),
        b"principalSubject" => once(&mut info.principal_subject, walk.text()),
        b"serviceAccountKeyName" => once(&mut info.service_account_key_name, walk.text()),
        b"serviceAccountDelegationInfo" => once(&mut info.delegation, delegation(walk)),
        b"authorizationInfo" | b"serviceName" | b"status" => None,
        _ => walk.skip(),
    })?;
    Some(info)
}

fn delegation<'r>(walk: &mut Walk<'r, '_>) -> Option<List<Delegation<'r>, 3>> {
    let mut links = List::default();
    walk.array(|walk| {
        let mut link = Delegation::default();
        walk.object(|walk, name| match name.as_bytes() {
            b"firstPartyPrincipal" => once(&mut link.first_party, first_party(walk)),
            b"principalSubject" => once(&mut link.principal_subject, walk.text()),
            _ => walk.skip(),
        })?;
        links.push(link)
    })?;
    Some(links)
}

fn first_party<'r>(walk: &mut Walk<'r, '_>) -> Option<Option<&'r str>> {
    let mut email = None;
    walk.object(|walk, name| match name.as_bytes() {
        b"principalEmail" => once(&mut email, walk.text()),
        _ => walk.skip(),
    })?;
    Some(email)
}

/// The checks, each with the text of what it was on.
fn authorization<'r>(walk: &mut Walk<'r, '_>) -> Option<List<(Check<'r>, Option<Quoted<'r>>), 6>> {
    let mut checks = List::default();
    walk.array(|walk| {
        let (mut check, mut on) = (Check::default(), None);
        walk.object(|walk, name| match name.as_bytes() {
            b"resource" => once(&mut on, walk.string()),
            b"permission" => once(&mut check.permission, walk.text()),
            b"granted" => once(&mut check.granted, walk.flag()),
            _ => walk.skip(),
        })?;
        checks.push((check, on))
    })?;
    Some(checks)
}

fn request<'r>(walk: &mut Walk<'r, '_>) -> Option<Request<'r>> {
    let mut request = Request::default();
    walk.object(|walk, name| match name.as_bytes() {
        b"parent" => once(&mut request.parent, walk.text()),
        b"topic" => once(&mut request.topic, walk.text()),
        b"readStream" => once(&mut request.read_stream, walk.text()),
        b"labels" => once(&mut request.labels, request_labels(walk)),
        _ => walk.skip(),
    })?;
    Some(request)
}

fn request_labels<'r>(walk: &mut Walk<'r, '_>) -> Option<List<(&'r str, &'r str), 6>> {
    let mut labels: List<(&str, &str), 6> = List::default();
    walk.object(|walk, name| labels.push((name, walk.text()?)))?;
    let length = labels.length;
    let sorted = labels.items.get_mut(..length)?;
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0].0 != pair[1].0).then_some(labels)
}

fn metadata(walk: &mut Walk<'_, '_>) -> Option<bool> {
    let mut destination = None;
    walk.object(|walk, name| match name.as_bytes() {
        b"destination" if walk.peek() == b'n' => None,
        b"destination" => once(&mut destination, walk.skip()),
        // What BigQuery says of jobs and tables.
        b"jobChange" | b"jobInsertion" | b"tableDataRead" | b"tableDataChange" | b"tableCreation" | b"tableChange"
        | b"tableDeletion" | b"routineCreation" | b"modelCreation" | b"datasetCreation" => None,
        _ => walk.skip(),
    })?;
    Some(destination.is_some())
}
