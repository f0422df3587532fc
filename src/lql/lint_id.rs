//! The lints by name: what each finds, how bad that is, and why it matters.

use crate::model::closed_list::closed_list;

closed_list! {
    /// What can be found in a filter.
    pub enum LintId {
        UndefinedField = "undefined_field": "a field that no log entry has",
        TooLong = "too_long": "more than 20,000 characters, comments included",
        LowerCaseOperator = "lower_case_operator": "`and`, `or` or `not` that is not in upper case",
        MixedAndOr = "mixed_and_or": "AND and OR side by side without parentheses",
        NegatedList = "negated_list": "`!=` or `!~` with alternatives, which is nearly always true",
        HasOnIndexed = "has_on_indexed": "`:` on an indexed field where the whole value is given",
        RegexForLiteral = "regex_for_literal": "a regular expression where `=`, `:` or `:*` says the same",
        UnescapedDot = "unescaped_dot": "a dot in a regular expression that stands for any character",
        EncodedLogName = "encoded_log_name": "a log name with a `/` where the stored name has `%2F`",
        EncodedLogId = "encoded_log_id": "log_id with a `%2F` where the plain `/` is compared",
        UncorrelatedElements = "uncorrelated_elements": "conditions on one repeated message that different elements may meet",
        TimestampInSink = "timestamp_in_sink": "a time bound in the filter of a sink",
        Unbounded = "unbounded": "no bound on log, resource or time",
        GlobalRestriction = "global_restriction": "a text without a field, which is looked for in every field",
        OperatorType = "operator_type": "an operator that does not fit the field's type",
        SeverityValue = "severity_value": "a severity that does not exist",
        NullValue = "null_value": "a null value that is not tested the documented way",
        SingleQuotes = "single_quotes": "text in single quotes",
        UnquotedValue = "unquoted_value": "a value with special characters and no quotes",
        StructNumber = "struct_number": "a number compared with a field that holds numbers as text",
        FieldCase = "field_case": "a field name that is not in its documented spelling",
        TimestampLiteral = "timestamp_literal": "a text that is no time, compared with a time",
        EmptyValue = "empty_value": "an empty text among the values",
        DuplicateClause = "duplicate_clause": "the same clause or value twice",
    }
}

closed_list! {
    /// How bad a finding is.
    pub enum Severity {
        Error = "error": "Cloud Logging refuses the filter",
        Warning = "warning": "Cloud Logging accepts the filter, but it may not do what was meant, or be slow",
    }
}

closed_list! {
    /// Where a filter is going to be used.
    pub enum Context {
        Query = "query": "a search in stored logs",
        Sink = "sink": "the filter of a sink, an exclusion or a metric, applied to entries as they arrive",
    }
}

impl LintId {
    /// How bad a finding of this lint is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::UndefinedField | Self::TooLong => Severity::Error,
            Self::LowerCaseOperator
            | Self::MixedAndOr
            | Self::NegatedList
            | Self::HasOnIndexed
            | Self::RegexForLiteral
            | Self::UnescapedDot
            | Self::EncodedLogName
            | Self::EncodedLogId
            | Self::UncorrelatedElements
            | Self::TimestampInSink
            | Self::Unbounded
            | Self::GlobalRestriction
            | Self::OperatorType
            | Self::SeverityValue
            | Self::NullValue
            | Self::SingleQuotes
            | Self::UnquotedValue
            | Self::StructNumber
            | Self::FieldCase
            | Self::TimestampLiteral
            | Self::EmptyValue
            | Self::DuplicateClause => Severity::Warning,
        }
    }

    /// Why a finding of this lint matters, in one sentence.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UndefinedField => "Cloud Logging refuses a filter that names an undefined field.",
            Self::TooLong => "Cloud Logging refuses filters of more than 20,000 characters.",
            Self::LowerCaseOperator => {
                "Only AND, OR and NOT in upper case are operators; in lower case they are words that every field is searched for."
            }
            Self::MixedAndOr => {
                "OR binds tighter than AND here, unlike in most languages, so readers and other tools get it wrong."
            }
            Self::NegatedList => {
                "The operator is applied to each alternative, and a value always differs from one of two."
            }
            Self::HasOnIndexed => "`:` looks for a part of the text and cannot use the index; an equality can.",
            Self::RegexForLiteral => {
                "Regular expressions are slower, cannot use the index and heed upper and lower case."
            }
            Self::UnescapedDot => "The pattern also matches texts that have another character in this place.",
            Self::EncodedLogName => "Log names are stored with `%2F`, so the comparison never finds an entry.",
            Self::EncodedLogId => "log_id compares the decoded name, so an encoded argument never finds an entry.",
            Self::UncorrelatedElements => {
                "Each condition may be met by another element of the list, so entries are found that were not meant."
            }
            Self::TimestampInSink => "A sink sees entries as they arrive, so a fixed time stops it or does nothing.",
            Self::Unbounded => {
                "Everything in the scope is scanned; log, resource and time are indexed and cut the search short."
            }
            Self::GlobalRestriction => {
                "Every field of every entry is searched, which is slow and finds the text in unexpected places."
            }
            Self::OperatorType => {
                "How this operator treats a value that is no text is not documented, and an index is not used."
            }
            Self::SeverityValue => "A comparison with an unknown severity is false for every entry.",
            Self::NullValue => "Only an unquoted NULL_VALUE is null, and `!=` is false where the field is missing.",
            Self::SingleQuotes => "Only double quotes are documented.",
            Self::UnquotedValue => "Such values must be quoted; unquoted they are accepted by chance or not at all.",
            Self::StructNumber => {
                "64-bit numbers are written as text in these fields, and texts are ordered letter by letter: \"9\" is after \"10\"."
            }
            Self::FieldCase => {
                "Other spellings are accepted for some fields only and select nothing in exports and other tools."
            }
            Self::TimestampLiteral => "A comparison with something that is no time is false for every entry.",
            Self::EmptyValue => "Every text contains the empty text, and few fields equal it.",
            Self::DuplicateClause => "The second one changes nothing; something else was probably meant.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lint_has_a_reason_of_its_own() {
        let reasons: std::collections::HashSet<&str> = LintId::ALL.iter().map(|id| id.reason()).collect();
        assert_eq!(reasons.len(), LintId::ALL.len());
        assert!(reasons.iter().all(|reason| reason.ends_with('.')));
    }
}
