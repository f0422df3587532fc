//! Selectors: what a row of the mapping speaks of, and which of several rows that speak of one call decides.
//!
//! Precedence is defined here and nowhere else: by the order of [`Closeness`] among rows about projects, and by
//! [`Nearness`] among rows about calls, which come before them. How selectors are written is in `mapping_words`.

use std::collections::BTreeMap;

use super::mapping_pattern::{Pattern, Specificity};
use crate::model::observation::Facts;

/// A label with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The key.
    pub key: String,
    /// The value; may be empty.
    pub value: String,
}

/// Projects, by what is known of them.
#[derive(Debug, Clone)]
pub enum Projects {
    /// The project with this id.
    Id(String),
    /// The project with this number.
    Number(u64),
    /// Every project whose id the pattern matches. A project of which only the number is known has no id to match.
    Glob(Pattern),
    /// Every project that the inventory shows with this label.
    Label(Label),
    /// Every project below this folder, as the inventory has it.
    Folder(u64),
    /// Every project of this organisation, as the inventory has it.
    Organization(u64),
}

/// Calls, by who made them or how they were labelled.
#[derive(Debug, Clone)]
pub enum Calls {
    /// BigQuery jobs and Vertex AI requests with this label.
    JobLabel(Label),
    /// Calls whose principal the pattern matches.
    Principal(Pattern),
}

/// What a row speaks of.
#[derive(Debug, Clone)]
pub enum Selector {
    /// All that projects pay for.
    Projects(Projects),
    /// Calls that projects pay for, whoever else the projects belong to.
    Calls {
        /// Which calls.
        calls: Calls,
        /// Only where these projects pay; `None` is wherever there is a payer.
        within: Option<Projects>,
    },
}

/// What rows can know of one project.
#[derive(Debug, Clone, Copy)]
pub struct Project<'a> {
    /// The id.
    pub id: Option<&'a str>,
    /// The number.
    pub number: Option<u64>,
    /// The labels.
    pub labels: &'a BTreeMap<String, String>,
    /// `folders/N` and `organizations/N`, nearest first.
    pub ancestors: &'a [String],
}

/// What rows can know of one call.
#[derive(Debug, Clone, Copy)]
pub struct CallTraits<'a> {
    /// The time, which decides which rows hold.
    pub time: Option<i64>,
    /// The caller, as the column `principal` shows it.
    pub principal: Option<&'a str>,
    /// Labels of the job or request.
    pub labels: &'a [(String, String)],
}

impl<'a> From<&'a Facts> for CallTraits<'a> {
    fn from(facts: &'a Facts) -> Self {
        Self { time: facts.time, principal: facts.principal.as_deref(), labels: &facts.labels }
    }
}

/// How closely a row speaks of a project. The smallest decides; of equals none is closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// It names the project, by id or number.
    Named,
    /// A pattern matches the id; the more specific pattern is closer.
    Matched(Specificity),
    /// The project has the label.
    Labelled,
    /// The project is below the folder; the nearest folder is closer.
    Below(usize),
    /// The project is in the organisation.
    Inside,
    /// A pattern without any literal character matches: the row is a default.
    Anything(Specificity),
}

/// How near a row about calls is to a call. The smallest decides, field by field: a job's label before a principal, then
/// the closest projects, then the more specific pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nearness {
    by: By,
    within: Within,
    principal: Option<Specificity>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    JobLabel,
    Principal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Within {
    Projects(Closeness),
    Everywhere,
}

impl Projects {
    /// How closely this speaks of a project; `None` when it does not.
    pub fn closeness(&self, project: &Project<'_>) -> Option<Closeness> {
        match self {
            Self::Id(id) => (project.id == Some(id)).then_some(Closeness::Named),
            Self::Number(number) => (project.number == Some(*number)).then_some(Closeness::Named),
            Self::Glob(pattern) => project.id.is_some_and(|id| pattern.matches(id)).then(|| by_pattern(pattern)),
            Self::Label(label) => (project.labels.get(&label.key) == Some(&label.value)).then_some(Closeness::Labelled),
            Self::Folder(folder) => {
                let name = format!("folders/{folder}");
                project.ancestors.iter().position(|ancestor| *ancestor == name).map(Closeness::Below)
            }
            Self::Organization(organization) => {
                let name = format!("organizations/{organization}");
                project.ancestors.contains(&name).then_some(Closeness::Inside)
            }
        }
    }

