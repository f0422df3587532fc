//! Says in sentences which row of a mapping decides, and why.

use super::mapping::Mapping;
use super::mapping_pools::Pool;
use super::mapping_row::{MappingRow, Validity};
use super::mapping_selector::{CallTraits, Project, Projects, Selector};
use crate::model::payer::Payer;

impl Mapping {
    /// Which row decides for the cost of a payer at a time and why, in sentences.
    pub fn explain(&self, payer: &Payer, time: Option<i64>) -> String {
        let (holding, others): (Vec<_>, Vec<_>) = self.matching(payer).partition(|row| row.holds_at(time));
        let Some(row) = holding.first() else {
            let when = match (time, others.is_empty()) {
                (_, true) => return format!("`{payer}` is `(unmapped)`: no row of {} matches it.", self.file()),
                (Some(time), false) => self.moment_text(time),
                (None, false) => "an unknown time".to_owned(),
            };
            let others = self.described(&others);
            return format!("`{payer}` is `(unmapped)`: no row of {} holds at {when}, only {others}.", self.file());
        };
        let how = how(&row.selector, &self.project(payer));
        let mut text = match self.shares_of(row, time) {
            None => format!("`{payer}` belongs to {} by {}:{}: {how}", unit(row), self.file(), row.line),
            Some(shares) => {
                let part = |row: &MappingRow| {
                    let share = row.share.map_or_else(String::new, |share| share.to_string());
                    format!("{} {share} (line {})", unit(row), row.line)
                };
                let parts: Vec<String> = shares.parts.iter().map(|(row, _)| part(row)).collect();
                let parts = parts.join(", ");
                format!("The cost of `{payer}` is shared by {}: {parts}; its calls are `(shared)`: {how}", self.file())
            }
        };
        text.push_str(&format!("{}.", self.validity_text(row.validity)));
        let same = |other: &&&MappingRow| other.selector.to_string() != row.selector.to_string();
        let beaten: Vec<&MappingRow> = holding.iter().filter(same).copied().collect();
        if !beaten.is_empty() {
            text.push_str(&format!(" It comes before {}.", self.described(&beaten)));
        }
        if !others.is_empty() {
            text.push_str(&format!(" At another time: {}.", self.described(&others)));
        }
        let pools = time.map(|time| self.pools(time)).unwrap_or_default();
        if let Some(pool) = pools.steps.iter().find(|pool| row.share.is_none() && pool.unit == row.business_unit) {
            text.push_str(&format!(" {}", handed_on(pool)));
        }
        text
    }

    /// Which row decides for a call that a payer pays for and why, in sentences.
    pub fn explain_call(&self, payer: &Payer, call: CallTraits<'_>) -> String {
        let rows: Vec<&MappingRow> = self.rows_of_call(payer, call).into_iter().map(|(_, row)| row).collect();
        let Some((row, beaten)) = rows.split_first() else { return self.explain(payer, call.time) };
        let mut text = format!(
            "The call belongs to {} by {}:{}: the row speaks of calls by {}{}.",
            unit(row),
            self.file(),
            row.line,
            row.selector,
            self.validity_text(row.validity)
        );
        if !beaten.is_empty() {
            text.push_str(&format!(" It comes before {}.", self.described(beaten)));
        }
        text.push_str(&format!(" Otherwise: {}", self.explain(payer, call.time)));
        text
    }

    /// The rows about calls that can take some of a payer's calls at a time, one sentence each.
    pub fn explain_exceptions(&self, payer: &Payer, time: Option<i64>) -> Vec<String> {
        let project = self.project(payer);
        let acts = |row: &&MappingRow| row.holds_at(time) && row.selector.has_calls_of(&project);
        let sentence = |row: &MappingRow| {
            let validity = self.validity_text(row.validity);
            format!("Calls by {} go to {} (line {}{validity}).", row.selector, unit(row), row.line)
        };
        self.rows().iter().filter(acts).map(sentence).collect()
    }

    fn described(&self, rows: &[&MappingRow]) -> String {
        let each =
            |row: &&MappingRow| format!("line {} ({}{})", row.line, row.selector, self.validity_text(row.validity));
        rows.iter().map(each).collect::<Vec<_>>().join(", ")
    }

    /// A validity as the end of a clause; nothing when it has no bound.
    fn validity_text(&self, validity: Validity) -> String {
        let from = validity.from.map(|from| format!(", from {}", self.moment_text(from))).unwrap_or_default();
        let to = validity.to.map(|to| format!(", until {}", self.moment_text(to))).unwrap_or_default();
        from + &to
    }
}

/// A row's unit with its cost center.
fn unit(row: &MappingRow) -> String {
    let center = row.cost_center.as_ref().map(|center| format!(" (cost center `{center}`)")).unwrap_or_default();
    format!("`{}`{center}", row.business_unit)
}

/// Why a row speaks of a project.
fn how(selector: &Selector, project: &Project<'_>) -> String {
    let projects = match selector {
        Selector::Projects(projects) => projects,
        Selector::Calls { .. } => return format!("the row speaks of calls by {selector}"),
    };
    match projects {
        Projects::Id(_) => "the row names the project by its id".to_owned(),
        Projects::Number(number) => format!("the row names the project by its number {number}"),
        Projects::Glob(glob) => format!("the row's glob `{}` matches the id", glob.text()),
        Projects::Label(label) => format!("the inventory shows the project with the label `{label}`"),
        Projects::Folder(folder) => {
            let name = format!("folders/{folder}");
            match project.ancestors.iter().position(|ancestor| *ancestor == name) {
                None | Some(0) => format!("the inventory shows the project in the folder {folder}"),
                Some(between) => {
                    format!("the inventory shows the project below the folder {folder}, with {between} between them")
                }
            }
        }
        Projects::Organization(organization) => {
            format!("the inventory shows the project in the organisation {organization}")
        }
    }
}

/// What becomes of a pool.
fn handed_on(pool: &Pool) -> String {
    let receivers: Vec<String> = pool.receivers.iter().map(|(unit, _)| format!("`{unit}`")).collect();
    let lines: Vec<String> = pool.lines.iter().map(u64::to_string).collect();
    let noun = if lines.len() == 1 { "line" } else { "lines" };
    let (unit, method, lines) = (&pool.unit, pool.method, lines.join(", "));
    format!("The cost of `{unit}` is handed on to {} by `{method}` ({noun} {lines}).", receivers.join(", "))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    fn mapping(rows: &str) -> Mapping {
        let text = format!("project,business_unit,cost_center,valid_from,valid_to,within,share,method\n{rows}");
        Mapping::parse("m.csv", text.as_bytes(), Tz::UTC).expect("the test's mapping is sound")
    }

    const DAY: i64 = 86_400_000_000_000;

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
}
