//! The mapping from payers and calls to business units: its rows, and which row decides at a time.
//!
//! Reading the file is left to `mapping_csv` and `mapping_toml`, precedence to `mapping_selector`, words about it to
//! `mapping_explain`, advice on it to `mapping_check`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

use super::apportion::apportion;
use super::mapping_calls::CallRows;
use super::mapping_cells::Draft;
use super::mapping_pools::{self, PoolRow, Pools};
use super::mapping_row::{MappingRow, moments};
use super::mapping_selector::{CallTraits, Closeness, Nearness, Project, Projects, Selector, by_pattern};
use super::mapping_share::Share;
use crate::model::directory::Directory;
use crate::model::payer::{Namespace, Payer};

static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();

/// A mapping: rows that were checked, and the indexes that find them.
#[derive(Debug, Clone)]
pub struct Mapping {
    file: String,
    timezone: Tz,
    rows: Vec<MappingRow>,
    pools: Vec<PoolRow>,
    by_id: HashMap<String, Vec<usize>>,
    by_number: HashMap<u64, Vec<usize>>,
    /// Rows with a glob, in the order in which they decide.
    globs: Vec<usize>,
    /// What the inventory shows of a project that rows can speak of; empty when no row needs an inventory.
    inventory: HashMap<String, Known>,
    calls: CallRows,
    /// Of each row with a share, the rows with which it shares at some time.
    splits: HashMap<usize, Vec<usize>>,
    boundaries: Vec<i64>,
}

/// A project of the inventory.
#[derive(Debug, Clone)]
struct Known {
    labels: BTreeMap<String, String>,
    ancestors: Vec<String>,
    /// The rows that do not name it and speak of it, in the order in which they decide.
    rows: Vec<usize>,
}

/// The units among which the cost of a project is divided at a time.
#[derive(Debug, Clone)]
pub struct Shares<'m> {
    /// The rows with their weights, in the order of the file.
    pub parts: Vec<(&'m MappingRow, u128)>,
}

impl<'m> Shares<'m> {
    /// Divides an amount by the shares: the parts add up to it and have its sign.
    pub fn divide(&self, amount: i128) -> Vec<(&'m MappingRow, i128)> {
        let weights: Vec<(&str, u128)> =
            self.parts.iter().map(|(row, weight)| (row.business_unit.as_str(), *weight)).collect();
        let parts = apportion(amount, &weights).unwrap_or_default();
        self.parts.iter().map(|(row, _)| *row).zip(parts).collect()
    }
}

/// Which row decides for a call.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'m> {
    /// The row; of rows that share, the first.
    pub row: &'m MappingRow,
    /// A row that is as near and comes to something else: the decision is by spelling only.
    pub tied: Option<&'m MappingRow>,
}