    /// Whether it takes an inventory to know which projects these are.
    pub fn needs_inventory(&self) -> bool {
        match self {
            Self::Id(_) | Self::Number(_) | Self::Glob(_) => false,
            Self::Label(_) | Self::Folder(_) | Self::Organization(_) => true,
        }
    }
}

/// How closely a pattern that matches speaks of a project.
pub(super) fn by_pattern(pattern: &Pattern) -> Closeness {
    let specificity = pattern.specificity();
    if specificity.is_empty() { Closeness::Anything(specificity) } else { Closeness::Matched(specificity) }
}

impl Calls {
    /// How near a row about these calls is, whose projects are so close.
    pub(super) fn nearness(&self, within: Option<Closeness>) -> Nearness {
        let within = within.map_or(Within::Everywhere, Within::Projects);
        match self {
            Self::JobLabel(_) => Nearness { by: By::JobLabel, within, principal: None },
            Self::Principal(pattern) => Nearness { by: By::Principal, within, principal: Some(pattern.specificity()) },
        }
    }
}

impl Selector {
    /// Whether it takes an inventory to know what the row speaks of.
    pub fn needs_inventory(&self) -> bool {
        match self {
            Self::Projects(projects) => projects.needs_inventory(),
            Self::Calls { within, .. } => within.as_ref().is_some_and(Projects::needs_inventory),
        }
    }

    /// Whether it speaks of calls that a project can pay for.
    pub fn has_calls_of(&self, project: &Project<'_>) -> bool {
        match self {
            Self::Projects(_) => false,
            Self::Calls { within, .. } => within.as_ref().is_none_or(|within| within.closeness(project).is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A project of which everything is known.
    fn closeness(text: &str) -> Option<Closeness> {
        let labels = BTreeMap::from([("bu".to_owned(), "ads".to_owned())]);
        let ancestors = ["folders/2", "folders/1", "organizations/9"].map(str::to_owned);
        let project = Project { id: Some("ads-prod"), number: Some(7001), labels: &labels, ancestors: &ancestors };
        Projects::parse(text).expect("the test's selector is sound").closeness(&project)
    }

    #[test]
    fn rows_about_projects_decide_in_the_order_of_closeness() {
        let order = ["ads-p*", "ads-*", "ads-*?", "label:bu=ads", "folder:2", "folder:1", "org:9", "*", "*?"];
        let found: Vec<Option<Closeness>> = order.iter().map(|text| closeness(text)).collect();
        assert!(found.iter().all(Option::is_some));
        assert!(found.is_sorted_by(|a, b| a < b), "{found:?}");
        assert_eq!(closeness("ads-prod"), closeness("7001"));
        assert!(closeness("ads-prod") < found[0]);
        for other in ["ads-test", "7002", "shop-*", "label:bu=shop", "label:team=ads", "folder:9", "org:1"] {
            assert_eq!(closeness(other), None, "{other}");
        }
    }

    #[test]
    fn rows_about_calls_decide_in_the_order_of_nearness() {
        let order = [
            ("job-label:bu=ads", "ads-prod"),
            ("job-label:bu=ads", ""),
            ("principal:*@example.com", "7001"),
            ("principal:bob@example.com", "ads-*"),
            ("principal:*@example.com", "ads-*"),
            ("principal:*@example.com", "folder:1"),
            ("principal:bob@example.com", ""),
            ("principal:*@example.com", ""),
            ("principal:*", ""),
        ];
        let nearness = |(text, within): &(&str, &str)| match Selector::parse(text, within) {
            Ok(Selector::Calls { calls, .. }) if within.is_empty() => calls.nearness(None),
            Ok(Selector::Calls { calls, .. }) => calls.nearness(closeness(within)),
            other => unreachable!("{other:?}"),
        };
        let found: Vec<Nearness> = order.iter().map(nearness).collect();
        assert!(found.is_sorted_by(|a, b| a < b), "{found:?}");
    }
}
