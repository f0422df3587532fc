//! Tokens: all that the rules read of an entry, as bytes. Entries with equal tokens get one verdict.
//!
//! Of a resource's name, which is mostly one of a kind, only the parts stand here that a rule reads, and where its text stands
//! in other fields too. A field that is added to plain entries does not compile until it is decided here what it means to a verdict.

use super::kind::requester_pays::whole_project;
use super::plain::{Audit, Authentication, Check, Checked, Delegation, Labels, List, Plain, Request, Resource};
use super::resource_name::{location_of, model_of, project_of};
use super::service::{Catalogue, ServiceKind};

/// The tokens of an entry and those of its caller.
#[derive(Debug, Default)]
pub struct Tokens {
    /// What decides the verdict.
    pub entry: Vec<u8>,
    /// What the caller is known by.
    pub caller: Vec<u8>,
}

impl Tokens {
    /// Reads the tokens of a plain entry. `None` for jobs of BigQuery, which are rarely alike.
    pub fn read(&mut self, entry: &Plain<'_>, catalogue: &Catalogue) -> Option<()> {
        self.entry.clear();
        self.caller.clear();
        // When and which entry it was, and what operation it belongs to, decides no verdict.
        let Plain {
            log_name,
            timestamp: _,
            receive_timestamp: _,
            insert_id: _,
            resource: Resource { kind, labels },
            operation: _,
            audit,
        } = entry;
        let mut put = Put { out: &mut self.entry };
        put.bytes(log_name.as_bytes());
        put.text(*kind);
        put.out.push(u8::from(labels.is_some()));
        if let Some(Labels { project_id, location, zone, region }) = labels {
            [project_id, location, zone, region].into_iter().for_each(|label| put.text(*label));
        }
        let label = labels.and_then(|labels| labels.project_id);
        put.audit(audit, [Some(log_name), label], catalogue)?;
        if let Some(info) = &audit.authentication {
            Put { out: &mut self.caller }.authentication(info);
        }
        Some(())
    }
}

struct Put<'o> {
    out: &'o mut Vec<u8>,
}

impl Put<'_> {
    fn audit(&mut self, audit: &Audit<'_>, above: [Option<&str>; 2], catalogue: &Catalogue) -> Option<()> {
        let Audit {
            type_url,
            service_name,
            method_name,
            resource_name,
            locations,
            status,
            // Stands apart: an entry has one verdict whoever called, but for what the caller's own flags say.
            authentication: _,
            authorization,
            request,
            metadata,
            service_data,
        } = audit;
        [type_url, service_name].into_iter().for_each(|text| self.bytes(text.as_bytes()));
        self.text(*method_name);
        let service = catalogue.find(service_name, method_name.unwrap_or_default());
        let kind = service.map(|service| service.kind);
        // A job's own name is one of the things that its verdict reads.
        if kind == Some(ServiceKind::BigqueryJob) {
            return None;
        }
        // An empty name is none.
        let resource = resource_name.as_deref().filter(|name| !name.is_empty());
        self.resource(resource, kind);
        self.out.push(u8::from(locations.is_some()));
        self.several(locations.as_ref().and_then(Option::as_ref).map(List::as_slice), |put, place| {
            put.bytes(place.as_bytes());
        });
        self.out.push(u8::from(status.is_some()));
        self.number(status.unwrap_or_default());
        self.several(authorization.as_ref().map(List::as_slice), Self::check);
        let mut named = [above[0], above[1], None, None, None];
        if let Some(Request { parent, topic, read_stream, labels: _ }) = request {
            [named[2], named[3], named[4]] = [*parent, *topic, *read_stream];
        }
        // Evidence that quotes another field may quote the resource as well.
        self.out.extend(named.map(|text| u8::from(text.is_some() && text == resource)));
        self.out.push(u8::from(request.is_some()));
        if let Some(Request { parent, topic, read_stream, labels }) = request {
            [parent, topic, read_stream].into_iter().for_each(|text| self.text(*text));
            self.several(labels.as_ref().map(List::as_slice), |put, (key, value)| {
                put.bytes(key.as_bytes());
                put.bytes(value.as_bytes());
            });
        }
        self.out.push(metadata.map_or(0, |has_destination| 1 + u8::from(has_destination)));
        self.out.push(u8::from(*service_data));
        Some(())
    }

    /// The parts of a resource's name that rules of a kind read.
    fn resource(&mut self, resource: Option<&str>, kind: Option<ServiceKind>) {
        let Some(name) = resource else { return self.out.push(0) };
        self.out.push(1);
        self.text(project_of(name));
        self.text(location_of(name));
        match kind {
            Some(ServiceKind::Client) => self.out.push(u8::from(name.contains("/locations/"))),
            Some(ServiceKind::Pubsub) => self.text(name.split('/').nth(2)),
            Some(ServiceKind::VertexAi) => match model_of(name) {
                None => self.out.push(0),
                Some((publisher, model, version)) => {
                    self.out.push(1);
                    self.bytes(publisher.as_bytes());
                    self.bytes(model.as_bytes());
                    self.text(version);
                }
            },
            Some(
                ServiceKind::Resource
                | ServiceKind::Parent
                | ServiceKind::CloudStorage
                | ServiceKind::BigqueryJob
                | ServiceKind::BigqueryStorageApi
                | ServiceKind::ControlPlane
                | ServiceKind::Kubernetes,
            )
            | None => {}
        }
        // Whether a permission check on the resource is one on the whole project.
        self.out.push(u8::from(whole_project(name).is_some()));
    }

    fn check(&mut self, check: &Check<'_>) {
        let Check { resource, permission, granted } = check;
        match resource {
            Checked::Unstated => self.text(None),
            Checked::Other(text) => self.text(Some(text)),
            // A mark that no text begins with.
            Checked::Named => self.out.push(3),
        }
        self.text(*permission);
        self.out.push(granted.map_or(0, |granted| 1 + u8::from(granted)));
    }

    fn authentication(&mut self, info: &Authentication<'_>) {
        let Authentication { principal_email, principal_subject, service_account_key_name, delegation } = info;
        [principal_email, principal_subject, service_account_key_name].into_iter().for_each(|text| self.text(*text));
        self.several(delegation.as_ref().map(List::as_slice), |put, link| {
            let Delegation { first_party, principal_subject } = link;
            put.out.push(u8::from(first_party.is_some()));
            put.text(first_party.flatten());
            put.text(*principal_subject);
        });
    }

    /// The items of a list that may be absent, with their number.
    fn several<T>(&mut self, items: Option<&[T]>, put: impl Fn(&mut Self, &T)) {
        self.out.push(items.map_or(0, |items| 1 + items.len() as u8));
        items.into_iter().flatten().for_each(|item| put(self, item));
    }

    /// A text that may be absent.
    fn text(&mut self, text: Option<&str>) {
        self.out.push(u8::from(text.is_some()));
        if let Some(text) = text {
            self.bytes(text.as_bytes());
        }
    }

    fn number(&mut self, number: Option<i64>) {
        self.out.push(u8::from(number.is_some()));
        self.out.extend(number.unwrap_or_default().to_le_bytes());
    }

    /// A text with its length, so that no two lists of texts look alike.
    fn bytes(&mut self, text: &[u8]) {
        self.out.extend((text.len() as u32).to_le_bytes());
        self.out.extend_from_slice(text);
    }
}
