//! How selectors are written: reads the cells `project` and `within`, and names a selector in messages.

use std::fmt;

use super::mapping_error::MappingProblem;
use super::mapping_pattern::Pattern;
use super::mapping_selector::{Calls, Label, Projects, Selector};

impl Projects {
    /// Reads what names projects: `ID`, `NUMBER`, `number:N`, a pattern, `label:KEY=VALUE`, `folder:N` or `org:N`.
    pub(super) fn parse(text: &str) -> Result<Self, MappingProblem> {
        if let Some(label) = behind(text, "label:") {
            return Ok(Self::Label(Label::parse(label)?));
        }
        if let Some(folder) = behind(text, "folder:") {
            return number(folder).map(Self::Folder).ok_or_else(|| MappingProblem::BadContainer(text.to_owned()));
        }
        if let Some(org) = behind(text, "org:") {
            return number(org).map(Self::Organization).ok_or_else(|| MappingProblem::BadContainer(text.to_owned()));
        }
        let impossible = || MappingProblem::ImpossibleProject(text.to_owned());
        if text.contains(['*', '?', '[']) {
            // Outside these characters a pattern cannot match any id.
            let possible = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:*?[]!^".contains(c);
            if !text.chars().all(possible) {
                return Err(impossible());
            }
            return pattern(text).map(Self::Glob);
        }
        // Reports show an unresolved payer as `number:N`.
        let digits = text.strip_prefix("number:").unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return number(digits).map(Self::Number).ok_or_else(impossible);
        }
        if is_project_id(text) { Ok(Self::Id(text.to_owned())) } else { Err(impossible()) }
    }
}

impl Selector {
    /// Reads the cells `project` and `within` of a row.
    pub(super) fn parse(text: &str, within: &str) -> Result<Self, MappingProblem> {
        let calls = match (behind(text, "job-label:"), behind(text, "principal:")) {
            (Some(label), _) => Calls::JobLabel(Label::parse(label)?),
            (None, Some("")) => return Err(MappingProblem::NoPrincipal),
            (None, Some(principal)) => Calls::Principal(pattern(principal)?),
            (None, None) if !within.is_empty() => return Err(MappingProblem::WithinOnProjects),
            (None, None) => return Projects::parse(text).map(Self::Projects),
        };
        let within = if within.is_empty() { None } else { Some(Projects::parse(within)?) };
        Ok(Self::Calls { calls, within })
    }
}

impl Label {
    /// Reads `KEY=VALUE`. Google allows lower-case letters, digits, `_` and `-`, up to 63 of them, in any script.
    /// Source: <https://cloud.google.com/resource-manager/docs/labels-overview#requirements>
    fn parse(text: &str) -> Result<Self, MappingProblem> {
        let possible = |part: &str| {
            let small = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || c == '_' || c == '-';
            part.chars().count() <= 63 && part.chars().all(small)
        };
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() && possible(key) && possible(value) => {
                Ok(Self { key: key.to_owned(), value: value.to_owned() })
            }
            _ => Err(MappingProblem::ImpossibleLabel(text.to_owned())),
        }
    }
}

/// The text behind a prefix in any case, without blanks around it.
pub(super) fn behind<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| rest.trim())
}

fn pattern(text: &str) -> Result<Pattern, MappingProblem> {
    Pattern::parse(text).map_err(|why| MappingProblem::BadGlob { glob: text.to_owned(), why })
}

/// A positive number without leading zeros.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && i64::try_from(*number).is_ok())
}

