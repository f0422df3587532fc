//! Finds the cells of a mapping in its TOML form: tables `[[rule]]` whose keys are the columns of the CSV form.
//!
//! `project` and `business_unit` may be lists, which stand for a row each, and `business_unit` a table from units to
//! shares. What the cells mean is left to `mapping_cells`.

use chrono_tz::Tz;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mapping_cells::{BUSINESS_UNIT, Cells, Draft, NAMES, PROJECT, SHARE};
use super::mapping_error::MappingProblem;

const RULE: &str = "rule";
const TEXT: &str = "a text";
const TEXTS: &str = "a text or a list of texts";
const UNITS: &str = "a text, a list of texts, or a table of units with their shares";
const TABLES: &str = "written as tables `[[rule]]`";

/// A text with its line.
pub(super) type Placed = (u64, String);

/// Reads the text of a mapping.
pub(super) fn read(text: &str, timezone: Tz, draft: &mut Draft) {
    let line = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').fold(1, |line, _| line + 1);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(1, |span| line(span.start));
        draft.problem(at, MappingProblem::NotToml(error.message().to_owned()));
    }
    if !errors.is_empty() {
        return;
    }
    for (key, value) in in_order(table.get_ref()) {
        if key.get_ref() != RULE {
            let known = RULE.to_owned();
            let problem = MappingProblem::UnknownKey { key: key.get_ref().clone().into_owned(), known };
            draft.problem(line(key.span().start), problem);
            continue;
        }
        let wrong = || MappingProblem::WrongType { key: RULE.to_owned(), expected: TABLES };
        let Some(rules) = value.get_ref().as_array() else {
            draft.problem(line(key.span().start), wrong());
            continue;
        };
        for rule in rules {
            let start = line(rule.span().start);
            match rule.get_ref().as_table() {
                Some(cells) => Rule::read(start, cells, &line, draft).rows(timezone, draft),
                None => draft.problem(start, wrong()),
            }
        }
    }
    if draft.seen == 0 && draft.problems.is_empty() {
        draft.problem(1, MappingProblem::NoRules);
    }
}

/// One table: each column's texts with their lines.
struct Rule {
    line: u64,
    projects: Vec<Placed>,
    /// Units, each with the share that stands beside it.
    units: Vec<(Placed, Option<String>)>,
    /// The other columns.
    others: [String; NAMES.len()],
    sound: bool,
}

impl Rule {
    fn read(start: u64, table: &DeTable<'_>, line: &dyn Fn(usize) -> u64, draft: &mut Draft) -> Self {
        let mut rule =
            Self { line: start, projects: Vec::new(), units: Vec::new(), others: Default::default(), sound: true };
        let before = draft.problems.len();
        for (key, value) in in_order(table) {
            let at = line(value.span().start);
            let wrong = |expected| MappingProblem::WrongType { key: key.get_ref().to_string(), expected };
            match NAMES.iter().position(|name| name == key.get_ref()) {
                None => {
                    let (key, known) = (key.get_ref().to_string(), NAMES.join(", "));
                    draft.problem(at, MappingProblem::UnknownKey { key, known });
                }
                Some(PROJECT) => match texts(value, line) {
                    Some(projects) => rule.projects = projects,
                    None => draft.problem(at, wrong(TEXTS)),
                },
                Some(BUSINESS_UNIT) => match units(value, line) {
                    Some(units) => rule.units = units,
                    None => draft.problem(at, wrong(UNITS)),
                },
                Some(column) => match plain(value.get_ref()) {
                    Some(text) => rule.others[column] = text,
                    None => draft.problem(at, wrong(TEXT)),
                },
            }
        }
        for (column, missing) in [(PROJECT, rule.projects.is_empty()), (BUSINESS_UNIT, rule.units.is_empty())] {
            if missing && draft.problems.len() == before {
                draft.problem(start, MappingProblem::MissingKey(NAMES[column]));
            }
        }
        if !rule.others[SHARE].is_empty() && rule.units.iter().any(|(_, share)| share.is_some()) {
            draft.problem(start, MappingProblem::ShareTwice);
        }
        rule.sound = draft.problems.len() == before;
        rule
    }