impl Mapping {
    /// A mapping of rows that were checked against each other.
    pub(super) fn of(file: &str, timezone: Tz, draft: Draft) -> Self {
        let Draft { rows, pools, .. } = draft;
        let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_number: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut globs = Vec::new();
        let mut splits: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            match &row.selector {
                Selector::Projects(Projects::Id(id)) => by_id.entry(id.clone()).or_default().push(index),
                Selector::Projects(Projects::Number(number)) => by_number.entry(*number).or_default().push(index),
                Selector::Projects(Projects::Glob(glob)) => globs.push((by_pattern(glob), glob.text(), index)),
                Selector::Projects(Projects::Label(_) | Projects::Folder(_) | Projects::Organization(_))
                | Selector::Calls { .. } => {}
            }
            if row.share.is_some() {
                splits.entry(row.selector.to_string()).or_default().push(index);
            }
        }
        globs.sort_unstable();
        let globs = globs.into_iter().map(|(_, _, index)| index).collect();
        let splits = splits.into_values().flat_map(|rows| rows.clone().into_iter().map(move |row| (row, rows.clone())));
        let splits = splits.collect();
        let validities = rows.iter().map(|row| row.validity).chain(pools.iter().map(|row| row.validity));
        let bounds: BTreeSet<i64> = validities.flat_map(|validity| validity.bounds()).collect();
        let boundaries = bounds.into_iter().collect();
        let calls = CallRows::of(&rows);
        let (file, inventory) = (file.to_owned(), HashMap::new());
        Self { file, timezone, rows, pools, by_id, by_number, globs, inventory, calls, splits, boundaries }
    }

    /// Takes labels, folders and organisations of projects from an inventory; without one, rows about them speak of no
    /// project.
    #[must_use]
    pub fn with_inventory(mut self, directory: &Directory) -> Self {
        if !self.rows.iter().any(|row| row.selector.needs_inventory()) {
            return self;
        }
        for entry in directory.entries() {
            let ancestors = directory.ancestors(&entry.id);
            // Rows by number find a payer without the inventory, and learnt numbers are not in it.
            let project = Project { id: Some(&entry.id), number: None, labels: &entry.labels, ancestors: &ancestors };
            let rows = self.rows_of_project(&project).into_iter();
            let rows = rows.filter(|(closeness, _)| *closeness != Closeness::Named).map(|(_, row)| row.index).collect();
            self.inventory.insert(entry.id.clone(), Known { labels: entry.labels.clone(), ancestors, rows });
        }
        self
    }

    /// The rows about all that a project pays for, at any time, in the order in which they decide. For a project whose
    /// labels and ancestors somebody else knows, such as a bill that has them as they were.
    pub fn rows_of_project(&self, project: &Project<'_>) -> Vec<(Closeness, &MappingRow)> {
        let closeness = |row: &MappingRow| match &row.selector {
            Selector::Projects(projects) => projects.closeness(project),
            Selector::Calls { .. } => None,
        };
        let mut rows: Vec<_> = self.rows.iter().filter_map(|row| Some((closeness(row)?, row))).collect();
        rows.sort_by_cached_key(|(closeness, row)| (*closeness, row.selector.to_string(), row.index));
        rows
    }

    /// The file's name, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The rows about projects and calls, in the order of the file.
    pub fn rows(&self) -> &[MappingRow] {
        &self.rows
    }

    /// Whether a row is about calls themselves: their callers or labels.
    pub fn is_about_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// The rows about pools, in the order of the file.
    pub fn pool_rows(&self) -> &[PoolRow] {
        &self.pools
    }

    /// The row that decides for the cost of a payer at a time; `None` is `(unmapped)`. With a share it is the first of
    /// the rows that divide it.
    ///
    /// [`Closeness`] is the order in which rows decide, of equally close ones the smaller selector. Without a time only
    /// rows without validity hold.
    pub fn unit(&self, payer: &Payer, time: Option<i64>) -> Option<&MappingRow> {
        self.matching(payer).find(|row| row.holds_at(time))
    }

    /// The row that decides for a call that a payer pays for: one about the call itself, else the payer's.
    pub fn decide(&self, payer: &Payer, call: CallTraits<'_>) -> Option<Decision<'_>> {
        let of_call = self.rows_of_call(payer, call);
        if let Some((nearness, row)) = of_call.first() {
            let rival = |(other, rival): &&(Nearness, &MappingRow)| other == nearness && !rival.agrees_with(row);
            return Some(Decision { row, tied: of_call.iter().find(rival).map(|(_, rival)| *rival) });
        }
        let row = self.unit(payer, call.time)?;
        Some(Decision { row, tied: self.rival(payer, row, call.time) })
    }

    /// The rows that give a unit a part of what a payer pays for at a time: those that decide or share, and those about
    /// calls that the payer can pay for.
    pub fn units_of(&self, payer: &Payer, time: Option<i64>) -> Vec<&MappingRow> {
        let project = self.project(payer);
        let about_calls = self.rows.iter().filter(|row| row.holds_at(time) && row.selector.has_calls_of(&project));
        let decides = self.unit(payer, time);
        let shared = decides.and_then(|row| self.shares_of(row, time));
        match shared {
            Some(shares) => about_calls.chain(shares.parts.into_iter().map(|(row, _)| row)).collect(),
            None => about_calls.chain(decides).collect(),
        }
    }

    /// The row that speaks of a payer as closely as the one that decides, holds at the same time and comes to something
    /// else. Two rows that name one project are another fault: see `agrees_with`.
    pub(super) fn rival(&self, payer: &Payer, row: &MappingRow, time: Option<i64>) -> Option<&MappingRow> {
        let project = self.project(payer);
        let closeness = |row: &MappingRow| match &row.selector {
            Selector::Projects(projects) => projects.closeness(&project),
            Selector::Calls { .. } => None,
        };
        let own = closeness(row).filter(|own| *own != Closeness::Named)?;
        let holding = self.matching(payer).filter(|other| other.holds_at(time) && !self.shares_with(row, other));
        holding.take_while(|other| closeness(other) == Some(own)).find(|other| !row.agrees_with(other))
    }

    fn shares_with(&self, row: &MappingRow, other: &MappingRow) -> bool {
        self.splits.get(&row.index).is_some_and(|split| split.contains(&other.index))
    }

    /// The rows about a call itself that hold at its time, in the order in which they decide.
    pub(super) fn rows_of_call(&self, payer: &Payer, call: CallTraits<'_>) -> Vec<(Nearness, &MappingRow)> {
        if self.calls.is_empty() {
            return Vec::new();
        }
        let project = self.project(payer);
        let mut found = Vec::new();
        for row in self.calls.candidates(call).map(|index| &self.rows[index]).filter(|row| row.holds_at(call.time)) {
            if let Selector::Calls { calls, within } = &row.selector {
                let closeness = within.as_ref().map(|within| within.closeness(&project));
                // `Some(None)`: the projects of `within` do not include the payer's.
                if closeness != Some(None) {
                    found.push((calls.nearness(closeness.flatten()), row));
                }
            }
        }
        found.sort_by_cached_key(|(nearness, row)| (*nearness, row.selector.to_string()));
        found
    }

    /// Every row that speaks of all that a payer pays for, at any time; of two that hold at one time the first decides.
    pub fn matching<'m, 'p>(&'m self, payer: &'p Payer) -> impl Iterator<Item = &'m MappingRow> + use<'m, 'p> {
        // Rows speak of projects: another namespace stops the compiler here.
        let Namespace::GcpProject = payer.namespace;
        let id = payer.id.as_deref();
        let by_id = id.and_then(|id| self.by_id.get(id)).into_iter().flatten();
        let by_number = payer.number.and_then(|number| self.by_number.get(&number)).into_iter().flatten();
        let known = id.and_then(|id| self.inventory.get(id));
        let others: &[usize] = known.map_or(&self.globs, |known| &known.rows);
        let others = others.iter().filter(move |index| match &self.rows[**index].selector {
            Selector::Projects(Projects::Glob(glob)) if known.is_none() => id.is_some_and(|id| glob.matches(id)),
            Selector::Projects(_) | Selector::Calls { .. } => true,
        });
        by_id.chain(by_number).chain(others).map(|index| &self.rows[*index])
    }

    /// What is known of a payer that rows can speak of.
    pub(super) fn project<'a>(&'a self, payer: &'a Payer) -> Project<'a> {
        let known = payer.id.as_deref().and_then(|id| self.inventory.get(id));
        Project {
            id: payer.id.as_deref(),
            number: payer.number,
            labels: known.map_or(&NO_LABELS, |known| &known.labels),
            ancestors: known.map_or(&[], |known| &known.ancestors),
        }
    }

    /// The units that divide the cost of a payer at a time; `None` when it has one unit or none.
    pub fn shares(&self, payer: &Payer, time: Option<i64>) -> Option<Shares<'_>> {
        self.shares_of(self.unit(payer, time)?, time)
    }

    /// The rows that share with a row at a time, with their weights; `None` when the row has no share.
    pub(super) fn shares_of(&self, row: &MappingRow, time: Option<i64>) -> Option<Shares<'_>> {
        let split = self.splits.get(&row.index)?;
        let rows = split.iter().map(|index| &self.rows[*index]).filter(|row| row.holds_at(time));
        let (rows, shares): (Vec<&MappingRow>, Vec<Share>) = rows.filter_map(|row| Some((row, row.share?))).unzip();
        let weights = Share::weights(&shares)?;
        Some(Shares { parts: rows.into_iter().zip(weights).collect() })
    }

    /// The pools that hold at a time, in the order in which they are handed on.
    pub fn pools(&self, time: i64) -> Pools {
        mapping_pools::at(&self.pools, &self.units(), time)
    }

    /// The units that rows about projects and calls name.
    pub fn units(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row.business_unit.as_str()).collect()
    }

    /// The distinct bounds of all validities, sorted: between two of them the mapping is constant.
    pub fn boundaries(&self) -> &[i64] {
        &self.boundaries
    }

    /// A time within each stretch in which the mapping is constant.
    pub fn moments(&self) -> impl Iterator<Item = i64> {
        moments(&self.boundaries)
    }

    /// The rows whose index is not among the used ones, in the order of the file. Rows that share are used together.
    pub fn unused(&self, used: &BTreeSet<usize>) -> Vec<&MappingRow> {
        let together = |row: &MappingRow| self.splits.get(&row.index).into_iter().flatten();
        let unused = |row: &&MappingRow| !used.contains(&row.index) && !together(row).any(|row| used.contains(row));
        self.rows.iter().filter(unused).collect()
    }

    /// A time as a person writes it in the mapping's time zone: a date at midnight, else RFC 3339.
    pub fn moment_text(&self, nanos: i64) -> String {
        moment_text(nanos, self.timezone)
    }
}

