//! The mapping from payers to business units: its rows, and which row decides for a payer at a time.
//!
//! Reading the file is left to `mapping_csv`, advice on it to `mapping_check`.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

use chrono::{DateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use globset::{GlobBuilder, GlobMatcher};

use crate::model::payer::{Namespace, Payer};

/// Which payers a row speaks of.
#[derive(Debug, Clone)]
pub enum Selector {
    /// The project with this id.
    Id(String),
    /// The project with this number.
    Number(u64),
    /// Every project whose id the pattern matches. A project of which only the number is known has no id to match.
    Glob(ProjectGlob),
}

impl Selector {
    /// The order in which selectors decide: id, number, then globs with the most literal characters, the fewest
    /// wildcards, and at last the smaller text.
    fn precedence(&self) -> (u8, Reverse<usize>, usize, &str) {
        match self {
            Self::Id(id) => (0, Reverse(0), 0, id),
            Self::Number(_) => (1, Reverse(0), 0, ""),
            Self::Glob(glob) => (2, Reverse(glob.literals), glob.wildcards, &glob.text),
        }
    }

    /// Whether neither selector is more specific: both name a project, or both are globs of equal specificity.
    pub fn ties_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Glob(a), Self::Glob(b)) => (a.literals, a.wildcards) == (b.literals, b.wildcards),
            (Self::Id(_) | Self::Number(_), Self::Id(_) | Self::Number(_)) => true,
            (Self::Glob(_), Self::Id(_) | Self::Number(_)) | (Self::Id(_) | Self::Number(_), Self::Glob(_)) => false,
        }
    }
}

impl fmt::Display for Selector {
    /// The selector with its noun: ``project `ads-prod` ``, ``glob `ads-*` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "project `{id}`"),
            Self::Number(number) => write!(f, "project number `{number}`"),
            Self::Glob(glob) => write!(f, "glob `{}`", glob.text),
        }
    }
}

/// A pattern for project ids: `*` is any text, `?` one character, `[ab]` or `[a-f]` one of a set, `[!a]` one outside it.
#[derive(Debug, Clone)]
pub struct ProjectGlob {
    text: String,
    matcher: GlobMatcher,
    literals: usize,
    wildcards: usize,
}

impl ProjectGlob {
    /// Reads a pattern. The error says in words what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).backslash_escape(false).build().map_err(|error| error.kind().to_string())?;
        let (mut literals, mut wildcards) = (0, 0);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '*' | '?' => wildcards += 1,
                '[' => {
                    wildcards += 1;
                    characters.next_if(|next| matches!(next, '!' | '^'));
                    // The first member of a set may be the closing bracket itself.
                    characters.next();
                    characters.by_ref().find(|member| *member == ']');
                }
                _ => literals += 1,
            }
        }
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher(), literals, wildcards })
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The pattern as a regular expression for whole ids, without anchors.
    pub fn regex(&self) -> &str {
        let regex = self.matcher.glob().regex();
        let regex = regex.strip_prefix("(?-u)").unwrap_or(regex);
        regex.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).unwrap_or(regex)
    }

    /// Whether the pattern matches the whole id.
    pub fn matches(&self, id: &str) -> bool {
        self.matcher.is_match(id)
    }
}

/// One row: the payers it speaks of, their unit, and when that holds.
#[derive(Debug, Clone)]
pub struct MappingRow {
    /// The row's place among the rows, from 0.
    pub index: usize,
    /// The line of the file, from 1.
    pub line: u64,
    /// The payers.
    pub selector: Selector,
    /// The unit that carries their cost; never empty.
    pub business_unit: String,
    /// The unit's cost center, if the row names one.
    pub cost_center: Option<String>,
    /// The first nanosecond since 1970 UTC at which the row holds; `None` is always.
    pub valid_from: Option<i64>,
    /// The first nanosecond at which it no longer holds; `None` is never.
    pub valid_to: Option<i64>,
}

impl MappingRow {
    /// Whether the row holds at a time. Without a time only a row without any bound does.
    pub fn holds_at(&self, time: Option<i64>) -> bool {
        match time {
            Some(time) => self.valid_from.is_none_or(|from| from <= time) && self.valid_to.is_none_or(|to| time < to),
            None => self.valid_from.is_none() && self.valid_to.is_none(),
        }
    }

