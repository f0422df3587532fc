//! A record of a bill as a reader of files hands it to a reader of columns: for each column asked for, the texts that stand there.

/// What stands in one column of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slot {
    /// The record has the column, be it empty.
    pub present: bool,
    /// The texts, in order; more than one where the column lies in a repeated field. Unknown ones are left out.
    pub texts: Vec<String>,
}

/// One record: a slot for each column, in the order in which the columns were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BillRecord(pub Vec<Slot>);

impl BillRecord {
    /// A record of so many columns without a value.
    pub fn of_width(columns: usize) -> Self {
        Self(vec![Slot::default(); columns])
    }

    /// The text of a column, if it has one.
    pub fn text(&self, column: usize) -> Option<&str> {
        let text = self.0.get(column)?.texts.first()?;
        (!text.is_empty()).then_some(text)
    }

    /// All texts of a column.
    pub fn texts(&self, column: usize) -> &[String] {
        self.0.get(column).map_or(&[], |slot| &slot.texts)
    }

    /// Takes the text of a column out of the record.
    pub fn take(&mut self, column: usize) -> Option<String> {
        let text = self.0.get_mut(column)?.texts.drain(..).next()?;
        (!text.is_empty()).then_some(text)
    }

    /// Whether the record has one of these columns, be it empty.
    pub fn has(&self, column: usize) -> bool {
        self.0.get(column).is_some_and(|slot| slot.present)
    }

    /// Puts a text into a column.
    pub fn put(&mut self, column: usize, text: String) {
        if let Some(slot) = self.0.get_mut(column) {
            slot.present = true;
            slot.texts.push(text);
        }
    }

    /// Says that the record has a column.
    pub fn mark(&mut self, column: usize) {
        if let Some(slot) = self.0.get_mut(column) {
            slot.present = true;
        }
    }
}

/// A column's name as readers compare it: in lower case, with `_` between its parts.
pub fn canonical(name: &str) -> String {
    name.trim().chars().map(|c| if c == '.' || c == ' ' { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// What is wrong with one record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordProblem {
    /// A value that is needed is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value that cannot be read.
    #[error("`{column}` is `{value}`, which is not {expected}")]
    Value {
        /// The column.
        column: &'static str,
        /// The value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl RecordProblem {
    /// A value that cannot be read.
    pub fn value(column: &'static str, value: &str, expected: &'static str) -> Self {
        Self::Value { column, value: value.to_owned(), expected }
    }
}
