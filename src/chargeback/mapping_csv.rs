//! Reads a mapping from CSV and collects everything that is wrong with it, with file and line.
//!
//! `project,business_unit[,cost_center][,valid_from][,valid_to]` in any order; `,` or `;`; `#` comments; a record is
//! one line.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use csv::{ReaderBuilder, StringRecord, Trim};

use super::mapping::{Mapping, MappingRow, ProjectGlob, Selector};
use super::mapping_error::{MappingError, MappingErrors, MappingProblem};
use crate::model::time::moment;

/// Names that reports use for what has no unit or no value; no unit may have them.
const RESERVED: [&str; 3] = ["(unmapped)", "(unattributed)", "(none)"];

/// Kinds of rows that the `project` column does not take.
const UNSUPPORTED: [&str; 5] = ["label:", "folder:", "org:", "principal:", "job-label:"];

impl Mapping {
    /// Reads a mapping. Dates are in `timezone`; `file_name` is only for messages.
    ///
    /// The error holds every problem that was found, not only the first.
    pub fn parse(file_name: &str, bytes: &[u8], timezone: Tz) -> Result<Self, MappingErrors> {
        let mut problems = Vec::new();
        let rows = read(bytes, timezone, &mut problems);
        repetitions(&rows, &mut problems);
        if problems.is_empty() {
            return Ok(Self::of_rows(file_name, timezone, rows));
        }
        problems.sort_by_key(|(line, _)| *line);
        let error = |(line, problem)| MappingError { file: file_name.to_owned(), line, problem };
        Err(MappingErrors(problems.into_iter().map(error).collect()))
    }
}

type Problems = Vec<(u64, MappingProblem)>;

fn read(bytes: &[u8], timezone: Tz, problems: &mut Problems) -> Vec<MappingRow> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n"),
        Err(error) => {
            let before = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n');
            problems.push((before.fold(1, |line, _| line + 1), MappingProblem::NotUtf8));
            return Vec::new();
        }
    };
    let mut lines =
        (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !(line.is_empty() || line.starts_with('#')));
    let Some((header_line, header)) = lines.next() else {
        problems.push((1, MappingProblem::NoRows));
        return Vec::new();
    };
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    let delimiter = if count(b';') > count(b',') { b';' } else { b',' };
    let before = problems.len();
    let columns = match cells(header, delimiter) {
        Ok(names) => Columns::parse(&names, |problem| problems.push((header_line, problem))),
        Err(problem) => {
            problems.push((header_line, problem));
            return Vec::new();
        }
    };
    if problems.len() > before {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (line, text) in lines {
        match cells(text, delimiter) {
            Ok(cells) if cells.iter().all(str::is_empty) || columns.cell(&cells, PROJECT).starts_with('#') => {}
            Ok(cells) => {
                rows.extend(columns.row(&cells, line, rows.len(), timezone, |problem| problems.push((line, problem))));
            }
            Err(problem) => problems.push((line, problem)),
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push((header_line, MappingProblem::NoRows));
    }
    rows
}

const PROJECT: usize = 0;
const BUSINESS_UNIT: usize = 1;
const COST_CENTER: usize = 2;
const VALID_FROM: usize = 3;
const VALID_TO: usize = 4;
const NAMES: [&str; 5] = ["project", "business_unit", "cost_center", "valid_from", "valid_to"];

/// Where each column stands in a record.
struct Columns {
    places: [Option<usize>; 5],
    /// How many cells the header has.
    width: usize,
}

impl Columns {
    fn parse(header: &StringRecord, mut problem: impl FnMut(MappingProblem)) -> Self {
        let width = filled(header);
        let mut places = [None; 5];
        for (place, name) in header.iter().take(width).enumerate() {
            match NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)) {
                None => problem(MappingProblem::UnknownColumn(name.to_owned())),
                Some(column) if places[column].is_some() => problem(MappingProblem::DuplicateColumn(name.to_owned())),
                Some(column) => places[column] = Some(place),
            }
        }
        for column in [PROJECT, BUSINESS_UNIT] {
            if places[column].is_none() {
                problem(MappingProblem::MissingColumn(NAMES[column]));
            }
        }
        Self { places, width }
    }

    /// The cell of a column; empty when the record ends before it or the column is absent.
    fn cell<'a>(&self, cells: &'a StringRecord, column: usize) -> &'a str {
        self.places[column].and_then(|place| cells.get(place)).unwrap_or_default()
    }

    fn row(
        &self,
        cells: &StringRecord,
        line: u64,
        index: usize,
        timezone: Tz,
        mut problem: impl FnMut(MappingProblem),
    ) -> Option<MappingRow> {
        if filled(cells) > self.width {
            problem(MappingProblem::TooManyCells { cells: filled(cells), columns: self.width });
            return None;
        }
        let mut sound = true;
        let mut keep = |found| {
            sound = false;
            problem(found);
        };
        let selector = selector(self.cell(cells, PROJECT)).map_err(&mut keep).ok();
        let business_unit = self.cell(cells, BUSINESS_UNIT);
        if business_unit.is_empty() {
            keep(MappingProblem::EmptyUnit);
        }
        let cost_center = self.cell(cells, COST_CENTER);
        for name in [business_unit, cost_center] {
            if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
                keep(MappingProblem::ReservedName(name.to_owned()));
            }
        }
        let mut bound = |column| {
            let text = self.cell(cells, column);
            let bound = if text.is_empty() { None } else { moment(text, timezone) };
            if bound.is_none() && !text.is_empty() {
                keep(MappingProblem::BadDate(text.to_owned()));
            }
            bound
        };
        let (valid_from, valid_to) = (bound(VALID_FROM), bound(VALID_TO));
        if valid_from.zip(valid_to).is_some_and(|(from, to)| to <= from) {
            let (from, to) = (self.cell(cells, VALID_FROM).to_owned(), self.cell(cells, VALID_TO).to_owned());
            keep(MappingProblem::EmptyValidity { from, to });
        }
        let cost_center = Some(cost_center.to_owned()).filter(|center| !center.is_empty());
        let business_unit = business_unit.to_owned();
        let selector = selector.filter(|_| sound)?;
        Some(MappingRow { index, line, selector, business_unit, cost_center, valid_from, valid_to })
    }
}

