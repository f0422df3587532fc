//! Projects as Resource Manager writes them: v1 (also `gcloud projects list --format=json`) and v3.

use serde_json::Value;

use super::fields::{ancestor, labels, number, number_in_name, text};
use crate::gcp::project_ref::ProjectRef;
use crate::model::directory::Entry;
use crate::model::payer::PayerName;

/// Reads a record that is a project of v1 or v3; `None` if it is none.
pub(super) fn listed(value: &Value) -> Result<Option<Entry>, String> {
    // In a record of its own `project_id` is a heading of flat billing rows.
    if value.get("projectId").is_some() { project(value) } else { Ok(None) }
}

/// Reads a project of v1 or v3 in either spelling of its keys; `None` if it has no id. Projects that are about to be
/// deleted count as well: the logs still name them.
pub(super) fn project(value: &Value) -> Result<Option<Entry>, String> {
    let Some(written) = text(value, &["projectId", "project_id"]) else {
        return Ok(None);
    };
    let name = text(value, &["name"]);
    // v3 has the number in the name and the name elsewhere.
    let name_number = name.filter(|name| name.starts_with("projects/")).and_then(number_in_name);
    let display_name = text(value, &["displayName", "display_name"]).or(name.filter(|_| name_number.is_none()));
    Ok(Some(Entry {
        id: id("projectId", written)?,
        number: number(value, &["projectNumber", "project_number"])?.or(name_number),
        name: display_name.map(str::to_owned),
        labels: labels(value),
        ancestors: parent(value).into_iter().collect(),
    }))
}

/// A project id with a plain colon.
pub(super) fn id(field: &str, written: &str) -> Result<String, String> {
    let reference = match ProjectRef::parse(written) {
        id @ ProjectRef::Id(_) => id.to_payer_ref(),
        ProjectRef::Number { .. } | ProjectRef::Wildcard | ProjectRef::Invalid => None,
    };
    match reference.map(|reference| reference.name) {
        Some(PayerName::Id(id)) => Ok(id.into()),
        Some(PayerName::Number(_)) | None => Err(format!("{field} `{written}` is not a project id")),
    }
}

/// The parent: `{id, type}` in v1, `folders/N` in v3.
fn parent(value: &Value) -> Option<String> {
    match value.get("parent")? {
        Value::String(name) => ancestor(name),
        parent => {
            let id = text(parent, &["id"])?;
            match text(parent, &["type"])? {
                "folder" => Some(format!("folders/{id}")),
                "organization" => Some(format!("organizations/{id}")),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::gcp::inventory::tests::{ads, entries};

    const GCLOUD: &str = r#"[{"createTime":"2026-01-09T10:11:12.345Z","labels":{"bu":"ads"},"lifecycleState":"ACTIVE","name":"Ads prod",
  "parent":{"id":"876","type":"folder"},"projectId":"ads-prod","projectNumber":"73829149210"},
  {"lifecycleState":"DELETE_REQUESTED","name":"Old","projectId":"old-project","projectNumber":"415104041262",
  "parent":{"id":"123","type":"organization"}}]"#;

    #[test]
    fn gcloud_lists_projects_with_number_name_labels_and_parent() {
        let entries = entries(GCLOUD);
        assert_eq!(entries[0], ads(Some("Ads prod"), &[("bu", "ads")], &["folders/876"]));
        assert_eq!((entries[1].id.as_str(), entries[1].number), ("old-project", Some(415_104_041_262)));
        assert_eq!(entries[1].ancestors, ["organizations/123"]);
    }

    #[test]
    fn version_3_has_the_number_in_the_name() {
        let project = r#"{"name":"projects/73829149210","parent":"folders/876","projectId":"ads-prod","state":"ACTIVE",
        "displayName":"Ads prod","labels":{"bu":"ads"}}"#;
        let expected = [ads(Some("Ads prod"), &[("bu", "ads")], &["folders/876"])];
        assert_eq!(entries(&format!(r#"{{"projects":[{project}],"nextPageToken":""}}"#)), expected);
        assert_eq!(entries(&format!("[{project}]")), expected);
        assert_eq!(entries(&format!("\u{feff}{project}\r\n{{}}")), expected);
    }
}
