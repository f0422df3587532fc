//! The names of operators and functions, and what each function takes.

use super::ast::{Function, Op};
use super::escape::Use;

/// What stands at one place between the parentheses of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// A field.
    Field,
    /// A field if another argument follows, else a value.
    SearchField,
    /// A field, or a function that gives a value.
    FieldOrCall,
    /// A value.
    Value(Use),
    /// The name of a type.
    Type,
    /// `TIMEZONE(…)`
    Zone,
}

/// How a function may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signature {
    /// Arguments from the left; `SEARCH` drops the first, `cast` the last.
    pub slots: &'static [Slot],
    /// The fewest arguments.
    pub fewest: usize,
    /// An example.
    pub example: &'static str,
}

/// The types that `cast` knows.
pub(super) const TYPES: [&str; 6] = ["STRING", "INT64", "FLOAT64", "BOOL", "TIMESTAMP", "DURATION"];

/// Every function.
const FUNCTIONS: [Function; 8] = [
    Function::LogId,
    Function::Source,
    Function::Sample,
    Function::IpInNet,
    Function::Search,
    Function::Cast,
    Function::RegexpExtract,
    Function::Timezone,
];

impl Op {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Op::Eq => "=",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
            Op::Has => ":",
            Op::Matches => "=~",
            Op::NotMatches => "!~",
        }
    }

    /// What stands on its right.
    pub(super) fn operand_use(self) -> Use {
        match self {
            Op::Matches | Op::NotMatches => Use::Pattern,
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Has => Use::Plain,
        }
    }
}

impl Function {
    /// The name as it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Function::LogId => "log_id",
            Function::Source => "source",
            Function::Sample => "sample",
            Function::IpInNet => "ip_in_net",
            Function::Search => "SEARCH",
            Function::Cast => "cast",
            Function::RegexpExtract => "regexp_extract",
            Function::Timezone => "TIMEZONE",
        }
    }

    /// The function of a name in any case. `TIME_ZONE` is another spelling of `TIMEZONE`.
    pub fn named(name: &str) -> Option<Function> {
        if name.eq_ignore_ascii_case("TIME_ZONE") {
            return Some(Function::Timezone);
        }
        FUNCTIONS.into_iter().find(|function| name.eq_ignore_ascii_case(function.name()))
    }

    /// Whether it gives a value to compare, not true or false.
    pub(super) fn gives_a_value(self) -> bool {
        match self {
            Function::Cast | Function::RegexpExtract => true,
            Function::LogId
            | Function::Source
            | Function::Sample
            | Function::IpInNet
            | Function::Search
            | Function::Timezone => false,
        }
    }

    pub(super) fn signature(self) -> Signature {
        let (slots, fewest, example): (&'static [Slot], usize, &'static str) = match self {
            Function::LogId => (&[Slot::Value(Use::Plain)], 1, r#"log_id("cloudaudit.googleapis.com/activity")"#),
            Function::Source => (&[Slot::Value(Use::Plain)], 1, "source(projects/PROJECT)"),
            Function::Sample => (&[Slot::Field, Slot::Value(Use::Plain)], 2, "sample(insertId, 0.1)"),
            Function::IpInNet => {
                (&[Slot::Field, Slot::Value(Use::Plain)], 2, r#"ip_in_net(httpRequest.remoteIp, "192.0.2.0/24")"#)
            }
            Function::Search => {
                (&[Slot::SearchField, Slot::Value(Use::Plain)], 1, r#"SEARCH("words") or SEARCH(textPayload, "words")"#)
            }
            Function::Cast => (&[Slot::FieldOrCall, Slot::Type, Slot::Zone], 2, "cast(timestamp, STRING)"),
            Function::RegexpExtract => {
                (&[Slot::FieldOrCall, Slot::Value(Use::Pattern)], 2, r#"regexp_extract(textPayload, "took (\\d+)")"#)
            }
            Function::Timezone => (&[Slot::Value(Use::Plain)], 1, r#"TIMEZONE("Europe/Berlin")"#),
        };
        Signature { slots, fewest, example }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_their_names_in_any_case() {
        for function in FUNCTIONS {
            assert_eq!(Function::named(function.name()), Some(function));
            assert_eq!(Function::named(&function.name().to_uppercase()), Some(function));
            assert_eq!(Function::named(&function.name().to_lowercase()), Some(function));
        }
        assert_eq!(Function::named("Time_Zone"), Some(Function::Timezone));
        assert_eq!(Function::named("extract"), None);
    }
}