/// A time as a person writes it: a date at midnight, else RFC 3339.
pub(super) fn moment_text(nanos: i64, timezone: Tz) -> String {
    let local = timezone.from_utc_datetime(&DateTime::from_timestamp_nanos(nanos).naive_utc());
    if local.time() == NaiveTime::MIN { local.format("%Y-%m-%d").to_string() } else { local.to_rfc3339() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::directory::Entry;

    fn mapping(rows: &str) -> Mapping {
        let text = format!("project,business_unit,cost_center,valid_from,valid_to\n{rows}");
        Mapping::parse("m.csv", text.as_bytes(), Tz::UTC).expect("the test's mapping is sound")
    }

    fn payer(id: Option<&str>, number: Option<u64>) -> Payer {
        Payer { namespace: Namespace::GcpProject, id: id.map(Into::into), number }
    }

    fn unit<'a>(mapping: &'a Mapping, payer: &Payer, time: Option<i64>) -> Option<&'a str> {
        mapping.unit(payer, time).map(|row| row.business_unit.as_str())
    }

    const DAY: i64 = 86_400_000_000_000;

    #[test]
    fn an_exact_row_wins_over_globs_and_the_most_specific_glob_over_others() {
        let map = mapping("*,Rest\nads-*,Ads\nads-p*,Prod\nads-?rod,One\nads-prod,Exact\n");
        assert_eq!(unit(&map, &"ads-prod".into(), None), Some("Exact"));
        assert_eq!(unit(&map, &"ads-trod".into(), None), Some("One"));
        assert_eq!(unit(&map, &"ads-prod-2".into(), None), Some("Prod"));
        assert_eq!(unit(&map, &"ads-test".into(), None), Some("Ads"));
        assert_eq!(unit(&map, &"shop-test".into(), None), Some("Rest"));
    }

    #[test]
    fn a_set_counts_as_one_wildcard_and_may_hold_a_bracket() {
        let map = mapping("ads-[pt]*,Set\nads-[!p]*,Not\nads-t*,Text\n");
        assert_eq!(unit(&map, &"ads-test".into(), None), Some("Text"));
        assert_eq!(unit(&map, &"ads-prod".into(), None), Some("Set"));
        assert_eq!(unit(&map, &"ads-data".into(), None), Some("Not"));
    }

    #[test]
    fn of_globs_that_tie_the_smaller_text_decides() {
        for rows in ["ads-?x*,B\nads-x*?,A\n", "ads-x*?,A\nads-?x*,B\n"] {
            assert_eq!(unit(&mapping(rows), &"ads-xxx".into(), None), Some("B"));
        }
    }

    #[test]
    fn a_row_by_number_matches_the_resolved_id_and_the_other_way_round() {
        let map = mapping("7001,Number\nads-prod,Id\n");
        assert_eq!(unit(&map, &payer(Some("shop-prod"), Some(7001)), None), Some("Number"));
        assert_eq!(unit(&map, &payer(None, Some(7001)), None), Some("Number"));
        assert_eq!(unit(&map, &payer(Some("ads-prod"), Some(7002)), None), Some("Id"));
        assert_eq!(unit(&map, &payer(None, Some(7002)), None), None);
    }

    #[test]
    fn a_glob_does_not_match_a_bare_number() {
        assert_eq!(unit(&mapping("*,Rest\n"), &payer(None, Some(7001)), None), None);
    }

    #[test]
    fn validity_is_half_open_and_without_time_only_unbounded_rows_hold() {
        let map = mapping("ads-prod,Old,,,1970-01-02\nads-prod,New,,1970-01-02,1970-01-03\nads-*,Rest\n");
        let ads = "ads-prod".into();
        assert_eq!(unit(&map, &ads, Some(DAY - 1)), Some("Old"));
        assert_eq!(unit(&map, &ads, Some(DAY)), Some("New"));
        assert_eq!(unit(&map, &ads, Some(2 * DAY)), Some("Rest"));
        assert_eq!(unit(&map, &ads, None), Some("Rest"));
    }

    #[test]
    fn unused_rows_are_those_whose_index_was_not_told() {
        let map = mapping("ads-prod,Ads\nshop-prod,Shop\n");
        let lines: Vec<u64> = map.unused(&BTreeSet::from([0])).iter().map(|row| row.line).collect();
        assert_eq!(lines, [3]);
    }

    /// A mapping with further columns, over an inventory of two projects.
    fn with_inventory(rows: &str) -> Mapping {
        let text = format!("project,business_unit,within,share,valid_from\n{rows}");
        let mut directory = Directory::default();
        for (id, label, ancestors) in [
            ("ads-prod", "ads", &["folders/2", "folders/1", "organizations/9"][..]),
            ("net-prod", "it", &["folders/1", "organizations/9"]),
        ] {
            let labels = BTreeMap::from([("bu".to_owned(), label.to_owned()), ("env".to_owned(), "prod".to_owned())]);
            let ancestors = ancestors.iter().map(|name| (*name).to_owned()).collect();
            directory.add(Entry { id: id.to_owned(), labels, ancestors, ..Entry::default() });
        }
        let map = Mapping::parse("m.csv", text.as_bytes(), Tz::UTC).expect("the test's mapping is sound");
        map.with_inventory(&directory)
    }

    /// What a call is known by, without a time.
    struct Made {
        principal: String,
        labels: Vec<(String, String)>,
    }

    impl Made {
        fn traits(&self) -> CallTraits<'_> {
            CallTraits { time: None, principal: Some(&self.principal), labels: &self.labels }
        }
    }

    fn made(principal: &str, labels: &[(&str, &str)]) -> Made {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Made { principal: principal.to_owned(), labels: labels.collect() }
    }

    fn decided<'a>(map: &'a Mapping, payer: &str, made: &Made) -> Option<&'a str> {
        map.decide(&payer.into(), made.traits()).map(|decision| decision.row.business_unit.as_str())
    }

    #[test]
    fn labels_folders_and_organisations_come_from_the_inventory() {
        let map = with_inventory("org:9,Org\nfolder:1,One\nfolder:2,Two\nlabel:bu=it,IT\n*,Rest\n");
        for (id, expected) in [("ads-prod", "Two"), ("net-prod", "IT"), ("new-prod", "Rest")] {
            assert_eq!(unit(&map, &id.into(), None), Some(expected), "{id}");
        }
        let nearest = with_inventory("org:9,Org\nfolder:1,One\n");
        assert_eq!(unit(&nearest, &"ads-prod".into(), None), Some("One"));
        let patterns = with_inventory("ads-*,Ads\nlabel:bu=ads,Label\n*-prod,Prod\nnet-prod,Net\nlabel:bu=it,IT\n");
        assert_eq!(unit(&patterns, &"ads-prod".into(), None), Some("Prod"));
        assert_eq!(unit(&patterns, &"net-prod".into(), None), Some("Net"));
    }

    #[test]
    fn rows_about_calls_move_them_out_of_the_project() {
        let map = with_inventory(
            "net-prod,IT\nads-prod,Ads\nprincipal:*@shop.example.com,Shop,net-prod\njob-label:team=lab,Lab,folder:1\n\
             principal:bob@shop.example.com,Bob,label:bu=it\n",
        );
        let bob = made("bob@shop.example.com", &[]);
        assert_eq!(decided(&map, "net-prod", &bob), Some("Shop"), "the named project is closer than its label");
        assert_eq!(decided(&map, "ads-prod", &bob), Some("Ads"));
        let labelled = made("bob@shop.example.com", &[("env", "x"), ("team", "lab")]);
        assert_eq!(decided(&map, "net-prod", &labelled), Some("Lab"));
        assert_eq!(decided(&map, "ads-prod", &labelled), Some("Lab"));
        assert_eq!(decided(&map, "other-app", &labelled), None);
        assert_eq!(decided(&map, "net-prod", &made("eve@example.com", &[("team", "ads")])), Some("IT"));
        let everywhere = with_inventory("principal:*@shop.example.com,Shop\nads-prod,Ads\n");
        assert_eq!(decided(&everywhere, "ads-prod", &bob), Some("Shop"));
        assert_eq!(decided(&everywhere, "other-app", &bob), Some("Shop"));
    }

    #[test]
    fn shares_are_those_that_hold_and_their_weights_are_whole() {
        let map = with_inventory("net-prod,IT,,1/2\nnet-prod,Ads,,30%\nnet-prod,Shop,,0.2\nads-prod,Ads\n");
        let shares = map.shares(&"net-prod".into(), Some(0)).expect("the project is shared");
        let parts: Vec<(&str, u128)> =
            shares.parts.iter().map(|(row, weight)| (row.business_unit.as_str(), *weight)).collect();
        assert_eq!(parts, [("IT", 5), ("Ads", 3), ("Shop", 2)]);
        assert!(map.shares(&"ads-prod".into(), Some(0)).is_none());
        assert_eq!(map.unused(&BTreeSet::from([1, 3])).len(), 0);
        assert_eq!(map.unused(&BTreeSet::new()).len(), 4);
    }

    #[test]
    fn rows_that_are_equally_near_and_disagree_are_a_tie() {
        let tied = |rows: &str, made: &Made| {
            let map = with_inventory(rows);
            let decision = map.decide(&"ads-prod".into(), made.traits()).expect("a row decides");
            (decision.row.line, decision.tied.map(|row| row.line))
        };
        let nobody = made("eve@example.com", &[("a", "1"), ("b", "2")]);
        assert_eq!(tied("label:env=prod,A\nlabel:bu=ads,B\n", &nobody), (3, Some(2)));
        assert_eq!(tied("label:env=prod,A\nlabel:bu=ads,A\n", &nobody), (3, None));
        assert_eq!(tied("label:env=prod,A\nlabel:bu=ads,B\nads-*,C\n", &nobody), (4, None));
        assert_eq!(tied("job-label:b=2,B\njob-label:a=1,A\nads-prod,C\n", &nobody), (3, Some(2)));
        assert_eq!(tied("job-label:b=2,B,ads-prod\njob-label:a=1,A\n", &nobody), (2, None));
        assert_eq!(tied("label:bu=ads,A,,1/2\nlabel:bu=ads,B,,1/2\n", &nobody), (2, None));
    }

    /// Rows of a small world in which selectors, times and payers meet often; no two contradict each other.
    fn rows() -> impl Strategy<Value = Vec<String>> {
        let selector = prop::sample::select(vec![
            "ads-prod",
            "ads-test",
            "shop-prod",
            "7001",
            "7002",
            "*",
            "ads-*",
            "*-prod",
            "ads-?rod",
            "*-p*",
        ]);
        let cut = 0..6u8;
        prop::collection::btree_map(selector, prop::option::of((cut, 1..4u8)), 1..8).prop_map(|chosen| {
            let mut rows = Vec::new();
            for (selector, cuts) in chosen {
                match cuts {
                    None => rows.push(format!("{selector},U{selector}")),
                    Some((at, length)) => {
                        let (from, to) = (at + 2, at + 2 + length);
                        rows.push(format!("{selector},Before {selector},,,1970-01-{from:02}"));
                        rows.push(format!("{selector},After {selector},,1970-01-{to:02},"));
                    }
                }
            }
            rows
        })
    }

    fn payers() -> Vec<Payer> {
        let known = [("ads-prod", 7001), ("ads-test", 7003), ("shop-prod", 7002)];
        let mut payers: Vec<Payer> = known.iter().map(|(id, number)| payer(Some(id), Some(*number))).collect();
        payers.extend([payer(None, Some(7001)), payer(Some("other-app"), None)]);
        payers
    }

    fn times() -> impl Iterator<Item = Option<i64>> {
        [None, Some(i64::MIN), Some(i64::MAX)].into_iter().chain((0..24).map(|half| Some(half * DAY / 2)))
    }

    proptest! {
        #[test]
        fn a_shared_cost_is_divided_to_the_last_unit(
            amount in any::<i128>(),
            parts in prop::collection::vec(1_u32..1000, 2..6),
            turn in 0..6_usize,
        ) {
            let total: u32 = parts.iter().sum();
            let mut rows: Vec<String> =
                parts.iter().enumerate().map(|(at, part)| format!("net-prod,Unit {at},,{part}/{total}")).collect();
            let divided = |rows: &[String]| {
                let map = with_inventory(&rows.join("\n"));
                let shares = map.shares(&"net-prod".into(), None).expect("the project is shared");
                let parts = shares.divide(amount).into_iter().map(|(row, part)| (row.business_unit.clone(), part));
                parts.collect::<BTreeMap<String, i128>>()
            };
            let found = divided(&rows);
            prop_assert_eq!(found.len(), parts.len());
            prop_assert_eq!(found.values().sum::<i128>(), amount);
            prop_assert!(found.values().all(|part| *part == 0 || part.signum() == amount.signum()));
            let turn = turn % rows.len();
            rows.rotate_left(turn);
            prop_assert_eq!(found, divided(&rows));
        }

        #[test]
        fn the_inventory_decides_as_whoever_knows_the_project(rows in rows(), more in prop::sample::subsequence(
            vec!["label:bu=ads,L", "label:bu=it,M", "folder:1,F", "folder:2,G", "org:9,O"], 0..6)
        ) {
            let rows: Vec<&str> = rows.iter().map(String::as_str).filter(|row| !row.contains(",,")).chain(more).collect();
            prop_assume!(!rows.is_empty());
            let map = with_inventory(&rows.join("\n"));
            let payer: Payer = "ads-prod".into();
            let labels = BTreeMap::from([("bu".to_owned(), "ads".to_owned())]);
            let ancestors = ["folders/2", "folders/1", "organizations/9"].map(str::to_owned);
            let project = Project { id: Some("ads-prod"), number: None, labels: &labels, ancestors: &ancestors };
            let known: Vec<usize> = map.rows_of_project(&project).into_iter().map(|(_, row)| row.index).collect();
            let by_payer: Vec<usize> = map.matching(&payer).map(|row| row.index).collect();
            prop_assert_eq!(known, by_payer);
        }

        #[test]
        fn row_order_never_matters(rows in rows(), seed in any::<prop::sample::Index>()) {
            let map = mapping(&rows.join("\n"));
            let mut turned = rows.clone();
            turned.rotate_left(seed.index(rows.len()));
            turned.reverse();
            let other = mapping(&turned.join("\n"));
            for payer in payers() {
                for time in times() {
                    prop_assert_eq!(unit(&map, &payer, time), unit(&other, &payer, time));
                }
            }
        }

        #[test]
        fn an_unrelated_row_changes_nobodys_unit(rows in rows()) {
            let map = mapping(&rows.join("\n"));
            let more = mapping(&format!("{}\nunrelated-app,Other\n9999,Other\nzz-*,Other", rows.join("\n")));
            for payer in payers() {
                for time in times() {
                    prop_assert_eq!(unit(&map, &payer, time), unit(&more, &payer, time));
                }
            }
        }

        #[test]
        fn a_payer_has_one_unit_between_two_boundaries(rows in rows()) {
            let map = mapping(&rows.join("\n"));
            for payer in payers() {
                for time in times() {
                    if let Some(time) = time {
                        let moments: Vec<i64> = map.moments().collect();
                        let moment = moments.iter().rfind(|moment| **moment <= time).unwrap_or(&moments[0]);
                        prop_assert_eq!(unit(&map, &payer, Some(time)), unit(&map, &payer, Some(*moment)));
                    }
                    // One row decides: any other that holds comes later, of another selector.
                    let holding: Vec<_> = map.matching(&payer).filter(|row| row.holds_at(time)).collect();
                    let selectors: BTreeSet<String> = holding.iter().map(|row| row.selector.to_string()).collect();
                    prop_assert_eq!(holding.len(), selectors.len());
                }
            }
        }
    }
}
