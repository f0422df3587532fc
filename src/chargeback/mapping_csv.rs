//! Reads a mapping, and finds the cells of its CSV form.
//!
//! `project,business_unit[,cost_center][,valid_from][,valid_to][,within][,share][,method]` in any order; `,` or `;`; `#`
//! comments; a record is one line. What the cells mean is left to `mapping_cells`.

use std::path::Path;

use chrono_tz::Tz;
use csv::{ReaderBuilder, StringRecord, Trim};

use super::mapping::Mapping;
use super::mapping_cells::{BUSINESS_UNIT, Draft, NAMES, PROJECT};
use super::mapping_error::{MappingError, MappingErrors, MappingProblem};
use super::mapping_toml;

impl Mapping {
    /// Reads a mapping: TOML from a file whose name ends in `.toml`, else CSV. Dates are in `timezone`.
    ///
    /// The error holds every problem that was found, not only the first.
    pub fn parse(file_name: &str, bytes: &[u8], timezone: Tz) -> Result<Self, MappingErrors> {
        let mut draft = Draft::default();
        match std::str::from_utf8(bytes) {
            Err(error) => {
                let before = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n');
                draft.problem(before.fold(1, |line, _| line + 1), MappingProblem::NotUtf8);
            }
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
                let toml = Path::new(file_name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
                if toml { mapping_toml::read(&text, timezone, &mut draft) } else { read(&text, timezone, &mut draft) }
            }
        }
        draft.check(timezone);
        if draft.problems.is_empty() {
            return Ok(Self::of(file_name, timezone, draft));
        }
        let error = |(line, problem)| MappingError { file: file_name.to_owned(), line, problem };
        Err(MappingErrors(draft.problems.into_iter().map(error).collect()))
    }
}

fn read(text: &str, timezone: Tz, draft: &mut Draft) {
    let mut lines =
        (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !(line.is_empty() || line.starts_with('#')));
    let Some((header_line, header)) = lines.next() else { return draft.problem(1, MappingProblem::NoRows) };
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    let delimiter = if count(b';') > count(b',') { b';' } else { b',' };
    let columns = match cells(header, delimiter) {
        Ok(names) => Columns::parse(&names, |problem| draft.problem(header_line, problem)),
        Err(problem) => return draft.problem(header_line, problem),
    };
    if !draft.problems.is_empty() {
        return;
    }
    for (line, text) in lines {
        match cells(text, delimiter) {
            Ok(cells) if cells.iter().all(str::is_empty) || columns.cell(&cells, PROJECT).starts_with('#') => {}
            Ok(cells) if filled(&cells) > columns.width => {
                let problem = MappingProblem::TooManyCells { cells: filled(&cells), columns: columns.width };
                draft.seen += 1;
                draft.problem(line, problem);
            }
            Ok(cells) => draft.take(line, std::array::from_fn(|column| columns.cell(&cells, column)), timezone),
            Err(problem) => draft.problem(line, problem),
        }
    }
    if draft.seen == 0 && draft.problems.is_empty() {
        draft.problem(header_line, MappingProblem::NoRows);
    }
}

/// Where each column stands in a record.
struct Columns {
    places: [Option<usize>; NAMES.len()],
    /// How many cells the header has.
    width: usize,
}

impl Columns {
    fn parse(header: &StringRecord, mut problem: impl FnMut(MappingProblem)) -> Self {
        let width = filled(header);
        let mut places = [None; NAMES.len()];
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::time::moment;

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
            "m.csv:2: unknown column `team`; known are project, business_unit, cost_center, valid_from, valid_to, within, share, \
             method\n\
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
