//! Reads plain entries: one walk over the tokens of a record, that stops at the first thing that is odd.

use super::{
    Audit, Authentication, CHECKS, Check, Checked, Delegation, Labels, List, Operation, Plain, Request, Resource,
};
use crate::gcp::scan::{Indexed, Quoted, Walk};

/// Reads a record that is one plain entry. What is returned is what [`crate::gcp::log_entry::read`] reads of it.
pub fn read<'r>(record: Indexed<'r, '_>) -> Option<Plain<'r>> {
    let (mut walk, mut plain) = (Walk::new(record), Plain::default());
    entry(&mut walk, &mut plain)?;
    walk.is_at_end().then_some(plain)
}

/// Sets what was not set before: of fields that stand twice the last counts, which is left to others.
fn once<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    match place.replace(value?) {
        None => Some(()),
        Some(_) => None,
    }
}

fn entry<'r>(walk: &mut Walk<'r, '_>, plain: &mut Plain<'r>) -> Option<()> {
    let (mut log_name, mut timestamp, mut insert_id) = (None, None, None);
    let (mut found_resource, mut found_audit) = (None, None);
    walk.object(|walk, name| match name.as_bytes() {
        b"logName" => once(&mut log_name, walk.text()),
        b"timestamp" => once(&mut timestamp, walk.text()),
        b"receiveTimestamp" => once(&mut plain.receive_timestamp, walk.text()),
        b"insertId" => once(&mut insert_id, walk.text()),
        b"resource" => once(&mut found_resource, resource(walk)),
        b"operation" => once(&mut plain.operation, operation(walk)),
        b"protoPayload" => once(&mut found_audit, audit(walk, &mut plain.audit)),
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
    plain.log_name = stated(log_name)?;
    plain.timestamp = stated(timestamp)?;
    plain.insert_id = stated(insert_id)?;
    plain.resource = found_resource?;
    found_audit
}

/// A text that must be there and hold something.
fn stated(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
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

fn audit<'r>(walk: &mut Walk<'r, '_>, audit: &mut Audit<'r>) -> Option<()> {
    let (mut type_url, mut service_name, mut service_data, mut resource_name) = (None, None, None, None);
    // What each permission was checked on, as it is written.
    let mut on: List<Option<Quoted<'r>>, CHECKS> = List::default();
    walk.object(|walk, name| match name.as_bytes() {
        b"@type" => once(&mut type_url, walk.text()),
        b"serviceName" => once(&mut service_name, walk.text()),
        b"methodName" => once(&mut audit.method_name, walk.text()),
        b"resourceName" => once(&mut resource_name, walk.string()),
        b"resourceLocation" => once(&mut audit.locations, locations(walk)),
        b"status" => once(&mut audit.status, status(walk)),
        b"authenticationInfo" => once(&mut audit.authentication, authentication(walk)),
        b"authorizationInfo" => {
            once(&mut audit.authorization, Some(List::default()))?;
            authorization(walk, audit.authorization.as_mut()?, &mut on)
        }
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
    if let Some(name) = resource_name {
        audit.resource_name = Some(name.decoded()?);
    }
    let says_name = |on: &Quoted<'r>| match on.without_escapes() {
        // The name may be written in another way.
        Some(text) => audit.resource_name.as_deref() == Some(text),
        None => resource_name.as_ref() == Some(on),
    };
    for (check, on) in audit.authorization.iter_mut().flat_map(List::as_mut_slice).zip(on.as_slice()) {
        check.resource = match on {
            None => Checked::Unstated,
            Some(on) if !on.text.is_empty() && says_name(on) => Checked::Named,
            Some(on) => Checked::Other(on.without_escapes()?),
        };
    }
    audit.type_url = stated(type_url)?;
    audit.service_name = stated(service_name)?;
    audit.service_data = service_data.is_some();
    Some(())
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
        // Nobody uses it, but the strict path reads it, and refuses escapes that stand for no character.
        b"message" => once(&mut message, walk.string().and_then(Quoted::decoded)),
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

/// The checks, and beside each what it was on.
fn authorization<'r>(
    walk: &mut Walk<'r, '_>,
    checks: &mut List<Check<'r>, CHECKS>,
    named: &mut List<Option<Quoted<'r>>, CHECKS>,
) -> Option<()> {
    walk.array(|walk| {
        let (mut check, mut on) = (Check::default(), None);
        walk.object(|walk, name| match name.as_bytes() {
            b"resource" => once(&mut on, walk.string()),
            b"permission" => once(&mut check.permission, walk.text()),
            b"granted" => once(&mut check.granted, walk.flag()),
            _ => walk.skip(),
        })?;
        checks.push(check)?;
        named.push(on)
    })
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
    let sorted = labels.as_mut_slice();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0].0 != pair[1].0).then_some(labels)
}

fn metadata(walk: &mut Walk<'_, '_>) -> Option<bool> {
    let mut destination = None;
    walk.object(|walk, name| match name.as_bytes() {
        // Only that it is there counts, but the strict path refuses escapes that stand for no character here too.
        b"destination" => once(&mut destination, walk.string().and_then(Quoted::decoded)),
        // What BigQuery says of jobs and tables.
        b"jobChange" | b"jobInsertion" | b"tableDataRead" | b"tableDataChange" | b"tableCreation" | b"tableChange"
        | b"tableDeletion" | b"routineCreation" | b"modelCreation" | b"datasetCreation" => None,
        _ => walk.skip(),
    })?;
    Some(destination.is_some())
}
