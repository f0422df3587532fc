//! Tokens: all that the rules read of an entry, as bytes. Entries with equal tokens get one verdict.
//!
//! Of a resource's name, which is mostly one of a kind, only the parts stand here that a rule reads, and where its text stands
//! in other fields too. A field that is added to the entry does not compile until it is decided here what it means to a verdict.

use super::bigquery_entry::ServiceMetadata;
use super::kind::requester_pays::whole_project;
use super::lenient::{Field, Text, TextMap, Wrongs};
use super::log_entry::{
    AuditLog, AuthenticationInfo, AuthorizationInfo, Delegation, FirstParty, Labels, LogEntry, Operation, Request,
    Resource, ResourceLocation, Status,
};
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
    /// Reads the tokens of an entry in plain form. `None` for what is odd or rarely alike: fields of the wrong type, jobs of
    /// BigQuery, parts of divided entries.
    pub fn read(&mut self, entry: &LogEntry<'_>, catalogue: &Catalogue) -> Option<()> {
        self.entry.clear();
        self.caller.clear();
        let LogEntry {
            log_name,
            timestamp,
            receive_timestamp,
            insert_id,
            resource,
            operation,
            split,
            proto_payload,
            json_payload,
            text_payload,
            http_request,
            strayed,
            marker: _,
        } = entry;
        // When and which entry it was decides no verdict, as long as it is stated.
        timestamp.text().and(insert_id.text())?;
        absent([json_payload, text_payload, http_request, strayed])?;
        let operation_is_odd = operation.as_ref().is_some_and(|operation: &Operation<'_>| operation.has_wrong());
        if receive_timestamp.is_wrong() || operation.is_wrong() || operation_is_odd || !matches!(split, Field::Absent) {
            return None;
        }
        log_name.text()?;
        let mut put = Put { out: &mut self.entry };
        put.text(log_name)?;
        let Resource { kind, labels, marker: _ } = resource.as_ref()?;
        put.text(kind)?;
        put.member(labels, |put, labels| {
            let Labels { project_id, location, zone, region, marker: _ } = labels;
            [project_id, location, zone, region].into_iter().try_for_each(|label| put.text(label))
        })?;
        let label = labels.as_ref().and_then(|labels| labels.project_id.text());
        let audit = proto_payload.as_ref()?;
        put.audit(audit, [log_name.text(), label], catalogue)?;
        audit.authentication_info.as_ref().map_or(Some(()), |info| Put { out: &mut self.caller }.authentication(info))
    }
}

fn absent<T, const N: usize>(fields: [&Field<T>; N]) -> Option<()> {
    fields.into_iter().all(|field| matches!(field, Field::Absent)).then_some(())
}

struct Put<'o> {
    out: &'o mut Vec<u8>,
}