    /// Hands a row on for each project and unit.
    fn rows(&self, timezone: Tz, draft: &mut Draft) {
        draft.seen += 1;
        if !self.sound {
            return;
        }
        for (project_line, project) in &self.projects {
            for ((unit_line, unit), share) in &self.units {
                let mut cells: Cells<'_> = std::array::from_fn(|column| self.others[column].trim());
                cells[PROJECT] = project.trim();
                cells[BUSINESS_UNIT] = unit.trim();
                if let Some(share) = share {
                    cells[SHARE] = share.trim();
                }
                // What a row is known by is the list's member; a rule of one project and unit is its first line.
                let line = match (self.projects.len(), self.units.len()) {
                    (1, 1) => self.line,
                    (1, _) => *unit_line,
                    _ => *project_line,
                };
                draft.take(line, cells, timezone);
            }
        }
    }
}

/// The members of a table in the order of the file.
pub(super) fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<toml::de::DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(key, _)| key.span().start);
    members
}

/// A value that stands for one text; a number is the text that is written.
pub(super) fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

pub(super) fn texts(value: &Spanned<DeValue<'_>>, line: &dyn Fn(usize) -> u64) -> Option<Vec<Placed>> {
    let placed = |value: &Spanned<DeValue<'_>>| Some((line(value.span().start), plain(value.get_ref())?));
    match value.get_ref().as_array() {
        Some(items) => items.iter().map(placed).collect(),
        None => placed(value).map(|text| vec![text]),
    }
}

