//! Plain entries: what rules read of an entry that has nothing odd about it, in one pass over its tokens.
//!
//! Nearly all entries are plain. An entry is not if it has a field of the wrong type, one that is `null` or stands twice, an escape in
//! a text that is read (but for the resource's name, which users choose), a field of another log or of a re-export, or more of something than there is room for; and neither are parts
//! of divided entries and jobs of BigQuery, which are rarely like others. [`super::log_entry`] reads all of these.

mod read;

pub use read::read;

use std::borrow::Cow;

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
    pub authorization: Option<List<Check<'e>, CHECKS>>,
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

/// The most permission checks of a plain entry.
const CHECKS: usize = 6;

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

    /// The items, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.items[..self.length]
    }

    /// Adds an item; `None` when there is no room.
    pub fn push(&mut self, item: T) -> Option<()> {
        *self.items.get_mut(self.length)? = item;
        self.length += 1;
        Some(())
    }
}