    /// Whether there is a time at which both rows hold.
    pub fn overlaps(&self, other: &Self) -> bool {
        fn begins_before(from: Option<i64>, to: Option<i64>) -> bool {
            from.zip(to).is_none_or(|(from, to)| from < to)
        }
        begins_before(self.valid_from, other.valid_to) && begins_before(other.valid_from, self.valid_to)
    }
}

/// A mapping: rows that were checked, and the indexes that find them.
#[derive(Debug, Clone)]
pub struct Mapping {
    file: String,
    timezone: Tz,
    rows: Vec<MappingRow>,
    by_id: HashMap<String, Vec<usize>>,
    by_number: HashMap<u64, Vec<usize>>,
    /// Rows with a glob, in the order in which they decide.
    globs: Vec<usize>,
    boundaries: Vec<i64>,
}

impl Mapping {
    /// A mapping of rows in which no two of equal selector hold at one time.
    pub(super) fn of_rows(file: &str, timezone: Tz, rows: Vec<MappingRow>) -> Self {
        let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_number: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut globs = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            match &row.selector {
                Selector::Id(id) => by_id.entry(id.clone()).or_default().push(index),
                Selector::Number(number) => by_number.entry(*number).or_default().push(index),
                Selector::Glob(_) => globs.push(index),
            }
        }
        globs.sort_by(|a, b| rows[*a].selector.precedence().cmp(&rows[*b].selector.precedence()));
        let bounds: BTreeSet<i64> = rows.iter().flat_map(|row| [row.valid_from, row.valid_to]).flatten().collect();
        let boundaries = bounds.into_iter().collect();
        Self { file: file.to_owned(), timezone, rows, by_id, by_number, globs, boundaries }
    }

    /// The file's name, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The rows, in the order of the file.
    pub fn rows(&self) -> &[MappingRow] {
        &self.rows
    }

    /// The row that decides for a payer at a time; `None` is `(unmapped)`.
    ///
    /// A row that names the project wins over a glob, and the more specific glob over the other. A call without a time
    /// meets only rows without validity.
    pub fn unit(&self, payer: &Payer, time: Option<i64>) -> Option<&MappingRow> {
        self.matching(payer).find(|row| row.holds_at(time))
    }

    /// Every row that speaks of a payer at any time; of two that hold at one time the first decides.
    pub fn matching<'m, 'p>(&'m self, payer: &'p Payer) -> impl Iterator<Item = &'m MappingRow> + use<'m, 'p> {
        // Rows speak of projects: another namespace stops the compiler here.
        let Namespace::GcpProject = payer.namespace;
        let id = payer.id.as_deref();
        let by_id = id.and_then(|id| self.by_id.get(id)).into_iter().flatten();
        let by_number = payer.number.and_then(|number| self.by_number.get(&number)).into_iter().flatten();
        let by_glob = self.globs.iter().filter(move |index| match &self.rows[**index].selector {
            Selector::Glob(glob) => id.is_some_and(|id| glob.matches(id)),
            Selector::Id(_) | Selector::Number(_) => false,
        });
        by_id.chain(by_number).chain(by_glob).map(|index| &self.rows[*index])
    }

    /// The distinct bounds of all validities, sorted: between two of them the mapping is constant.
    pub fn boundaries(&self) -> &[i64] {
        &self.boundaries
    }

    /// The segment of a time: 0 without a time, else 1 and the number of boundaries up to that time.
    ///
    /// Within a segment every payer has one unit, so it is enough to ask once for each payer and segment.
    pub fn segment(&self, time: Option<i64>) -> usize {
        match time {
            None => 0,
            Some(time) => 1 + self.boundaries.partition_point(|bound| *bound <= time),
        }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.boundaries.len() + 2
    }

    /// A time within a segment, to ask `unit` for all of it. `None` for segment 0 and for one that does not exist.
    pub fn moment_of(&self, segment: usize) -> Option<i64> {
        match segment {
            0 => None,
            1 => Some(self.boundaries.first().map_or(0, |bound| bound.saturating_sub(1))),
            later => self.boundaries.get(later - 2).copied(),
        }
    }

    /// The rows whose index is not among the used ones, in the order of the file.
    pub fn unused(&self, used: &BTreeSet<usize>) -> Vec<&MappingRow> {
        self.rows.iter().filter(|row| !used.contains(&row.index)).collect()
    }

    /// A time as a person writes it in the mapping's time zone: a date at midnight, else RFC 3339.
    pub fn moment_text(&self, nanos: i64) -> String {
        let local = self.timezone.from_utc_datetime(&DateTime::from_timestamp_nanos(nanos).naive_utc());
        if local.time() == NaiveTime::MIN { local.format("%Y-%m-%d").to_string() } else { local.to_rfc3339() }
    }

    /// Which row decides for a payer at a time and why, in sentences.
    pub fn explain(&self, payer: &Payer, time: Option<i64>) -> String {
        let (holding, others): (Vec<_>, Vec<_>) = self.matching(payer).partition(|row| row.holds_at(time));
        let describe = |rows: &[&MappingRow]| {
            let each =
                rows.iter().map(|row| format!("line {} ({}{})", row.line, row.selector, self.validity_text(row)));
            each.collect::<Vec<_>>().join(", ")
        };
        let Some((row, beaten)) = holding.split_first() else {
            let when = match (time, others.is_empty()) {
                (_, true) => return format!("`{payer}` is `(unmapped)`: no row of {} matches it.", self.file),
                (Some(time), false) => self.moment_text(time),
                (None, false) => "an unknown time".to_owned(),
            };
            let others = describe(&others);
            return format!("`{payer}` is `(unmapped)`: no row of {} holds at {when}, only {others}.", self.file);
        };
        let how = match &row.selector {
            Selector::Id(_) => "the row names the project by its id".to_owned(),
            Selector::Number(number) => format!("the row names the project by its number {number}"),
            Selector::Glob(glob) => format!("the row's glob `{}` matches the id", glob.text),
        };
        let cost_center =
            row.cost_center.as_ref().map(|center| format!(" (cost center `{center}`)")).unwrap_or_default();
        let mut text = format!(
            "`{payer}` belongs to `{}`{cost_center} by {}:{}: {how}{}.",
            row.business_unit,
            self.file,
            row.line,
            self.validity_text(row)
        );
        if !beaten.is_empty() {
            text.push_str(&format!(" It comes before {}.", describe(beaten)));
        }
        if !others.is_empty() {
            text.push_str(&format!(" At another time: {}.", describe(&others)));
        }
        text
    }

    /// The validity of a row as the end of a clause; nothing when it has no bound.
    fn validity_text(&self, row: &MappingRow) -> String {
        let from = row.valid_from.map(|from| format!(", from {}", self.moment_text(from))).unwrap_or_default();
        let to = row.valid_to.map(|to| format!(", until {}", self.moment_text(to))).unwrap_or_default();
        from + &to
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        let glob = ProjectGlob::parse("a[]b]c").expect("a closing bracket may come first");
        assert_eq!((glob.literals, glob.wildcards), (2, 1));
        assert!(glob.matches("a]c"));
        assert!(ProjectGlob::parse("ads-[").is_err());
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

    #[test]
    fn the_explanation_names_the_deciding_line_and_the_others() {
        let map = mapping("ads-*,Rest\nads-prod,Ads,4711,1970-01-02\n");
        assert_eq!(
            map.explain(&"ads-prod".into(), Some(DAY)),
            "`ads-prod` belongs to `Ads` (cost center `4711`) by m.csv:3: the row names the project by its id, \
             from 1970-01-02. It comes before line 2 (glob `ads-*`)."
        );
        assert_eq!(
            map.explain(&"ads-prod".into(), None),
            "`ads-prod` belongs to `Rest` by m.csv:2: the row's glob `ads-*` matches the id. \
             At another time: line 3 (project `ads-prod`, from 1970-01-02)."
        );
        let shop = map.explain(&"shop-prod".into(), None);
        assert_eq!(shop, "`shop-prod` is `(unmapped)`: no row of m.csv matches it.");
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
        fn a_payer_has_one_unit_within_a_segment(rows in rows()) {
            let map = mapping(&rows.join("\n"));
            for payer in payers() {
                for time in times() {
                    let segment = map.segment(time);
                    prop_assert!(segment < map.segments());
                    if time.is_some() {
                        prop_assert_eq!(map.segment(map.moment_of(segment)), segment);
                    }
                    prop_assert_eq!(unit(&map, &payer, time), unit(&map, &payer, map.moment_of(segment)));
                    // One row decides: any other that holds comes later, of another selector.
                    let holding: Vec<_> = map.matching(&payer).filter(|row| row.holds_at(time)).collect();
                    let selectors: BTreeSet<String> = holding.iter().map(|row| row.selector.to_string()).collect();
                    prop_assert_eq!(holding.len(), selectors.len());
                }
            }
        }
    }
}