/// The number of cells up to the last that is not empty; spreadsheets pad records with empty cells.
fn filled(cells: &StringRecord) -> usize {
    (1..).zip(cells).filter(|(_, cell)| !cell.is_empty()).map(|(place, _)| place).last().unwrap_or(0)
}

/// The trimmed cells of one line. The `csv` crate forgives broken quotes and would join lines; here they are refused.
fn cells(line: &str, delimiter: u8) -> Result<StringRecord, MappingProblem> {
    if !quoting_is_sound(line.as_bytes(), delimiter) {
        return Err(MappingProblem::BrokenQuoting);
    }
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter).trim(Trim::All);
    let mut cells = StringRecord::new();
    let read = reader.from_reader(line.as_bytes()).read_record(&mut cells);
    read.map(|_| cells).map_err(|_| MappingProblem::BrokenQuoting)
}

/// Whether every quote encloses a whole cell or is doubled within one.
fn quoting_is_sound(line: &[u8], delimiter: u8) -> bool {
    let mut rest = line;
    loop {
        let Some(mut quoted) = rest.strip_prefix(b"\"") else {
            let end = rest.iter().position(|byte| *byte == delimiter);
            if rest[..end.unwrap_or(rest.len())].contains(&b'"') {
                return false;
            }
            let Some(end) = end else { return true };
            rest = &rest[end + 1..];
            continue;
        };
        loop {
            let Some(quote) = quoted.iter().position(|byte| *byte == b'"') else { return false };
            quoted = &quoted[quote + 1..];
            match quoted.strip_prefix(b"\"") {
                Some(after) => quoted = after,
                None => break,
            }
        }
        match quoted.split_first() {
            None => return true,
            Some((byte, after)) if *byte == delimiter => rest = after,
            Some(_) => return false,
        }
    }
}

/// Reads a cell of the `project` column. `number:N`, as reports show an unresolved payer, is a number too.
pub(super) fn selector(text: &str) -> Result<Selector, MappingProblem> {
    let impossible = || MappingProblem::ImpossibleProject(text.to_owned());
    let lower = text.to_ascii_lowercase();
    if let Some(prefix) = UNSUPPORTED.iter().find(|prefix| lower.starts_with(**prefix)) {
        return Err(MappingProblem::Unsupported((*prefix).to_owned()));
    }
    if text.contains(['*', '?', '[']) {
        // Outside these characters a pattern cannot match any id.
        let possible = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:*?[]!^".contains(c);
        if !text.chars().all(possible) {
            return Err(impossible());
        }
        let bad = |why| MappingProblem::BadGlob { glob: text.to_owned(), why };
        return ProjectGlob::parse(text).map(Selector::Glob).map_err(bad);
    }
    let digits = text.strip_prefix("number:").unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = digits.parse().ok().filter(|number| i64::try_from(*number).is_ok() && !digits.starts_with('0'));
        return number.map(Selector::Number).ok_or_else(impossible);
    }
    if is_project_id(text) { Ok(Selector::Id(text.to_owned())) } else { Err(impossible()) }
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

