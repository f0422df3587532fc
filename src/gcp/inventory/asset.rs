//! Assets: the project assets of a Cloud Asset Inventory export (lists, feeds and bucket files, keys in either
//! spelling) and of `gcloud asset search-all-resources`.

use serde_json::Value;

use super::Listed;
use super::fields::{ancestor, field, labels, number_in_name, text};
use super::resource_manager::{self, id};
use crate::gcp::project_ref::ProjectRef;
use crate::gcp::resource_name::project_of;
use crate::model::directory::Entry;

const PROJECT: &str = "cloudresourcemanager.googleapis.com/Project";
const OTHER_ASSET: &str = "export assets of type cloudresourcemanager.googleapis.com/Project";
const NO_CONTENT: &str = "export the assets with --content-type=resource";

/// Reads an asset; `None` if the value is none.
pub(super) fn listed(value: &Value) -> Result<Option<Listed>, String> {
    // Feeds and histories wrap the asset.
    let asset = field(value, &["asset"]).unwrap_or(value);
    let Some(kind) = text(asset, &["assetType", "asset_type"]) else {
        return Ok(None);
    };
    if kind != PROJECT {
        return Ok(Some(Listed::Nothing(OTHER_ASSET)));
    }
    let Some(mut entry) = described(asset)? else {
        return Ok(Some(Listed::Nothing(NO_CONTENT)));
    };
    let name = text(asset, &["name"]);
    let ancestors = ancestors(asset);
    entry.number = entry.number.or_else(|| {
        let names = [name, text(asset, &["project"]), names(asset, "ancestors").next()];
        names.into_iter().flatten().find_map(number_in_name)
    });
    if !ancestors.is_empty() {
        entry.ancestors = ancestors;
    }
    Ok(Some(Listed::Project(entry, String::new())))
}

/// The project that the asset's content describes, or that a search result describes.
fn described(asset: &Value) -> Result<Option<Entry>, String> {
    if let Some(data) = field(asset, &["resource"]).and_then(|resource| field(resource, &["data"])) {
        // A BigQuery export has the content as text.
        return match data.as_str().map(serde_json::from_str) {
            None => resource_manager::project(data),
            Some(Ok(parsed)) => resource_manager::project(&parsed),
            Some(Err(error)) => Err(format!("resource.data: {error}")),
        };
    }
    let attributes = field(asset, &["additionalAttributes", "additional_attributes"]);
    let written = match attributes.and_then(|attributes| text(attributes, &["projectId", "project_id"])) {
        Some(written) => written,
        None => match text(asset, &["name"]).and_then(project_of) {
            Some(token) if matches!(ProjectRef::parse(token), ProjectRef::Id(_)) => token,
            _ => return Ok(None),
        },
    };
    Ok(Some(Entry {
        id: id("projectId", written)?,
        name: text(asset, &["displayName", "display_name"]).map(str::to_owned),
        labels: labels(asset),
        ..Entry::default()
    }))
}

/// `ancestors` of an export, `folders` and `organization` of a search, else the parent alone; nearest first.
fn ancestors(asset: &Value) -> Vec<String> {
    let named: Vec<String> = names(asset, "ancestors").filter_map(ancestor).collect();
    if !named.is_empty() {
        return named;
    }
    let searched: Vec<String> =
        names(asset, "folders").chain(text(asset, &["organization"])).filter_map(ancestor).collect();
    if !searched.is_empty() {
        return searched;
    }
    let parent = field(asset, &["resource"]).and_then(|resource| text(resource, &["parent"]));
    parent.and_then(ancestor).into_iter().collect()
}

fn names<'a>(asset: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    asset.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use crate::gcp::inventory::tests::{ads, entries};

    #[test]
    fn an_asset_export_has_all_ancestors_in_either_spelling() {
        let data = r#"{"projectId":"ads-prod","projectNumber":"73829149210","name":"Ads prod","lifecycleState":"ACTIVE",
        "labels":{"bu":"ads"},"parent":{"id":"876","type":"folder"}}"#;
        let expected = [ads(Some("Ads prod"), &[("bu", "ads")], &["folders/876", "organizations/123"])];
        for (kind, version) in [("assetType", "discoveryName"), ("asset_type", "discovery_name")] {
            let asset = format!(
                r#"{{"name":"//cloudresourcemanager.googleapis.com/projects/73829149210","{kind}":"cloudresourcemanager.googleapis.com/Project",
            "resource":{{"version":"v1","{version}":"Project","parent":"//cloudresourcemanager.googleapis.com/folders/876","data":{data}}},
            "ancestors":["projects/73829149210","folders/876","organizations/123"]}}"#
            );
            let other = format!(r#"{{"name":"//x","{kind}":"compute.googleapis.com/Instance"}}"#);
            assert_eq!(entries(&format!("{other}\n{asset}")), expected);
            assert_eq!(entries(&format!(r#"{{"assets":[{asset}]}}"#)), expected);
            assert_eq!(entries(&format!(r#"{{"asset":{asset},"window":{{}}}}"#)), expected);
            let respelt = asset.replace("projectId", "project_id").replace("projectNumber", "project_number");
            assert_eq!(entries(&respelt), expected);
        }
    }

    #[test]
    fn asset_content_may_be_text_of_version_3() {
        let asset = r#"{"name":"//cloudresourcemanager.googleapis.com/projects/73829149210","asset_type":"cloudresourcemanager.googleapis.com/Project",
        "resource":{"version":"v3","parent":"//cloudresourcemanager.googleapis.com/folders/876",
        "data":"{\"name\":\"projects/73829149210\",\"projectId\":\"ads-prod\",\"displayName\":\"Ads prod\"}"}}"#;
        assert_eq!(entries(asset), [ads(Some("Ads prod"), &[], &["folders/876"])]);
    }

    #[test]
    fn a_search_result_has_the_id_in_its_name_or_attributes() {
        let rest = r#""assetType":"cloudresourcemanager.googleapis.com/Project","displayName":"Ads prod","project":"projects/73829149210",
        "folders":["folders/876"],"organization":"organizations/123","state":"ACTIVE","labels":{"bu":"ads"}"#;
        let expected = [ads(Some("Ads prod"), &[("bu", "ads")], &["folders/876", "organizations/123"])];
        let by_name = format!(r#"[{{"name":"//cloudresourcemanager.googleapis.com/projects/ads-prod",{rest}}}]"#);
        assert_eq!(entries(&by_name), expected);
        let by_attribute = format!(
            r#"{{"results":[{{"name":"//cloudresourcemanager.googleapis.com/projects/73829149210","additionalAttributes":{{"projectId":"ads-prod"}},{rest}}}]}}"#
        );
        assert_eq!(entries(&by_attribute), expected);
    }
}
