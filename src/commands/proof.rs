//! `report --prove`: reads the inputs once more and holds the printed filter of each row against every entry.
//!
//! A filter must select each entry that speaks for a call of its row. One that is called exact must select no entry that
//! speaks for a call of another row. Entries that speak for no call are counted beside: those that were merged into one, and
//! those of calls outside the period. Nothing here asks the rules: records become entries by their shape, and filters are read
//! from their text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Failure;
use super::logs::Logs;
use super::row_filters::{DIVIDER, RowFilter};
use crate::ingest::Unit;
use crate::lql::{Compiled, FilterSet, Schema, parse};
use crate::model::document::Proof;
use crate::model::observation::Source;

/// How many entries of a row are named when its filter fails.
const NAMED: usize = 3;

/// What a proof found.
pub(super) struct Proven {
    /// For each row, in its place.
    pub proofs: Vec<Proof>,
    /// What is wrong: for each row that fails, the first entries.
    pub faults: BTreeMap<usize, Vec<Fault>>,
}

/// An entry that shows a filter to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fault {
    /// Where the entry stands.
    pub source: Source,
    /// Its `insertId`.
    pub insert_id: Option<String>,
    /// The row of whose call it speaks, if that is another than the filter's.
    pub of_row: Option<usize>,
}

/// What the filters say of one entry.
struct Met {
    source: Source,
    /// The row of whose call it speaks.
    own: Option<usize>,
    outside: bool,
    /// The rows whose filters select it.
    selecting: Vec<usize>,
    /// Set where it shows a filter to be wrong.
    insert_id: Option<String>,
}

/// The entries that speak for calls: those of the period with their rows, and those of calls outside.
pub(super) struct Speakers {
    inside: Vec<(Source, usize)>,
    outside: Vec<Source>,
}

impl Speakers {
    /// Each record that speaks for a call of a row, and the records of calls outside the period.
    pub fn new(mut inside: Vec<(Source, usize)>, mut outside: Vec<Source>) -> Self {
        inside.sort_unstable();
        outside.sort_unstable();
        Self { inside, outside }
    }

    fn row(&self, source: Source) -> Option<usize> {
        let at = self.inside.binary_search_by_key(&source, |(source, _)| *source).ok()?;
        Some(self.inside[at].1)
    }
}

/// The filters of all rows, read from what is printed.
struct Printed<'f> {
    rows: &'f [RowFilter],
    set: FilterSet,
    /// The row of each filter of the set.
    row_of: Vec<usize>,
}

impl<'f> Printed<'f> {
    fn read(rows: &'f [RowFilter]) -> Result<Self, Failure> {
        let (mut filters, mut row_of) = (Vec::new(), Vec::new());
        for (row, filter) in rows.iter().enumerate() {
            for text in filter.text.split(DIVIDER) {
                let expr = parse(text).map_err(|error| Failure::Filter(error.render("--prove", text)))?;
                let unusable = |error| Failure::Filter(format!("--prove: {error}: {text}"));
                filters.push(Compiled::new(&expr, &Schema::log_entry()).map_err(unusable)?);
                row_of.push(row);
            }
        }
        Ok(Self { rows, set: FilterSet::new(filters), row_of })
    }

    /// The rows whose filters select an entry, in their order.
    fn selecting(&self, entry: &[u8]) -> Vec<usize> {
        let Ok(entry) = self.set.read(entry) else { return Vec::new() };
        let mut rows: Vec<usize> = self.set.matches(&entry).into_iter().map(|filter| self.row_of[filter]).collect();
        // The parts of a row's filter are neighbours.
        rows.dedup();
        rows
    }

    /// Whether the filter of a row is wrong about an entry of another row, or of none.
    fn errs(&self, row: usize, own: Option<usize>) -> bool {
        own.is_some_and(|own| own != row && self.rows[row].exact)
    }
}

/// Holds the filters against the inputs.
pub(super) fn prove(logs: &Logs, rows: &[RowFilter], speakers: &Speakers) -> Result<Proven, Failure> {
    let printed = Printed::read(rows)?;
    let mut proven = Proven { proofs: vec![Proof::default(); rows.len()], faults: BTreeMap::new() };
    for (_, row) in &speakers.inside {
        proven.proofs[*row].expected += 1;
        proven.proofs[*row].missing += 1;
    }
    let meet = |unit: Unit<'_>| match unit {
        Unit::Record { bytes, source } => meet(logs, &printed, speakers, bytes, source),
        Unit::Rejected { .. } | Unit::Text { .. } => None,
    };
    let mut fold = |met: Vec<Option<Met>>| met.into_iter().flatten().for_each(|met| proven.take(met, &printed));
    logs.read_again(&meet, &mut fold)?;
    for (row, proof) in proven.proofs.iter().enumerate() {
        // An entry that is not there any more has no place that could be named.
        if proof.missing > 0 {
            proven.faults.entry(row).or_default();
        }
    }
    Ok(proven)
}

fn meet(logs: &Logs, printed: &Printed<'_>, speakers: &Speakers, bytes: &[u8], source: Source) -> Option<Met> {
    let entry = logs.provider.canonical(bytes)?;
    let selecting = printed.selecting(&entry);
    let own = speakers.row(source);
    if selecting.is_empty() && own.is_none() {
        return None;
    }
    let missed = own.is_some_and(|own| !selecting.contains(&own));
    let wrong = missed || selecting.iter().any(|row| printed.errs(*row, own));
    let insert_id = wrong.then(|| Some(serde_json::from_slice::<Value>(&entry).ok()?["insertId"].as_str()?.to_owned()));
    let outside = own.is_none() && speakers.outside.binary_search(&source).is_ok();
    Some(Met { source, own, outside, selecting, insert_id: insert_id.flatten() })
}

