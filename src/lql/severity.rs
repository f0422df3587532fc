//! Severities: names in any case, and the numbers that order them.

use std::borrow::Cow;

/// The names of severities, lowest first. Source: `LogSeverity` of the Logging API.
const SEVERITIES: [(&str, i64); 9] = [
    ("DEFAULT", 0),
    ("DEBUG", 100),
    ("INFO", 200),
    ("NOTICE", 300),
    ("WARNING", 400),
    ("ERROR", 500),
    ("CRITICAL", 600),
    ("ALERT", 700),
    ("EMERGENCY", 800),
];

/// A severity by name, in any case, or number.
pub(super) fn severity(text: &str) -> Option<i64> {
    let named = SEVERITIES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, number)| *number);
    named.or_else(|| text.parse().ok())
}

pub(super) fn severity_text(number: i64) -> Cow<'static, str> {
    let known = SEVERITIES.iter().find(|(_, known)| *known == number);
    known.map_or_else(|| Cow::Owned(number.to_string()), |(name, _)| Cow::Borrowed(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_has_a_name_or_a_number() {
        assert_eq!(severity("warning"), Some(400));
        assert_eq!(severity("250"), Some(250));
        assert_eq!(severity("warn"), None);
        assert_eq!((severity_text(800), severity_text(250)), ("EMERGENCY".into(), "250".into()));
    }
}
