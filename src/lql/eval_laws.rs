//! The laws of evaluation, over generated filters and entries.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::eval_rules::compiled;
use super::parse::parse;
use super::{Compiled, Options, Schema};

fn json_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        prop::sample::select(vec![
            "a",
            "A",
            "b",
            "9",
            "10",
            "ERROR",
            "2026-10-05T08:00:00Z",
            "1.5s",
            "10.0.0.1",
            "true",
            ""
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..12).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..5).prop_map(|fields| json!(fields)),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "b",
        "A",
        "a_b",
        "aB",
        "logName",
        "severity",
        "timestamp",
        "trace",
        "httpRequest",
        "status",
        "latency",
        "labels",
        "jsonPayload",
        "protoPayload",
        "serviceName",
        "service_name",
        "authorizationInfo",
        "granted",
        "resource",
        "type",
        "operation",
        "first",
        "metadata",
    ])
    .prop_map(str::to_owned)
}

/// An entry in which the names of filters meet often.
pub(super) fn entry() -> impl Strategy<Value = Value> {
    prop_oneof![4 => prop::collection::btree_map(name(), json_value(), 0..8).prop_map(|fields| json!(fields)), 1 => json_value()]
}

fn restriction() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec![
        "jsonPayload.a",
        "jsonPayload.aB.b",
        "labels.a",
        "labels.a_b",
        "protoPayload.serviceName",
        "protoPayload.service_name",
        "protoPayload.authorizationInfo.granted",
        "protoPayload.metadata.a",
        "protoPayload.a_b",
        "severity",
        "timestamp",
        "trace",
        "httpRequest.status",
        "httpRequest.latency",
        "operation.first",
        "resource.type",
        "resource.labels.a",
        "jsonPayload",
        "labels",
        "protoPayload",
        "cast(jsonPayload.a, INT64)",
        "cast(timestamp, STRING)",
        "regexp_extract(jsonPayload.a, \"(.)\")",
    ]);
    let op = prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">=", ":", "=~", "!~"]);
    let value = prop::sample::select(vec![
        "a",
        "\"\"",
        "9",
        "ERROR",
        "\"2026-10-05\"",
        "\"1s\"",
        "true",
        "NULL_VALUE",
        "(a OR 9 OR b)",
        "(a b)",
        "(NOT a)",
        "*",
    ]);
    prop_oneof![
        6 => (field, op, value).prop_map(|(field, op, value)| {
            let op = if value == "*" { ":" } else { op };
            format!("{field}{op}{value}")
        }),
        1 => prop::sample::select(vec![
            "a", "log_id(\"a\")", "source(projects/a)", "ip_in_net(jsonPayload.a, \"10.0.0.0/8\")", "SEARCH(\"a\")", "SEARCH(labels, \"a b\")",
        ]).prop_map(str::to_owned),
    ]
}

/// Some conditions of which all, any or none must hold.
pub(super) fn filter() -> impl Strategy<Value = String> {
    let any = || prop::collection::vec(restriction(), 1..4).prop_map(|parts| format!("({})", parts.join(" OR ")));
    let clause = prop_oneof![4 => restriction(), 2 => any(), 1 => any().prop_map(|group| format!("NOT {group}"))];
    prop::collection::vec(clause, 0..4).prop_map(|clauses| clauses.join(" AND "))
}

proptest! {
    #[test]
    fn a_record_is_selected_exactly_if_its_entry_is(filter in prop::collection::vec(restriction(), 1..4), entry in entry()) {
        let filter = filter.join(" OR ");
        let compiled = compiled(&filter).unwrap();
        let record = serde_json::to_vec(&entry).unwrap();
        prop_assert_eq!(compiled.matches_record(&record).unwrap(), compiled.matches(&entry), "{}", filter);
    }

    #[test]
    fn and_or_and_not_are_those_of_logic(left in restriction(), right in restriction(), entry in entry()) {
        let of = |filter: String| compiled(&filter).unwrap().matches(&entry);
        let (a, b) = (of(left.clone()), of(right.clone()));
        prop_assert_eq!(of(format!("{left} AND {right}")), a && b);
        prop_assert_eq!(of(format!("{left} OR {right}")), a || b);
        prop_assert_eq!(of(format!("NOT {left}")), !a);
        prop_assert_eq!(of(format!("NOT ({left} OR {right})")), of(format!("NOT {left} AND NOT {right}")));
        prop_assert_eq!(of(format!("{left} OR NOT {left}")), true);
    }

    #[test]
    fn unequal_is_not_equal_only_where_there_is_one_value(value in json_value()) {
        let entry = json!({"jsonPayload": {"a": value.clone()}});
        let of = |filter: &str| compiled(filter).unwrap().matches(&entry);
        match value {
            Value::String(_) => {
                prop_assert_eq!(of("jsonPayload.a!=\"b\""), !of("jsonPayload.a=\"b\""));
                prop_assert_eq!(of("jsonPayload.a!~\"b\""), !of("jsonPayload.a=~\"b\""));
            }
            Value::Null | Value::Object(_) => prop_assert!(!of("jsonPayload.a!=\"b\"") && !of("jsonPayload.a=\"b\"")),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) => {}
        }
        prop_assert!(!of("jsonPayload.gone!=\"b\"") && of("NOT jsonPayload.gone=\"b\""));
    }

    #[test]
    fn a_list_of_values_is_the_comparisons_one_by_one(entry in entry(), field in prop::sample::select(vec![
        "jsonPayload.a", "protoPayload.a", "severity", "labels.a", "httpRequest.status", "trace"])) {
        for op in ["=", "!=", ":", "<", "=~"] {
            for word in ["OR", "AND"] {
                let list = format!("{field}{op}(\"a\" {word} \"9\" {word} \"error\")");
                let each = format!("({field}{op}\"a\" {word} {field}{op}\"9\" {word} {field}{op}\"error\")");
                prop_assert_eq!(compiled(&list).unwrap().matches(&entry), compiled(&each).unwrap().matches(&entry), "{}", list);
            }
        }
    }

    #[test]
    fn any_filter_that_reads_selects_or_is_refused(
        parts in prop::collection::vec(prop_oneof![
            restriction(),
            prop::sample::select(vec!["(", ")", "NOT", "OR", "AND", "-", "thud=1", "sample(trace, 0.5)", "cast(a)", "SEARCH()", "\"\\"])
                .prop_map(str::to_owned),
        ], 0..6),
        entry in entry(),
    ) {
        let options = Options { local_sample: true };
        if let Ok(Ok(filter)) = parse(&parts.join(" ")).map(|expr| Compiled::with(&expr, &Schema::log_entry(), options)) {
            filter.matches(&entry);
        }
    }

    #[test]
    fn any_pattern_compiles_or_is_refused(pattern in any::<String>()) {
        if let Ok(regex) = super::re2::compile(&pattern) {
            regex.is_match(b"some text");
        }
    }
}