impl Proven {
    fn take(&mut self, met: Met, printed: &Printed<'_>) {
        for row in &met.selecting {
            let proof = &mut self.proofs[*row];
            proof.selected += 1;
            match met.own {
                Some(own) if own == *row => proof.missing -= 1,
                Some(_) => proof.extra += 1,
                None if met.outside => proof.outside_period += 1,
                None => proof.merged += 1,
            }
            if printed.errs(*row, met.own) {
                self.note(*row, &met, met.own);
            }
        }
        if let Some(own) = met.own.filter(|own| !met.selecting.contains(own)) {
            self.note(own, &met, None);
        }
    }

    /// Keeps the first entries, in whatever order they arrive.
    fn note(&mut self, row: usize, met: &Met, of_row: Option<usize>) {
        let faults = self.faults.entry(row).or_default();
        let fault = Fault { source: met.source, insert_id: met.insert_id.clone(), of_row };
        let at = faults.binary_search(&fault).unwrap_or_else(|at| at);
        faults.insert(at, fault);
        faults.truncate(NAMED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chargeback::dimension::Dimension;
    use crate::cli::{LogArgs, OutputArgs};
    use crate::commands::row_entries::{Frame, RowEntries};

    /// The proof of a report by service on samples, after the filters were changed.
    fn proof_of(change: impl Fn(&[&[String]], &mut [RowFilter])) -> (Logs, Vec<String>, Proven) {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-logs/");
        let inputs = ["client.jsonl", "requester_pays.jsonl"].map(|name| format!("{samples}{name}"));
        let args = LogArgs { inputs: inputs.into(), quiet: true, ..LogArgs::default() };
        let logs = Logs::read(&args, &OutputArgs::default()).expect("samples");
        let frame = Frame {
            by: &[Dimension::Service],
            directory: &logs.directory,
            timezone: chrono_tz::Tz::UTC,
            period: &logs.period,
            filter: None,
            catalogue: logs.provider.catalogue(),
        };
        let attributed = logs.attribute_in_order(RowEntries::default, |entries, attributed| {
            entries.add(attributed, &frame);
            Ok(())
        });
        let (_, entries) = attributed.expect("a balanced tally");
        let mut filters = entries.filters(&frame).expect("filters");
        let keys: Vec<&[String]> = (0..filters.len()).map(|place| entries.key(place)).collect();
        change(&keys, &mut filters);
        let names = keys.iter().map(|key| key.join(",")).collect();
        let speakers = Speakers::new(entries.speaking.clone(), Vec::new());
        let proven = prove(&logs, &filters, &speakers).expect("the samples again");
        (logs, names, proven)
    }

    fn row_of(keys: &[&[String]], service: &str) -> usize {
        keys.iter().position(|key| key[0] == service).expect("a row")
    }

    #[test]
    fn the_filters_as_they_are_hold() {
        let (_, names, proven) = proof_of(|_, _| ());
        assert!(proven.faults.is_empty() && names.len() > 5);
        assert!(proven.proofs.iter().all(|proof| proof.expected > 0 && proof.missing == 0 && proof.extra == 0));
    }

    #[test]
    fn a_filter_that_misses_an_entry_fails_and_names_it() {
        let (logs, names, proven) = proof_of(|keys, filters| {
            let row = row_of(keys, "storage.googleapis.com");
            filters[row].text.push_str(" AND NOT insertId=\"1u83qpvsgvdq\"");
            // That it is called a superset does not help.
            filters[row].exact = false;
        });
        let [(row, faults)] = proven.faults.iter().collect::<Vec<_>>()[..] else { unreachable!("one row fails") };
        assert_eq!(names[*row], "storage.googleapis.com");
        assert_eq!((faults[0].insert_id.as_deref(), faults[0].of_row), (Some("1u83qpvsgvdq"), None));
        assert!(logs.place(faults[0].source).ends_with("requester_pays.jsonl:1"));
        assert_eq!(proven.proofs[*row].missing, 1);
    }

    #[test]
    fn an_exact_filter_that_selects_an_entry_of_another_row_fails_and_names_it() {
        for exact in [true, false] {
            let (_, names, proven) = proof_of(|keys, filters| {
                let row = row_of(keys, "vision.googleapis.com");
                filters[row].text.push_str(" OR insertId=\"1u83qpvsgvdq\"");
                filters[row].exact = exact;
            });
            let extra: u64 = proven.proofs.iter().map(|proof| proof.extra).sum();
            assert_eq!((proven.faults.len(), extra), (usize::from(exact), 1));
            for (row, faults) in &proven.faults {
                assert_eq!(names[*row], "vision.googleapis.com");
                assert_eq!(faults[0].insert_id.as_deref(), Some("1u83qpvsgvdq"));
                assert_eq!(faults[0].of_row.map(|row| names[row].as_str()), Some("storage.googleapis.com"));
            }
        }
    }

    #[test]
    fn what_is_held_against_the_entries_is_the_text() {
        let broken = |text: &str| {
            let rows = [RowFilter { text: text.to_owned(), url: None, exact: true }];
            Printed::read(&rows).map(|_| ()).expect_err("no filter").to_string()
        };
        assert!(broken("a=(").starts_with("--prove:1:") && broken("thud=1").contains("no field `thud`"));
    }
}
