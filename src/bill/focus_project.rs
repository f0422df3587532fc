//! The project that a row of FOCUS charges, with what Google's columns and billtrail's own add: number, labels and what holds it.

use std::collections::BTreeMap;

use super::focus_column::FocusColumn;
use crate::model::bill_record::{BillRecord, RecordProblem};
use crate::model::directory::Entry;
use crate::provider::ancestry;

/// The project: a sub account that is all digits is named by its number.
///
/// # Errors
/// When what is told of it cannot be read: by it the mapping decides.
pub(super) fn project(record: &mut BillRecord) -> Result<Option<Entry>, RecordProblem> {
    let Some(id) = record.take(FocusColumn::SubAccountId as usize) else { return Ok(None) };
    let numbers = [FocusColumn::ProjectNumber, FocusColumn::ProjectRecordNumber];
    let number = numbers.iter().find_map(|column| Some((column, record.text(*column as usize)?)));
    let number = number.map(|(column, text)| {
        text.trim().parse().map_err(|_| RecordProblem::value(column.name(), text, "a project number"))
    });
    let ancestry = [FocusColumn::ProjectAncestry, FocusColumn::ProjectRecordAncestry]
        .iter()
        .find_map(|column| record.text(*column as usize))
        .map_or_else(Vec::new, |numbers| ancestry(Some(numbers)));
    Ok(Some(Entry {
        id,
        number: number.transpose()?,
        labels: labels(record)?,
        ancestors: ancestry,
        name: record.take(FocusColumn::SubAccountName as usize),
    }))
}

/// The labels, from nested columns or from a text of JSON: pairs of `Key` and `Value`, or an object.
fn labels(record: &BillRecord) -> Result<BTreeMap<String, String>, RecordProblem> {
    let keys = record.texts(FocusColumn::ProjectLabelKey as usize);
    let values = record.texts(FocusColumn::ProjectLabelValue as usize);
    // A label without a value would move all others to the wrong key.
    if !keys.is_empty() && keys.len() == values.len() {
        return Ok(keys.iter().cloned().zip(values.iter().cloned()).collect());
    }
    let Some(text) = record.text(FocusColumn::ProjectLabels as usize) else { return Ok(BTreeMap::new()) };
    match serde_json::from_str(text) {
        Ok(Labels::Pairs(pairs)) => Ok(pairs.into_iter().map(|pair| (pair.key, pair.value)).collect()),
        Ok(Labels::Object(labels)) => Ok(labels),
        Err(_) => {
            let expected = "a JSON array of objects with `Key` and `Value`";
            Err(RecordProblem::value(FocusColumn::ProjectLabels.name(), text, expected))
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Labels {
    Pairs(Vec<Pair>),
    Object(BTreeMap<String, String>),
}

#[derive(serde::Deserialize)]
struct Pair {
    #[serde(alias = "Key")]
    key: String,
    #[serde(alias = "Value", default)]
    value: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[(FocusColumn, &str)]) -> Result<Option<Entry>, RecordProblem> {
        let mut record = BillRecord::of_width(FocusColumn::ALL.len());
        for (column, text) in values {
            record.put(*column as usize, (*text).to_owned());
        }
        project(&mut record)
    }

    #[test]
    fn a_project_is_told_in_columns_or_in_a_record() {
        let flat = told(&[
            (FocusColumn::SubAccountId, "ads-prod"),
            (FocusColumn::ProjectNumber, "7"),
            (FocusColumn::ProjectAncestry, "/1/22/"),
            (FocusColumn::ProjectLabels, r#"[{"Key":"team","Value":"ads"},{"Key":"empty"}]"#),
        ]);
        let nested = told(&[
            (FocusColumn::SubAccountId, "ads-prod"),
            (FocusColumn::ProjectRecordNumber, "7"),
            (FocusColumn::ProjectRecordAncestry, "/1/22/"),
            (FocusColumn::ProjectLabelKey, "team"),
            (FocusColumn::ProjectLabelValue, "ads"),
            (FocusColumn::ProjectLabelKey, "empty"),
            (FocusColumn::ProjectLabelValue, ""),
        ]);
        let project = flat.clone().expect("readable").expect("a project");
        assert_eq!(project.ancestors, ["folders/22", "organizations/1"]);
        assert_eq!((project.number, project.labels.len()), (Some(7), 2));
        assert_eq!(flat, nested);
    }

    #[test]
    fn labels_that_cannot_be_read_are_named() {
        let problem = told(&[(FocusColumn::SubAccountId, "a"), (FocusColumn::ProjectLabels, "team=ads")]);
        assert!(problem.expect_err("no JSON").to_string().contains("`x_ProjectLabels` is `team=ads`"));
    }
}