fn units(value: &Spanned<DeValue<'_>>, line: &dyn Fn(usize) -> u64) -> Option<Vec<(Placed, Option<String>)>> {
    let Some(table) = value.get_ref().as_table() else {
        return texts(value, line).map(|units| units.into_iter().map(|unit| (unit, None)).collect());
    };
    let unit = |(key, share): (&Spanned<toml::de::DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let placed = (line(key.span().start), key.get_ref().clone().into_owned());
        Some((placed, Some(plain(share.get_ref())?)))
    };
    in_order(table).into_iter().map(unit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::mapping::Mapping;
    use super::*;

    fn parse(text: &str) -> Result<Mapping, String> {
        Mapping::parse("m.TOML", text.as_bytes(), Tz::UTC).map_err(|errors| errors.to_string())
    }

    fn errors(text: &str) -> String {
        parse(text).map(|_| String::new()).unwrap_or_else(|errors| errors)
    }

    #[test]
    fn lists_and_tables_stand_for_rows() {
        let text = "\u{feff}# rules\r\n[[rule]]\r\nproject = [\r\n  \"ads-*\",\r\n  7001,\r\n]\r\nbusiness_unit = \"Ads\"\r\ncost_center = 4711\r\nvalid_from = 2026-10-01\r\n\r\n\
             [[rule]]\r\nproject = \"net-prod\"\r\n[rule.business_unit]\r\nShop = \"1/4\"\r\nAds = 0.75\r\n";
        let map = parse(text).expect("sound");
        let rows: Vec<String> = map
            .rows()
            .iter()
            .map(|row| {
                let share = row.share.map(|share| share.to_string());
                format!(
                    "{} {} {} {:?} {:?} {:?}",
                    row.line,
                    row.selector,
                    row.business_unit,
                    row.cost_center,
                    row.validity.from.is_some(),
                    share
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                "4 glob `ads-*` Ads Some(\"4711\") true None",
                "5 project number `7001` Ads Some(\"4711\") true None",
                "14 project `net-prod` Shop None false Some(\"1/4\")",
                "15 project `net-prod` Ads None false Some(\"3/4\")",
            ]
        );
    }

    #[test]
    fn errors_name_the_line_and_the_key() {
        for (text, error) in [
            ("[[rule]]\nproject = \"ads-prod\n", "m.TOML:2: this is not TOML: "),
            ("", "m.TOML:1: there are no rules; expected at least one table `[[rule]]`"),
            ("# note\nrow = 1\n", "m.TOML:2: unknown key `row`; known are rule"),
            ("rule = 1\n", "m.TOML:1: `rule` must be written as tables `[[rule]]`"),
            ("\nrule = [1]\n", "m.TOML:2: `rule` must be written as tables `[[rule]]`"),
            ("[[rule]]\nteam = 1\n", "m.TOML:2: unknown key `team`; known are project, business_unit, "),
            (
                "[[rule]]\nproject = true\nbusiness_unit = \"A\"\n",
                "m.TOML:2: `project` must be a text or a list of texts",
            ),
            ("[[rule]]\nproject = \"ads-prod\"\n", "m.TOML:1: the rule has no `business_unit`"),
            ("[[rule]]\nproject = []\nbusiness_unit = \"A\"\n", "m.TOML:1: the rule has no `project`"),
            (
                "[[rule]]\nproject = \"ads-prod\"\nbusiness_unit = \"A\"\ncost_center = [1]\n",
                "m.TOML:4: `cost_center` must be a text",
            ),
            ("[[rule]]\nproject = \"ads-prod\"\nbusiness_unit = \"\"\n", "m.TOML:1: the business unit is empty"),
            (
                "[[rule]]\nproject = \"ads-prod\"\nshare = 1\nbusiness_unit = {A = 1}\n",
                "m.TOML:1: the rule has a `share` and shares in ",
            ),
            (
                "[[rule]]\nproject = \"ads-prod\"\n[rule.business_unit]\nA = \"1/2\"\nB = \"-1/2\"\n",
                "m.TOML:5: share `-1/2` is out of bounds",
            ),
            (
                "[[rule]]\nproject = \"ads-prod\"\n[rule.business_unit]\nA = \"1/2\"\nB = \"1/3\"\n",
                "m.TOML:5: the shares of project `ads-prod` add up to 5/6 and not to 1 (lines 4, 5); correct them",
            ),
            (
                "[[rule]]\nproject = [\"ads-prod\",\n\"ads-prod\"]\nbusiness_unit = \"A\"\n",
                "m.TOML:3: project `ads-prod` is listed twice (first on line 2)",
            ),
            (
                "[[rule]]\nproject = \"pool:A\"\nbusiness_unit = [\"B\"]\nmethod = \"even\"\n",
                "m.TOML:1: no row puts a project or a call into the unit `A`",
            ),
        ] {
            assert!(errors(text).starts_with(error), "{text}: {}", errors(text));
        }
    }

    /// Rows of the CSV form: project, unit, cost center, valid_to, share.
    fn cells() -> impl Strategy<Value = Vec<[&'static str; 5]>> {
        let project =
            prop::sample::select(vec!["ads-prod", "ads-*", "7001", "label:a=b", "principal:*@x", "pool:A", "", "ads"]);
        let unit = prop::sample::select(vec!["A", "B", "(none)", "*", ""]);
        let center = prop::sample::select(vec!["", "1", "2"]);
        let to = prop::sample::select(vec!["", "2026-10", "2026-13"]);
        let share = prop::sample::select(vec!["", "1/2", "50%", "1", "2"]);
        prop::collection::vec((project, unit, center, to, share).prop_map(|(a, b, c, d, e)| [a, b, c, d, e]), 1..6)
    }

    proptest! {
        #[test]
        fn both_forms_mean_the_same(rows in cells()) {
            let names = ["project", "business_unit", "cost_center", "valid_to", "share"];
            // A row of nothing but empty cells is no row of a CSV.
            prop_assume!(rows.iter().all(|row| row.iter().any(|cell| !cell.is_empty())));
            // The n-th row stands on the line of the n-th header.
            let mut csv = format!("{}\n", names.join(","));
            let mut toml = String::from("\n");
            for row in &rows {
                csv.push_str(&format!("{}\n{}", row.join(","), "\n".repeat(names.len())));
                toml.push_str("[[rule]]\n");
                for (name, cell) in names.iter().zip(row) {
                    toml.push_str(&format!("{name} = \"{cell}\"\n"));
                }
            }
            let csv = Mapping::parse("m.toml.csv", csv.as_bytes(), Tz::UTC).map_err(|errors| errors.to_string().replace("m.toml.csv", "m.TOML"));
            match (csv, parse(&toml)) {
                (Ok(csv), Ok(toml)) => {
                    let said = |map: &Mapping| format!("{:?} {:?}", map.rows(), map.pool_rows());
                    prop_assert_eq!(said(&csv), said(&toml));
                }
                (csv, toml) => prop_assert_eq!(csv.err(), toml.err()),
            }
        }

        #[test]
        fn any_text_is_a_mapping_or_errors(text in any::<String>(), near in "(\\[\\[rule\\]\\]\n(project|share|x) = [\"\\[{1-]{1,3}[a-z]{0,3}[\"\\]}]{0,3}\n){0,3}") {
            for text in [text, near] {
                let _ = parse(&text);
            }
        }
    }
}
