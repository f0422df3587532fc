//! Reads rows of the catalogue from CSV, the program's own and the user's.
//!
//! What a row means is left to [`super::service`].

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord, Trim};
use thiserror::Error;

use super::service::{MethodClass, MethodSuffix, Service, ServiceKind, Sure, most_specific_first};
use crate::model::closed_list::closed_list;
use crate::model::reason::Driver;

closed_list! {
    /// The columns of a catalogue file.
    pub enum Column {
        Service = "service": "the `serviceName` of the entries",
        Version = "version": "empty, or the major version (`v2`) that the row is for",
        Display = "display": "the name that people use",
        Kind = "kind": "which rule finds the payer",
        Parent = "parent": "`optional` if requests of a client service may name a parent project",
        Driver = "driver": "how the service is metered",
        BillableMethods = "billable_methods": "suffixes of methods whose calls are metered, separated by blanks",
        RuntimeMethods = "runtime_methods": "suffixes of methods that start or change what is metered by time or size",
        FreeMethods = "free_methods": "suffixes of methods that are free",
        Unit = "unit": "what the bill counts",
        BillingName = "billing_name": "the names of the service in the bill, separated by `; `",
        Audit = "audit": "what the audit logs show",
        Sure = "sure": "how well the sources support the row",
        Source = "source": "the page that supports the row",
        Note = "note": "what else is worth knowing",
    }
}

/// What is wrong with a catalogue file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {fault}")]
pub struct CatalogueError {
    /// The file as the user named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: CatalogueFault,
}

/// What can be wrong with a catalogue file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CatalogueFault {
    /// The header names a column that does not exist.
    #[error("unknown column `{name}`; one of {}", names(Column::ALL.iter().map(|c| c.name())))]
    UnknownColumn {
        /// The name in the header.
        name: String,
    },
    /// The header names a column twice.
    #[error("column `{0}` is listed twice")]
    ColumnTwice(Column),
    /// The header lacks a column that every file needs.
    #[error("column `{0}` is missing; `service`, `kind` and `driver` are needed")]
    MissingColumn(Column),
    /// A cell is not a member of its closed list.
    #[error("unknown {column} `{value}`; one of {known}")]
    UnknownValue {
        /// The cell's column.
        column: Column,
        /// The cell.
        value: String,
        /// What it may be.
        known: String,
    },
    /// A cell that can be no service name.
    #[error("`{0}` is no service name; write it as the logs do, such as `vision.googleapis.com`")]
    ServiceName(String),
    /// A cell that can be no suffix of a method.
    #[error("`{suffix}` in {column} is no method suffix: whole segments between dots, a `*` only at the end")]
    Suffix {
        /// The cell's column.
        column: Column,
        /// The word.
        suffix: String,
    },
    /// One service and version has two rows.
    #[error("`{service}` is listed twice (first on line {first})")]
    Twice {
        /// The service, and its version if there is one.
        service: String,
        /// The line of the first row.
        first: usize,
    },
    /// A row has more or fewer cells than the header.
    #[error("{found} cells where the header has {expected}")]
    Cells {
        /// Cells in the row.
        found: u64,
        /// Cells in the header.
        expected: u64,
    },
    /// The file cannot be read as CSV.
    #[error("not readable as CSV: {0}")]
    Csv(String),
}

/// Reads every row of a catalogue file.
///
/// # Errors
/// The first fault, with its line. A row's fields may stand in any order, and all columns but three may be absent.
pub(super) fn rows(file: &str, text: &str) -> Result<Vec<Service>, CatalogueError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let at = |line: usize| move |fault| CatalogueError { file: file.to_owned(), line, fault };
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| at(1)(csv_fault(&e)))?.clone();
    let header_line = line_of(text, 0);
    let places = places(&header).map_err(at(header_line))?;
    let mut first_lines: HashMap<(String, Option<u32>), usize> = HashMap::new();
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    loop {
        let line = line_of(text, reader.position().byte());
        if !reader.read_record(&mut record).map_err(|e| at(line)(csv_fault(&e)))? {
            return Ok(rows);
        }
        let row = row(&Cells { record: &record, places }).map_err(at(line))?;
        if let Some(&first) = first_lines.get(&(row.service.clone(), row.version)) {
            let service = row.version.map_or(row.service.clone(), |version| format!("{} v{version}", row.service));
            return Err(at(line)(CatalogueFault::Twice { service, first }));
        }
        first_lines.insert((row.service.clone(), row.version), line);
        rows.push(row);
    }
}

/// The place of each column in the header; absent columns have none.
type Places = [Option<usize>; Column::ALL.len()];

struct Cells<'a> {
    record: &'a StringRecord,
    places: Places,
}