/// Whether a project can have this id, with or without a domain before it (`example.com:shop-prod`).
fn is_project_id(text: &str) -> bool {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (domain, id) = text.rsplit_once(':').map_or((None, text), |(domain, id)| (Some(domain), id));
    domain.is_none_or(|domain| !domain.is_empty() && domain.bytes().all(|byte| small(byte) || b".-".contains(&byte)))
        && (6..=30).contains(&id.len())
        && id.bytes().all(|byte| small(byte) || byte == b'-')
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && !id.ends_with('-')
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

impl fmt::Display for Projects {
    /// The selector with its noun: ``project `ads-prod` ``, ``glob `ads-*` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "project `{id}`"),
            Self::Number(number) => write!(f, "project number `{number}`"),
            Self::Glob(pattern) => write!(f, "glob `{}`", pattern.text()),
            Self::Label(label) => write!(f, "project label `{label}`"),
            Self::Folder(folder) => write!(f, "folder `{folder}`"),
            Self::Organization(organization) => write!(f, "organisation `{organization}`"),
        }
    }
}

impl fmt::Display for Selector {
    /// The selector with its noun, and the projects within which it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, within) = match self {
            Self::Projects(projects) => return projects.fmt(f),
            Self::Calls { calls, within } => (calls, within),
        };
        match calls {
            Calls::JobLabel(label) => write!(f, "job label `{label}`")?,
            Calls::Principal(pattern) => write!(f, "principal `{}`", pattern.text())?,
        }
        within.as_ref().map_or(Ok(()), |within| write!(f, " within {within}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Selector, MappingProblem> {
        Selector::parse(text, "")
    }

    #[test]
    fn what_rows_speak_of_is_told_apart() {
        for (text, expected) in [
            ("ads-prod", "project `ads-prod`"),
            ("example.com:ads-prod", "project `example.com:ads-prod`"),
            ("7001", "project number `7001`"),
            ("number:7001", "project number `7001`"),
            ("ads-*", "glob `ads-*`"),
            ("ads-[a-f]?", "glob `ads-[a-f]?`"),
            ("label:bu=ads", "project label `bu=ads`"),
            ("Label: bu=", "project label `bu=`"),
            ("label:größe=klein_1", "project label `größe=klein_1`"),
            ("folder:880011223344", "folder `880011223344`"),
            ("org:7", "organisation `7`"),
            ("principal:*@example.com", "principal `*@example.com`"),
            ("PRINCIPAL:Bob@Example.com", "principal `Bob@Example.com`"),
            ("job-label:team=ads", "job label `team=ads`"),
        ] {
            assert_eq!(read(text).map(|selector| selector.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for text in [
            "short",
            "Ads-Prod",
            "ads_prod",
            "ads-prod-",
            "1ads-prod",
            "-ads-prod",
            "",
            "0",
            "0700",
            "number:",
            "99999999999999999999",
            "projects/ads-prod",
            ":ads-prod",
            "ads prod",
            "Ads-*",
            "ads-{a,b}*",
            "anzeigen-ö",
            "abcdefghijabcdefghijabcdefghijk",
        ] {
            assert_eq!(read(text).map(|_| ()), Err(MappingProblem::ImpossibleProject(text.to_owned())), "{text}");
        }
        assert!(matches!(read("ads-["), Err(MappingProblem::BadGlob { .. })));
    }

    #[test]
    fn what_no_row_can_speak_of_is_named() {
        let long = format!("label:{}=x", "k".repeat(64));
        for text in ["label:", "label:bu", "label:=ads", "label:Bu=ads", "job-label:a b=c", "label:a=b=c", &long] {
            assert!(matches!(read(text), Err(MappingProblem::ImpossibleLabel(_))), "{text}");
        }
        for text in ["folder:", "folder:ads", "folder:folders/7", "org:0", "org:-1", "folder:99999999999999999999"] {
            assert!(matches!(read(text), Err(MappingProblem::BadContainer(_))), "{text}");
        }
        assert_eq!(read("principal: ").map(|_| ()), Err(MappingProblem::NoPrincipal));
        assert!(matches!(read("principal:[a"), Err(MappingProblem::BadGlob { .. })));
        assert_eq!(Selector::parse("ads-prod", "shop-*").map(|_| ()), Err(MappingProblem::WithinOnProjects));
        let within = Selector::parse("principal:a", "principal:b").map(|_| ());
        assert_eq!(within, Err(MappingProblem::ImpossibleProject("principal:b".to_owned())));
    }
}
