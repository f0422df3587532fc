//! What the strict path reads of an entry, as the entry that the walk over its tokens should find: for tests and fuzzing.

use std::borrow::Cow;

use billtrail::gcp::bigquery_entry::{BigQueryServiceData, ServiceMetadata};
use billtrail::gcp::lenient::{Field, Text, TextMap};
use billtrail::gcp::log_entry as read;
use billtrail::gcp::plain::{
    Audit, Authentication, Check, Checked, Delegation, Labels, List, Operation, Plain, Request, Resource,
};

/// The plain entry that a log entry is; `None` when it is not plain. Every field is named: one that is added needs a decision.
pub fn plain_of<'e>(entry: &'e read::LogEntry<'e>) -> Option<Plain<'e>> {
    let read::LogEntry {
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
    absent(split)?;
    [json_payload, text_payload, http_request, strayed].into_iter().try_for_each(absent)?;
    let plain_labels = |labels: &'e read::Labels<'e>| {
        let read::Labels { project_id, location, zone, region, marker: _ } = labels;
        let [project_id, location, zone, region] = [text(project_id)?, text(location)?, text(zone)?, text(region)?];
        Some(Labels { project_id, location, zone, region })
    };
    let read::Resource { kind, labels, marker: _ } = resource.as_ref()?;
    let resource = Resource { kind: text(kind)?, labels: inside(optional(labels)?.map(plain_labels))? };
    let plain_operation = |operation: &'e read::Operation<'e>| {
        let read::Operation { id, producer, first, last, marker: _ } = operation;
        let (first, last) = (optional(first)?.copied(), optional(last)?.copied());
        Some(Operation { id: text(id)?, producer: text(producer)?, first, last })
    };
    Some(Plain {
        log_name: stated(log_name)?,
        timestamp: stated(timestamp)?,
        receive_timestamp: text(receive_timestamp)?,
        insert_id: stated(insert_id)?,
        resource,
        operation: inside(optional(operation)?.map(plain_operation))?,
        audit: audit(proto_payload.as_ref()?)?,
    })
}

fn audit<'e>(audit: &'e read::AuditLog<'e>) -> Option<Audit<'e>> {
    let read::AuditLog {
        type_url,
        service_name,
        method_name,
        resource_name,
        resource_location,
        status,
        authentication_info,
        authorization_info,
        request,
        metadata,
        strayed,
        service_data,
        marker: _,
    } = audit;
    absent(strayed)?;
    let places = |location: &'e read::ResourceLocation<'e>| {
        let read::ResourceLocation { current_locations, marker: _ } = location;
        inside(optional(current_locations)?.map(|places| list(places, |place| Some(place.as_ref()))))
    };
    let code = |status: &'e read::Status<'e>| {
        let read::Status { code, message, marker: _ } = status;
        optional(message)?;
        Some(optional(code)?.copied())
    };
    let check = |check: &'e read::AuthorizationInfo<'e>| {
        let read::AuthorizationInfo { resource, permission, granted, marker: _ } = check;
        let resource = match text(resource)? {
            None => Checked::Unstated,
            Some(text) if !text.is_empty() && Some(text) == resource_name.text() => Checked::Named,
            Some(text) => Checked::Other(text),
        };
        Some(Check { resource, permission: text(permission)?, granted: optional(granted)?.copied() })
    };
    Some(Audit {
        type_url: stated(type_url)?,
        service_name: stated(service_name)?,
        method_name: text(method_name)?,
        resource_name: text(resource_name)?.map(Cow::Borrowed),
        locations: inside(optional(resource_location)?.map(places))?,
        status: inside(optional(status)?.map(code))?,
        authentication: inside(optional(authentication_info)?.map(authentication))?,
        authorization: inside(optional(authorization_info)?.map(|checks| list(checks, check)))?,
        request: inside(optional(request)?.map(plain_request))?,
        metadata: inside(optional(metadata)?.map(|metadata| has_destination(metadata)))?,
        service_data: inside(optional(service_data)?.map(|data| is_of_others(data)))?.is_some(),
    })
}

fn plain_request<'e>(request: &'e read::Request<'e>) -> Option<Request<'e>> {
    let read::Request { parent, topic, read_stream, labels, marker: _ } = request;
    let sorted = |TextMap(labels): &'e TextMap<'e>| {
        let mut sorted = List::default();
        labels.iter().try_for_each(|(key, value)| sorted.push((key.as_str(), value.as_ref())))?;
        Some(sorted)
    };
    let labels = inside(optional(labels)?.map(sorted))?;
    Some(Request { parent: text(parent)?, topic: text(topic)?, read_stream: text(read_stream)?, labels })
}

fn authentication<'e>(info: &'e read::AuthenticationInfo<'e>) -> Option<Authentication<'e>> {
    let read::AuthenticationInfo {
        principal_email,
        principal_subject,
        service_account_key_name,
        strayed,
        delegation,
        marker: _,
    } = info;
    absent(strayed)?;
    let email = |party: &'e read::FirstParty<'e>| {
        let read::FirstParty { principal_email, marker: _ } = party;
        text(principal_email)
    };
    let link = |link: &'e read::Delegation<'e>| {
        let read::Delegation { first_party, principal_subject, marker: _ } = link;
        let first_party = inside(optional(first_party)?.map(email))?;
        Some(Delegation { first_party, principal_subject: text(principal_subject)? })
    };
    Some(Authentication {
        principal_email: text(principal_email)?,
        principal_subject: text(principal_subject)?,
        service_account_key_name: text(service_account_key_name)?,
        delegation: inside(optional(delegation)?.map(|links| list(links, link)))?,
    })
}

fn has_destination(metadata: &ServiceMetadata<'_>) -> Option<bool> {
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
    [job_change, job_insertion].into_iter().try_for_each(absent)?;
    [table_data_read, table_data_change, table_creation, table_change, table_deletion]
        .into_iter()
        .try_for_each(absent)?;
    [routine_creation, model_creation, dataset_creation].into_iter().try_for_each(absent)?;
    Some(optional(destination)?.is_some())
}

fn is_of_others(data: &BigQueryServiceData<'_>) -> Option<()> {
    let BigQueryServiceData {
        job_completed_event,
        job_insert_request,
        job_insert_response,
        job_query_request,
        job_query_response,
        job_get_query_results_response,
        marker: _,
    } = data;
    absent(job_completed_event)?;
    absent(job_query_request)?;
    [job_insert_request, job_insert_response].into_iter().try_for_each(absent)?;
    [job_query_response, job_get_query_results_response].into_iter().try_for_each(absent)
}

fn absent<T>(field: &Field<T>) -> Option<()> {
    matches!(field, Field::Absent).then_some(())
}

/// A field that may be absent; `None` when it has the wrong type.
fn optional<T>(field: &Field<T>) -> Option<Option<&T>> {
    (!field.is_wrong()).then(|| field.as_ref())
}

fn text<'e>(text: &'e Text<'e>) -> Option<Option<&'e str>> {
    Some(optional(text)?.map(AsRef::as_ref))
}

fn stated<'e>(field: &'e Text<'e>) -> Option<&'e str> {
    field.text()
}

/// What is in a field that may be absent; `None` when it was there and not plain.
fn inside<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}

fn list<'e, T, U: Copy + Default, const MOST: usize>(
    items: &'e [Field<T>],
    plain: impl Fn(&'e T) -> Option<U>,
) -> Option<List<U, MOST>> {
    let mut list = List::default();
    items.iter().try_for_each(|item| list.push(plain(item.as_ref()?)?))?;
    Some(list)
}