impl Cells<'_> {
    fn cell(&self, column: Column) -> &str {
        self.places[column as usize].and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    fn word<T>(&self, column: Column, parse: fn(&str) -> Option<T>, known: String) -> Result<T, CatalogueFault> {
        let value = self.cell(column);
        parse(value).ok_or_else(|| CatalogueFault::UnknownValue { column, value: value.to_owned(), known })
    }
}

fn places(header: &StringRecord) -> Result<Places, CatalogueFault> {
    let mut places = Places::default();
    for (at, name) in header.iter().enumerate() {
        let column = Column::parse(name).ok_or_else(|| CatalogueFault::UnknownColumn { name: name.to_owned() })?;
        if places[column as usize].replace(at).is_some() {
            return Err(CatalogueFault::ColumnTwice(column));
        }
    }
    match [Column::Service, Column::Kind, Column::Driver].into_iter().find(|&c| places[c as usize].is_none()) {
        Some(column) => Err(CatalogueFault::MissingColumn(column)),
        None => Ok(places),
    }
}

fn row(cells: &Cells<'_>) -> Result<Service, CatalogueFault> {
    let service = cells.cell(Column::Service);
    let possible = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if service.is_empty() || !service.bytes().all(possible) {
        return Err(CatalogueFault::ServiceName(service.to_owned()));
    }
    let mut methods = Vec::new();
    for (column, class) in [
        (Column::BillableMethods, MethodClass::Billable),
        (Column::RuntimeMethods, MethodClass::Runtime),
        (Column::FreeMethods, MethodClass::Free),
    ] {
        for suffix in cells.cell(column).split_whitespace() {
            let fault = || CatalogueFault::Suffix { column, suffix: suffix.to_owned() };
            methods.push((MethodSuffix::parse(suffix).ok_or_else(fault)?, class));
        }
    }
    most_specific_first(&mut methods);
    let text = |column| cells.cell(column).to_owned();
    Ok(Service {
        service: service.to_owned(),
        version: cells.word(Column::Version, version, "nothing, `v1`, `v2`, …".to_owned())?,
        display: if cells.cell(Column::Display).is_empty() { service.to_owned() } else { text(Column::Display) },
        kind: cells.word(Column::Kind, ServiceKind::parse, names(ServiceKind::ALL.iter().map(|k| k.name())))?,
        optional_parent: cells.word(Column::Parent, optional_parent, "nothing, `optional`".to_owned())?,
        driver: cells.word(Column::Driver, Driver::parse, names(Driver::ALL.iter().map(|d| d.name())))?,
        unit: text(Column::Unit),
        billing_name: text(Column::BillingName),
        audit: text(Column::Audit),
        sure: cells.word(Column::Sure, sure, names(Sure::ALL.iter().map(|s| s.name())))?,
        source: text(Column::Source),
        note: text(Column::Note),
        methods,
    })
}

fn version(cell: &str) -> Option<Option<u32>> {
    match cell.strip_prefix('v') {
        None => cell.is_empty().then_some(None),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok().map(Some),
        Some(_) => None,
    }
}

fn optional_parent(cell: &str) -> Option<bool> {
    match cell {
        "" => Some(false),
        "optional" => Some(true),
        _ => None,
    }
}

fn sure(cell: &str) -> Option<Sure> {
    if cell.is_empty() { Some(Sure::Unverified) } else { Sure::parse(cell) }
}

fn names(names: impl Iterator<Item = &'static str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn csv_fault(error: &csv::Error) -> CatalogueFault {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            CatalogueFault::Cells { found: *len, expected: *expected_len }
        }
        // The list of the csv crate is open by its own declaration.
        _ => CatalogueFault::Csv(error.to_string()),
    }
}

