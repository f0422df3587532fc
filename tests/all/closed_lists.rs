//! The closed lists of the contract: what the program prints, what `schema/` keeps, and what it enumerates.

use std::collections::BTreeMap;
use std::sync::Once;

use serde_json::{Value, json};

use super::contract::{BILL_GROUPINGS, CALLS, FILTERS, GROUPINGS, MEASURES, MONEY, names_of, schema};
use super::kept::{compare, printed, updating, write};
use super::world::root;

#[test]
fn the_kept_contract_is_what_the_program_prints() {
    compare("schema/contract.json", &printed(&["contract", "--format", "json"]));
}

#[test]
fn the_lists_of_columns_are_those_of_the_contract() {
    let contract: Value = serde_json::from_str(&printed(&["contract", "--format", "json"])).unwrap();
    assert_eq!(contract["schema_version"], json!(1));
    assert_eq!(names_of(&contract["calls_column"]), CALLS);
    assert_eq!(names_of(&contract["report_measure"]), MEASURES);
    assert_eq!(names_of(&contract["report_filter"]), FILTERS);
    assert_eq!(names_of(&contract["report_grouping"]), [&GROUPINGS[..], &BILL_GROUPINGS[..]].concat());
    assert_eq!(names_of(&contract["report_money"]), MONEY);
    for (name, members) in contract.as_object().unwrap().iter().filter(|(name, _)| *name != "schema_version") {
        assert!(!members.as_array().unwrap().is_empty(), "{name}");
        for member in members.as_array().unwrap() {
            let said = member.get("meaning").or(member.get("type"));
            assert!(said.and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{name}: {member}");
        }
        let mut names = names_of(members);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), members.as_array().unwrap().len(), "{name} holds a word twice");
    }
}

/// The closed lists that the program prints, by name.
fn printed_lists() -> BTreeMap<String, Vec<String>> {
    let contract: Value = serde_json::from_str(&printed(&["contract", "--format", "json"])).unwrap();
    let lists = contract.as_object().unwrap().iter().filter(|(_, members)| members.is_array());
    lists.map(|(name, members)| (name.clone(), names_of(members).into_iter().map(str::to_owned).collect())).collect()
}

#[test]
fn the_closed_lists_of_the_schemas_are_those_of_the_program() {
    write_lists_if_updating();
    for file in ["report.schema.json", "calls.schema.json"] {
        let schema = schema(file);
        let mut compared = 0;
        for (list, members) in printed_lists() {
            let known = &schema["$defs"][&list]["enum"];
            if !known.is_null() {
                compared += 1;
                assert_eq!(*known, json!(members), "{file}: {list}");
            }
        }
        assert!(compared >= 9, "{file}: only {compared} lists");
    }
}

/// Writes the closed lists of the schemas anew, before any test reads them.
pub fn write_lists_if_updating() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for file in ["report.schema.json", "calls.schema.json"].into_iter().filter(|_| updating()) {
            let path = root().join("schema").join(file);
            let schema = schema(file);
            let mut text = std::fs::read_to_string(&path).unwrap();
            for (list, members) in printed_lists() {
                let known = &schema["$defs"][&list]["enum"];
                if !known.is_null() && *known != json!(members) {
                    text = with_list(&text, &list, &members);
                }
            }
            write(&path, &text);
        }
    });
}

/// The text of a schema with another closed list: the lines between `"enum": [` and `]` of the definition.
fn with_list(text: &str, list: &str, members: &[String]) -> String {
    let definition = text.find(&format!("\n    \"{list}\": {{\n      \"description\"")).unwrap();
    let open = "\"enum\": [\n";
    let start = definition + text[definition..].find(open).unwrap() + open.len();
    let end = start + text[start..].find("\n      ]").unwrap();
    let lines: Vec<String> = members.iter().map(|member| format!("        \"{member}\"")).collect();
    format!("{}{}{}", &text[..start], lines.join(",\n"), &text[end..])
}

#[test]
fn what_both_schemas_define_is_the_same() {
    let (report, calls) = (schema("report.schema.json"), schema("calls.schema.json"));
    let mut shared = 0;
    for (name, definition) in report["$defs"].as_object().unwrap().iter().filter(|(name, _)| *name != "row") {
        if let Some(other) = calls["$defs"].get(name) {
            assert_eq!(definition, other, "{name}");
            shared += 1;
        }
    }
    assert!(shared > 15);
    for schema in [report, calls] {
        let id = schema["$id"].as_str().unwrap();
        assert!(id.ends_with(&format!(":{}", schema["properties"]["schema_version"]["const"])), "{id}");
    }
}
