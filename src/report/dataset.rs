//! Datasets: what `report` makes of a bill for another program, in columns that are not its own.

use crate::model::closed_list::closed_list;

closed_list! {
    /// A dataset that a bill is made into.
    pub enum Dataset {
        Focus = "focus": "the charges of a bill as a FOCUS dataset, with who carries each; CSV or Parquet",
        Journal = "journal": "balanced debits and credits by cost centre, in whole coins; CSV",
    }
}