/// The line of the first record at or after a byte: the reader counts blank lines into the record that follows them.
fn line_of(text: &str, byte: u64) -> usize {
    let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let (before, after) = text.as_bytes().split_at(byte);
    let breaks = |bytes: &[u8]| bytes.iter().filter(|&&b| b == b'\n').count();
    let blank = after.iter().take_while(|&&b| b == b'\n' || b == b'\r').count();
    1 + breaks(before) + breaks(&after[..blank])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const OWN: &str = include_str!("services.csv");

    fn own() -> Vec<Service> {
        rows("services.csv", OWN).unwrap_or_else(|e| panic!("{e}"))
    }

    fn fault(text: &str) -> String {
        rows("my.csv", text).expect_err("a faulty file").to_string()
    }

    #[test]
    fn the_own_file_is_whole_and_sorted() {
        let rows = own();
        assert!(rows.len() >= 170, "{} rows", rows.len());
        assert!(rows.is_sorted_by_key(|row| (row.service.clone(), row.version)));
        assert_eq!(OWN.lines().next(), Some(&*Column::ALL.iter().map(|c| c.name()).collect::<Vec<_>>().join(",")));
        for kind in ServiceKind::ALL {
            assert!(rows.iter().any(|row| row.kind == *kind), "no row of kind {kind}");
        }
        // Slot time is the metre of a BigQuery job in a reservation, never of a whole service.
        for driver in Driver::ALL.iter().filter(|driver| **driver != Driver::SlotMs) {
            assert!(rows.iter().any(|row| row.driver == *driver), "no row of driver {driver}");
        }
    }

    #[test]
    fn every_listed_suffix_is_classed_as_listed() {
        for row in own() {
            for class in [MethodClass::Billable, MethodClass::Runtime, MethodClass::Free] {
                for suffix in row.listed(class) {
                    let bare = suffix.to_string().replace('*', "Anything");
                    for method in [format!("google.x.v1.{bare}"), bare] {
                        assert_eq!(row.classify(&method), class, "{} {suffix} {method}", row.service);
                    }
                }
            }
        }
    }

    #[test]
    fn only_services_that_meter_calls_list_billable_methods() {
        for row in own() {
            let listed = row.listed(MethodClass::Billable).next().is_some();
            let metered = matches!(row.driver, Driver::Call | Driver::Bytes | Driver::Hybrid);
            assert!(metered || !listed, "{}", row.service);
            let free = matches!(row.kind, ServiceKind::ControlPlane | ServiceKind::Kubernetes);
            assert!(!free || row.driver == Driver::Free, "{}", row.service);
        }
    }

    #[test]
    fn no_suffix_is_listed_twice_in_a_row() {
        for row in own() {
            let suffixes: Vec<String> = row.methods.iter().map(|(suffix, _)| suffix.to_string()).collect();
            assert_eq!(suffixes.iter().collect::<BTreeSet<_>>().len(), suffixes.len(), "{}", row.service);
        }
    }

    #[test]
    fn a_row_names_its_source_or_is_unverified() {
        for row in own() {
            assert_eq!(row.source.is_empty(), row.sure == Sure::Unverified, "{}", row.service);
            assert!(row.source.is_empty() || row.source.starts_with("https://"), "{}", row.service);
            assert!(!row.display.is_empty() && !row.audit.is_empty(), "{}", row.service);
        }
    }

    #[test]
    fn a_fault_names_file_and_line() {
        assert_eq!(
            fault("service,kind,driver\na.b,client,call\n\n\nc.d,client,x\n"),
            "my.csv:5: unknown driver `x`; one of `call`, `bytes`, `slot_ms`, `hybrid`, `runtime`, `storage`, \
             `metered_elsewhere`, `free`, `fee`"
        );
        let two = "service,kind,driver\r\na.b,client,call\r\n";
        assert!(
            fault(&format!("{two}c.d,requester_pays,call\r\n")).starts_with("my.csv:3: unknown kind `requester_pays`;")
        );
        assert_eq!(fault(&format!("{two}c.d,client\r\n")), "my.csv:3: 2 cells where the header has 3");
        assert_eq!(fault(&format!("{two}a.b,client,free\r\n")), "my.csv:3: `a.b` is listed twice (first on line 2)");
        assert!(
            fault(&format!("{two}Vision AI,client,free\r\n")).starts_with("my.csv:3: `Vision AI` is no service name")
        );
        assert!(fault("\n\nservice,kynd,driver\n").starts_with("my.csv:3: unknown column `kynd`; one of `service`, "));
        assert_eq!(fault("service,kind,driver,kind\n"), "my.csv:1: column `kind` is listed twice");
        assert!(fault("service,kind\n").starts_with("my.csv:1: column `driver` is missing"));
        assert!(fault("").starts_with("my.csv:1: column `service` is missing"));
    }

    #[test]
    fn optional_cells_are_checked_too() {
        let cell =
            |column: &str, value: &str| fault(&format!("service,kind,driver,{column}\na.b,client,call,{value}\n"));
        assert_eq!(cell("version", "2"), "my.csv:2: unknown version `2`; one of nothing, `v1`, `v2`, …");
        assert_eq!(cell("parent", "yes"), "my.csv:2: unknown parent `yes`; one of nothing, `optional`");
        assert!(cell("sure", "very").starts_with("my.csv:2: unknown sure `very`; one of `sourced`, "));
        assert!(cell("free_methods", "Get* a..b").starts_with("my.csv:2: `a..b` in free_methods is no method suffix"));
    }

    #[test]
    fn a_short_file_with_a_byte_order_mark_is_read() {
        let rows = rows("my.csv", "\u{feff}kind , driver,service\nclient, call , a.example.com\n").expect("one row");
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].display.as_str(), rows[0].version, rows[0].sure),
            ("a.example.com", None, Sure::Unverified)
        );
    }
}