/// Rows of equal selector that hold at one time.
fn repetitions(rows: &[MappingRow], problems: &mut Problems) {
    let mut listed: BTreeMap<String, Vec<&MappingRow>> = BTreeMap::new();
    for row in rows {
        let selector = row.selector.to_string();
        let earlier = listed.entry(selector.clone()).or_default();
        if let Some(other) = earlier.iter().find(|other| other.overlaps(row)) {
            let first = other.line;
            let equal = (other.valid_from, other.valid_to) == (row.valid_from, row.valid_to);
            let problem = if equal {
                MappingProblem::Duplicate { selector, first }
            } else {
                MappingProblem::Overlap { selector, first }
            };
            problems.push((row.line, problem));
        }
        earlier.push(row);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Mapping, MappingErrors> {
        Mapping::parse("m.csv", text.as_bytes(), Tz::UTC)
    }

    /// The errors of rows that stand on line 2 and after.
    fn errors(rows: &str) -> String {
        let text = format!("project,business_unit,cost_center,valid_from,valid_to\n{rows}");
        parse(&text).map(|_| String::new()).unwrap_or_else(|errors| errors.to_string())
    }

    #[test]
    fn spreadsheet_files_are_read() {
        let text = "\u{feff}# units of 2026\r\n\r\n Valid_From ;PROJECT;\"Business_Unit\";;\r\n;ads-prod;\"Ads; \"\"EU\"\"\";;\r\n;;;;\r\n";
        let map = parse(text).expect("a file as a spreadsheet writes it");
        assert_eq!(map.rows().len(), 1);
        assert_eq!((map.rows()[0].line, map.rows()[0].business_unit.as_str()), (4, "Ads; \"EU\""));
        assert_eq!(parse("project,business_unit\rads-prod,Ads\r").expect("lines may end in CR").rows()[0].line, 2);
    }

    #[test]
    fn a_quoted_hash_in_the_project_column_is_a_comment_and_elsewhere_a_name() {
        let map = parse("business_unit,project\n\"#1 team\",ads-prod\n,# note\n").expect("sound");
        assert_eq!(map.rows().len(), 1);
        assert_eq!(map.rows()[0].business_unit, "#1 team");
    }

    #[test]
    fn ids_numbers_and_globs_are_told_apart() {
        for (text, expected) in [
            ("ads-prod", "project `ads-prod`"),
            ("example.com:ads-prod", "project `example.com:ads-prod`"),
            ("7001", "project number `7001`"),
            ("number:7001", "project number `7001`"),
            ("ads-*", "glob `ads-*`"),
            ("ads-[a-f]?", "glob `ads-[a-f]?`"),
        ] {
            assert_eq!(selector(text).map(|selector| selector.to_string()), Ok(expected.to_owned()), "{text}");
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
            assert_eq!(selector(text).map(|_| ()), Err(MappingProblem::ImpossibleProject(text.to_owned())), "{text}");
        }
        assert!(matches!(selector("ads-["), Err(MappingProblem::BadGlob { .. })));
    }

    #[test]
    fn rows_of_later_kinds_are_said_to_be_unsupported() {
        for text in ["label:bu=ads", "folder:77", "org:1", "principal:*@example.com", "Job-Label:bu=ads"] {
            assert!(matches!(selector(text), Err(MappingProblem::Unsupported(_))), "{text}");
        }
    }

    #[test]
    fn all_errors_are_collected_with_file_and_line() {
        let text = errors(
            "ads-prod,Ads\nAB,,,soon,2026-13-01\nads-prod,Other\nshop-prod,(unmapped)\nshop-prod,Shop,(None),2026-10,2026-10-01\nads-test,\"Ads\nads-test,Ads,1,,,x\n",
        );
        let starts: Vec<&str> = text.lines().map(|line| &line[..line.len().min(40)]).collect();
        assert_eq!(
            starts,
            [
                "m.csv:3: no project can be called `AB`; ",
                "m.csv:3: the business unit is empty",
                "m.csv:3: `soon` is not a date; write 202",
                "m.csv:3: `2026-13-01` is not a date; wri",
                "m.csv:4: project `ads-prod` is listed tw",
                "m.csv:5: `(unmapped)` is reserved and ca",
                "m.csv:6: `(None)` is reserved and cannot",
                "m.csv:6: valid_to `2026-10-01` is not af",
                "m.csv:7: broken quoting; a quote enclose",
                "m.csv:8: 6 cells under 5 columns; a cell",
            ]
        );
        assert!(text.contains("m.csv:4: project `ads-prod` is listed twice (first on line 2)"));
    }

    #[test]
    fn overlapping_validity_is_an_error_and_touching_validity_is_not() {
        assert_eq!(errors("ads-*,A,,,2026-10\nads-*,B,,2026-10-01T00:00:00Z\n"), "");
        assert_eq!(
            errors("ads-*,A,,,2026-11\nads-*,B,,2026-10,\n"),
            "m.csv:3: glob `ads-*` is listed with a validity that overlaps the one on line 2"
        );
        assert_eq!(
            errors("7001,A\nnumber:7001,A\n"),
            "m.csv:3: project number `7001` is listed twice (first on line 2)"
        );
    }

    #[test]
    fn a_bad_header_is_told_in_full() {
        let error = |text| parse(text).expect_err("a bad header").to_string();
        assert_eq!(
            error("\nproject,team,Project\nads-prod,Ads,\n"),
            "m.csv:2: unknown column `team`; known are project, business_unit, cost_center, valid_from, valid_to\n\
             m.csv:2: column `Project` stands twice in the header\n\
             m.csv:2: column `business_unit` is missing in the header"
        );
        for text in ["", "# nothing\n", "project,business_unit\n\n,\n"] {
            assert!(error(text).contains("there are no rows"), "{text:?}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_an_error_with_its_line() {
        let error =
            Mapping::parse("m.csv", b"project,business_unit\nads-prod,K\xf6ln\n", Tz::UTC).expect_err("Latin-1");
        assert_eq!(error.to_string(), "m.csv:2: the text is not UTF-8; save the file as UTF-8");
    }

    #[test]
    fn quotes_must_enclose_whole_cells() {
        assert!(quoting_is_sound(br#""a","b""c",d"#, b','));
        assert!(quoting_is_sound(br#""","""",,"#, b','));
        for line in [r#""a"b,c"#, r#"a"b,c"#, r#""a"#, r#"a,""#, r#""a"""#, r#" "a""#] {
            assert!(!quoting_is_sound(line.as_bytes(), b','), "{line}");
        }
    }

    #[test]
    fn dates_begin_in_the_given_time_zone() {
        let text = |text, timezone| moment(text, timezone).map(crate::model::time::rfc3339);
        assert_eq!(text("2026-10-01", Tz::UTC).as_deref(), Some("2026-10-01T00:00:00Z"));
        assert_eq!(text("2026-10", Tz::Europe__Berlin).as_deref(), Some("2026-09-30T22:00:00Z"));
        assert_eq!(text("2026-10-01T00:00:00+02:00", Tz::UTC).as_deref(), Some("2026-09-30T22:00:00Z"));
        // Clocks there went from midnight to one o'clock.
        assert_eq!(text("2018-11-04", Tz::America__Sao_Paulo).as_deref(), Some("2018-11-04T03:00:00Z"));
        // That day did not exist there.
        assert_eq!(text("2011-12-30", Tz::Pacific__Apia), text("2011-12-31", Tz::Pacific__Apia));
        for bad in ["2026", "2026-1-1", "01.10.2026", "2026-02-30", "2026-10-01T00:00:00", "9999-12-31", "+026-10"] {
            assert_eq!(text(bad, Tz::UTC), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_mapping_or_errors_by_line(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            rows in "([a-z0-9*?\\[\\]!:\",;#-]{0,12}[,;\n\r]){0,12}",
        ) {
            for bytes in [bytes, format!("project,business_unit,valid_from\n{rows}").into_bytes()] {
                match Mapping::parse("m.csv", &bytes, Tz::UTC) {
                    Ok(map) => prop_assert!(!map.rows().is_empty()),
                    Err(MappingErrors(errors)) => {
                        prop_assert!(!errors.is_empty());
                        prop_assert!(errors.is_sorted_by_key(|error| error.line) && errors[0].line > 0);
                    }
                }
            }
        }

        #[test]
        fn any_text_is_a_date_or_none(text in "[0-9+-]{0,12}|[0-9]{4}-[0-9]{2}(-[0-9]{2}(T[0-9:]{8}Z)?)?") {
            moment(&text, Tz::Pacific__Apia);
        }
    }
}