impl Put<'_> {
    fn audit(&mut self, audit: &AuditLog<'_>, above: [Option<&str>; 2], catalogue: &Catalogue) -> Option<()> {
        let AuditLog {
            type_url,
            service_name,
            method_name,
            resource_name,
            resource_location,
            status,
            // Stands apart: an entry has one verdict whoever called, but for what the caller's own flags say.
            authentication_info: _,
            authorization_info,
            request,
            metadata,
            strayed,
            service_data,
            marker: _,
        } = audit;
        if audit.authentication_info.is_wrong() || !matches!(service_data, Field::Absent) {
            return None;
        }
        absent([strayed])?;
        type_url.text()?;
        [type_url, service_name, method_name].into_iter().try_for_each(|text| self.text(text))?;
        let service = catalogue.find(service_name.text()?, method_name.text().unwrap_or_default());
        let (kind, resource) = (service.map(|service| service.kind), resource_name.text());
        // A job's own name is one of the things that its verdict reads.
        if kind == Some(ServiceKind::BigqueryJob) || resource_name.is_wrong() {
            return None;
        }
        self.resource(resource, kind);
        self.member(resource_location, |put, location| {
            let ResourceLocation { current_locations, marker: _ } = location;
            put.member(current_locations, |put, places| places.iter().try_for_each(|place| put.text(place)))
        })?;
        self.member(status, |put, status| {
            let Status { code, message, marker: _ } = status;
            put.known(code.as_ref().copied());
            (!code.is_wrong() && !message.is_wrong()).then_some(())
        })?;
        self.member(authorization_info, |put, checks| {
            put.out.push(u8::try_from(checks.len()).ok()?);
            checks.iter().try_for_each(|check| put.member(check, |put, check| put.check(check, resource)))
        })?;
        let mut named = [above[0], above[1], None, None, None];
        if let Some(Request { parent, topic, read_stream, .. }) = request.as_ref() {
            [named[2], named[3], named[4]] = [parent.text(), topic.text(), read_stream.text()];
        }
        // Evidence that quotes another field may quote the resource as well.
        self.out.extend(named.map(|text| u8::from(text.is_some() && text == resource)));
        self.member(request, |put, request| {
            let Request { parent, topic, read_stream, labels, marker: _ } = request;
            [parent, topic, read_stream].into_iter().try_for_each(|text| put.text(text))?;
            put.member(labels, |put, TextMap(labels)| {
                put.known(i64::try_from(labels.len()).ok());
                labels.iter().for_each(|(key, value)| {
                    put.bytes(key.as_bytes());
                    put.bytes(value.as_bytes());
                });
                Some(())
            })
        })?;
        self.member(metadata, |put, metadata| put.metadata(metadata))
    }

    /// The parts of a resource's name that rules of a kind read.
    fn resource(&mut self, resource: Option<&str>, kind: Option<ServiceKind>) {
        let Some(name) = resource else { return self.out.push(0) };
        self.out.push(1);
        self.optional(project_of(name));
        self.optional(location_of(name));
        match kind {
            Some(ServiceKind::Client) => self.out.push(u8::from(name.contains("/locations/"))),
            Some(ServiceKind::Pubsub) => self.optional(name.split('/').nth(2)),
            Some(ServiceKind::VertexAi) => match model_of(name) {
                None => self.out.push(0),
                Some((publisher, model, version)) => {
                    self.out.push(1);
                    self.bytes(publisher.as_bytes());
                    self.bytes(model.as_bytes());
                    self.optional(version);
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

    fn check(&mut self, check: &AuthorizationInfo<'_>, named: Option<&str>) -> Option<()> {
        let AuthorizationInfo { resource, permission, granted, marker: _ } = check;
        if resource.text().is_some() && resource.text() == named {
            self.out.push(3);
        } else {
            self.text(resource)?;
        }
        self.text(permission)?;
        self.flag(granted)
    }

    fn metadata(&mut self, metadata: &ServiceMetadata<'_>) -> Option<()> {
        let ServiceMetadata {
            destination,
            job_change,
            job_insertion,
            table_data_read,
            table_data_change,
            table_creation,
            table_change,
            table_deletion,
            routine_creation,
            model_creation,
            dataset_creation,
            marker: _,
        } = metadata;
        absent([job_change, job_insertion])?;
        absent([table_data_read, table_data_change, table_creation, table_change, table_deletion])?;
        absent([routine_creation, model_creation, dataset_creation])?;
        self.out.push(u8::from(destination.as_ref().is_some()));
        (!destination.is_wrong()).then_some(())
    }

    fn authentication(&mut self, info: &AuthenticationInfo<'_>) -> Option<()> {
        let AuthenticationInfo {
            principal_email,
            principal_subject,
            service_account_key_name,
            strayed,
            delegation,
            marker: _,
        } = info;
        absent([strayed])?;
        let texts = [principal_email, principal_subject, service_account_key_name];
        texts.into_iter().try_for_each(|text| self.text(text))?;
        self.member(delegation, |put, links| {
            put.out.push(u8::try_from(links.len()).ok()?);
            links.iter().try_for_each(|link| {
                put.member(link, |put, Delegation { first_party, principal_subject, marker: _ }| {
                    put.member(first_party, |put, FirstParty { principal_email, marker: _ }| {
                        put.text(principal_email)
                    })?;
                    put.text(principal_subject)
                })
            })
        })
    }

    /// A field and what is in it; `None` when it has the wrong type.
    fn member<T>(&mut self, field: &Field<T>, put: impl FnOnce(&mut Self, &T) -> Option<()>) -> Option<()> {
        match field {
            Field::Absent => {
                self.out.push(0);
                Some(())
            }
            Field::Is(value) => {
                self.out.push(1);
                put(self, value)
            }
            Field::Wrong => None,
        }
    }

    fn text(&mut self, text: &Text<'_>) -> Option<()> {
        self.member(text, |put, text| {
            put.bytes(text.as_bytes());
            Some(())
        })
    }

    fn flag(&mut self, flag: &Field<bool>) -> Option<()> {
        self.member(flag, |put, flag| {
            put.out.push(u8::from(*flag));
            Some(())
        })
    }

    fn optional(&mut self, text: Option<&str>) {
        self.out.push(u8::from(text.is_some()));
        text.into_iter().for_each(|text| self.bytes(text.as_bytes()));
    }

    fn known(&mut self, number: Option<i64>) {
        self.out.push(u8::from(number.is_some()));
        self.out.extend(number.unwrap_or_default().to_le_bytes());
    }

    /// A text with its length, so that no two lists of texts look alike.
    fn bytes(&mut self, text: &[u8]) {
        self.out.extend((text.len() as u64).to_le_bytes());
        self.out.extend_from_slice(text);
    }
}
